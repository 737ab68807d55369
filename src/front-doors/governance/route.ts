import type { ApiKey, Permission } from "../../domain/api-key.ts"
import type { AuditedChange } from "../../domain/audit.ts"

/** A request of the governance API by a key that may make it. */
export interface RouteCall {
  key: ApiKey
  /** The decoded segments that the route's path names. */
  parameters: ReadonlyMap<string, string>
  query: URLSearchParams
  /** What the JSON or YAML says; `undefined`: there was no body. Not checked. */
  body: unknown
  /** The client's network address. */
  address: string | undefined
  requestId: string
  /** For the audit trail, without secrets; of routes that change something. At most once. */
  tell(change: AuditedChange): void
}

/** `resource`: what the call turned out to be about, for the audit trail. */
export type RouteAnswer =
  | { kind: "json"; body: unknown; status?: number; resource?: string }
  /** Raw; `text/plain` unless said. */
  | { kind: "text"; body: string; mediaType?: string; resource?: string }

/** One row of the governance API's table. */
export interface Route {
  /** For the log and the audit trail, like `CreateIntegration`. */
  operation: string
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Segments in braces match any one segment, percent-decoded: `/integrations/{id}/status`. */
  path: string
  /** Which the key must have; of several, one suffices; none: any key will do. */
  permissions: readonly Permission[]
  /**
   * Of a route that changes something: what the audit trail keeps of the call, without secrets. `undefined`: it only reads, and
   * is not in the trail.
   */
  audited: ((call: RouteCall) => { resource: string | undefined; parameters: object }) | undefined
  /** @throws Fault */
  run(call: RouteCall): Promise<RouteAnswer>
}

export function parameter({ parameters }: Pick<RouteCall, "parameters">, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) throw new Error(`the route's path has no {${name}}`)
  return value
}
