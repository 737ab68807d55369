import { SetupError } from "../../../configuration/setup-error.ts"
import { askMillrace } from "../../asking/operations-request.ts"
import type { Millrace } from "../millrace.ts"

/** Calls the governance API; rejects with what it refused. Answers the body. */
export type GovernanceCall = (method: "POST" | "PUT", path: string, body?: object) => Promise<unknown>

const answerLimitMs = 30_000
const permissions = ["GOVERNANCE", "CREATE_DATA_SOURCE", "USER_ADMIN"]

/** With a key of its own, made as `millrace api-key create` does. @throws SetupError */
export async function governanceCalls({ access, server }: Millrace): Promise<GovernanceCall> {
  const body = { name: "demo", permissions }
  const made = await askMillrace<{ key: string }>(access, { method: "POST", path: "/api-keys", body })
  if (typeof made === "string") throw new SetupError(made)
  const { host, port } = server.http
  return async (method, path, sent) => {
    const response = await fetch(`http://${host}:${port}${path}`, {
      method,
      headers: { authorization: made.key, "content-type": "application/json" },
      signal: AbortSignal.timeout(answerLimitMs),
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
    })
    const text = await response.text()
    if (!response.ok) throw new SetupError(`${method} ${path} was refused (${response.status}): ${text}`)
    return text === "" ? undefined : (JSON.parse(text) as unknown)
  }
}
