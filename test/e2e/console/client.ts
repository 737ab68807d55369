import assert from "node:assert/strict"
import { type Place, sqlPassword } from "../place.ts"

export interface Told {
  status: number
  headers: Headers
  text: string
  /** Of the answer's JSON, if it is JSON. */
  body: unknown
}

export interface Asked {
  method?: string
  body?: unknown
  headers?: Record<string, string>
}

/** A browser's side of the console: keeps its cookie. */
export interface ConsoleClient {
  ask(path: string, asked?: Asked): Promise<Told>
  /** As the browser would send it; empty: none. */
  cookie(): string
}

export function consoleClient({ httpPort }: Pick<Place, "httpPort">): ConsoleClient {
  let cookie = ""
  return {
    cookie: () => cookie,
    async ask(path, { method = "GET", body, headers = {} } = {}) {
      const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(cookie !== "" && { cookie }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      })
      const [set] = response.headers.getSetCookie()
      if (set !== undefined) cookie = set.includes("Max-Age=0") ? "" : (set.split(";")[0] ?? "")
      const text = await response.text()
      const isJson = response.headers.get("content-type") === "application/json"
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson ? JSON.parse(text) : undefined,
      }
    },
  }
}

/** Of a refusal. */
export function code({ body }: Told): string {
  return (body as { error: { code: string } }).error.code
}

/** @param suffix of the user's password */
export async function signedIn(place: Place, user: string, suffix: string) {
  const client = consoleClient(place)
  const told = await client.ask("/console/api/session", {
    method: "POST",
    body: { user, password: `${sqlPassword}${suffix}` },
  })
  assert.equal(told.status, 200, told.text)
  return { client, told }
}
