import assert from "node:assert/strict"
import type { Place } from "../place.ts"

export type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

/** Calls the governance API with a key that may change people, data and policies, and has `more`. Rejects what is refused. */
export async function governorOf(place: Place, more: readonly string[] = []): Promise<Call> {
  const permissions = ["GOVERNANCE", "CREATE_DATA_SOURCE", "USER_ADMIN", ...more].flatMap((one) => [
    "--permission",
    one,
  ])
  const made = await place.run("api-key", "create", "--name", "governor", ...permissions)
  const key = made.stdout.trimEnd().split("\n").at(-1) ?? ""
  return async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${place.httpPort}${path}`, {
      method,
      headers: { authorization: key, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    assert.equal(response.ok, true, `${method} ${path}: ${response.status} ${text}`)
    return text === "" ? undefined : JSON.parse(text)
  }
}
