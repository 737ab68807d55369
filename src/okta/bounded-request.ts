import type { IncomingHttpHeaders } from "node:http"
import { request } from "node:https"
import { OktaFailure, type OktaStage } from "./failure.ts"

/** What holds for every request of one exchange. */
export interface Bounds {
  /** Given when the time of the whole exchange is over. */
  signal: AbortSignal
  /** Certificates of authorities, PEM; absent: those that the runtime trusts. */
  authorities?: string
}

export interface BoundedRequest {
  url: URL
  method: "GET" | "POST"
  headers: Readonly<Record<string, string>>
  body?: string
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** Of one answer. STS takes an assertion of 100,000 characters; the page around it is small. */
const mostBytes = 1_048_576

/** Sends one request over TLS, follows nothing. @throws OktaFailure `unavailable` */
export async function askWithin(bounds: Bounds, stage: OktaStage, asked: BoundedRequest): Promise<Answer> {
  if (asked.url.protocol !== "https:")
    throw new OktaFailure(stage, "unavailable", "is asked over https only: the answer holds secrets.")
  try {
    return await send(bounds, asked)
  } catch (error) {
    throw new OktaFailure(
      stage,
      "unavailable",
      `did not answer (${asked.url.host}: ${reasonOf(error, bounds)}).`,
    )
  }
}

class TooLong extends Error {}

function send(
  { signal, authorities }: Bounds,
  { url, method, headers, body }: BoundedRequest,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
      signal,
      // A connection of its own: none is kept, so none outlives the exchange.
      agent: false,
      rejectUnauthorized: true,
      ...(authorities !== undefined && { ca: authorities }),
    })
    sent.on("error", reject)
    sent.on("response", (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > mostBytes) sent.destroy(new TooLong())
        else chunks.push(chunk)
      })
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sent.end(body)
  })
}

/** Codes of the runtime name what failed and hold nothing of the request; its messages may. */
function reasonOf(error: unknown, { signal }: Bounds): string {
  if (signal.aborted) return "the time for the sign-in is over"
  if (error instanceof TooLong) return `more than ${mostBytes} bytes`
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return typeof code === "string" ? code : "the connection failed"
}
