import type { StatusReport } from "../control-plane/status.ts"
import type { HostPort } from "../domain/configuration.ts"
import { operationsService } from "../front-doors/operations/status-door.ts"
import { signedHeaders } from "../wire/sigv4/sign.ts"

export interface StatusAccess {
  http: HostPort
  region: string
  accessKeyId: string
  secretAccessKey: string
}

const answerLimitMs = 30_000

/** Asks a running Millrace how it is: the report, or in words what keeps us from it. */
export async function requestStatus(access: StatusAccess): Promise<StatusReport | string> {
  const { host, port } = access.http
  const place = `${host}:${port}`
  const headers = signedHeaders("GET", "/status", place, { ...access, service: operationsService })
  let response: Response
  try {
    response = await fetch(`http://${place}/status`, { headers, signal: AbortSignal.timeout(answerLimitMs) })
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError")
      return `${place} does not answer within ${answerLimitMs / 1000} s.`
    return `nothing answers on ${place}: is \`millrace serve\` running?`
  }
  if (!response.ok) return `${place} answers ${response.status}: ${await response.text()}`
  return (await response.json()) as StatusReport
}
