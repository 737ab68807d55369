import { readCredentials } from "../configuration/secrets/credentials.ts"
import type { Configuration, HostPort } from "../domain/configuration.ts"
import { operationsService } from "../front-doors/operations/door.ts"
import { signedHeaders } from "../wire/sigv4/sign.ts"

export interface OperationsAccess {
  http: HostPort
  region: string
  accessKeyId: string
  secretAccessKey: string
}

export interface OperationsRequest {
  method: "GET" | "POST"
  path: string
  body?: object
}

const answerLimitMs = 30_000

/** With an admin's key, or where reading is enough with a reader's; in words what keeps us from it. */
export async function operationsAccess(
  { credentials, dataDir, region, listen }: Configuration,
  needed: "admin" | "read-only",
): Promise<OperationsAccess | string> {
  const fits = credentials.find(({ role }) => role === "admin" || role === needed)
  if (fits === undefined && credentials.length > 0)
    return `the configuration has no credential with the policy ${needed}, which this takes.`
  const keys = fits ?? (await readCredentials(dataDir))
  if (keys === undefined) return "there are no credentials yet: start `millrace serve` first."
  const { accessKeyId, secretAccessKey } = keys
  return { http: listen.http, region, accessKeyId, secretAccessKey }
}

/** Asks a running Millrace: its answer, or in words what keeps us from it. */
export async function askMillrace<T extends object>(
  access: OperationsAccess,
  { method, path, body }: OperationsRequest,
): Promise<T | string> {
  const { host, port } = access.http
  const place = `${host.includes(":") ? `[${host}]` : host}:${port}`
  const text = body === undefined ? "" : JSON.stringify(body)
  const signer = { ...access, service: operationsService }
  const headers = signedHeaders(method, path, place, signer, Buffer.from(text))
  const signal = AbortSignal.timeout(answerLimitMs)
  let response: Response
  try {
    response = await fetch(`http://${place}${path}`, { method, headers, signal, body: text || null })
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError")
      return `${place} does not answer within ${answerLimitMs / 1000} s.`
    return `nothing answers on ${place}: is \`millrace serve\` running?`
  }
  if (response.ok) return (await response.json()) as T
  return refusal(await response.text()) ?? `${place} answers ${response.status}.`
}

/** What the answer says in words, if it is one of ours. */
function refusal(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === "string" ? message : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function integrationPath(identifier: string, operation: string): string {
  return `/integrations/${encodeURIComponent(identifier)}/${operation}`
}
