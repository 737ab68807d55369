import { basePath } from "./base-path.ts"

/** A refusal of the API, or that there was no answer at all (`code` "unreachable"). */
export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly status: number
  readonly code: string
  /** What a person can do; null: the message says it all. */
  readonly remedy: string | null

  constructor(status: number, { code, message, remedy }: ErrorBody) {
    super(message)
    this.status = status
    this.code = code
    this.remedy = remedy ?? null
  }
}

interface ErrorBody {
  code: string
  message: string
  remedy?: string | undefined
}

interface CallOptions {
  method?: "GET" | "POST" | "DELETE"
  body?: object
  signal?: AbortSignal
}

/** Called when the server says that nobody is signed in. */
let onSignedOut: () => void = () => undefined

export function whenSignedOut(call: () => void): void {
  onSignedOut = call
}

/** For answers that do not come by `call`. */
export function signedOut(): void {
  onSignedOut()
}

export function apiUrl(path: string): string {
  return `${basePath}/console/api/${path}`
}

/** @throws ApiError */
export async function call<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
  const { method = "GET", body, signal } = options
  const response = await answerOf(path, {
    method,
    credentials: "same-origin",
    cache: "no-store",
    ...(method !== "GET" && {
      body: JSON.stringify(body ?? {}),
      headers: { "content-type": "application/json" },
    }),
    ...(signal && { signal }),
  })
  const text = await response.text()
  if (response.ok) return (text === "" ? {} : JSON.parse(text)) as Answer
  const error = refusalOf(response.status, text)
  // Of the session it is an answer: nobody is signed in, or the proof was wrong.
  if (error.status === 401 && path !== "session") onSignedOut()
  throw error
}

async function answerOf(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(apiUrl(path), init)
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error
    throw new ApiError(0, {
      code: "unreachable",
      message: "Millrace does not answer.",
      remedy: "See whether it runs; this page goes on by itself when it answers.",
    })
  }
}

/** Of an answer that is no success; bodies of proxies between us are no JSON. */
export function refusalOf(status: number, text: string): ApiError {
  return new ApiError(
    status,
    errorIn(text) ?? { code: `http${status}`, message: `The server answered ${status}.` },
  )
}

function errorIn(text: string): ErrorBody | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== "object" || parsed === null) return undefined
    const body = "error" in parsed ? parsed.error : parsed
    return isErrorBody(body) ? body : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === "object" && value !== null && "code" in value && "message" in value
}
