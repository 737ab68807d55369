import { readCredentials } from "../../configuration/secrets/credentials.ts"
import type { Configuration } from "../../domain/configuration.ts"
import { operationsService } from "../../front-doors/operations/door.ts"
import { signedHeaders } from "../../wire/sigv4/sign.ts"
import { askPort, type HttpPlace, httpPlace, originOf } from "./http-port.ts"

export interface OperationsAccess {
  http: HttpPlace
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
  configuration: Pick<Configuration, "credentials" | "dataDir" | "region" | "listen">,
  needed: "admin" | "read-only",
): Promise<OperationsAccess | string> {
  const { credentials, dataDir, region } = configuration
  const fits = credentials.find(({ role }) => role === "admin" || role === needed)
  if (fits === undefined && credentials.length > 0)
    return `the configuration has no credential with the policy ${needed}, which this takes.`
  const keys = fits ?? (await readCredentials(dataDir))
  if (keys === undefined) return "there are no credentials yet: start `millrace serve` first."
  const { accessKeyId, secretAccessKey } = keys
  return { http: httpPlace(configuration), region, accessKeyId, secretAccessKey }
}

/** Asks a running Millrace: its answer, or in words what keeps us from it. */
export async function askMillrace<T extends object>(
  access: OperationsAccess,
  { method, path, body }: OperationsRequest,
): Promise<T | string> {
  const { host: place } = originOf(access.http)
  const text = body === undefined ? "" : JSON.stringify(body)
  const signer = { ...access, service: operationsService }
  const headers = signedHeaders(method, path, place, signer, Buffer.from(text))
  const answer = await askPort(access.http, { method, path, headers, text, limitMs: answerLimitMs })
  if (typeof answer === "string") return answer
  if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text) as T
  return refusal(answer.text) ?? `${place} answers ${answer.status}.`
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
