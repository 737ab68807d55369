import type { AuditEntry } from "../../../../domain/audit.ts"
import { Fault } from "../../../../domain/faults.ts"
import type { AuditStore } from "../../../../state/audit.ts"
import { parameter, type Route } from "../../route.ts"
import { listOf, pageOf, reads } from "../wire.ts"

/** The newest entries that are looked through. */
const mostEntries = 10_000

/** The audit trail of the whole installation. (Fact: paths and the query's members; ours: those of an entry.) */
export function auditRoutes(store: AuditStore): Route[] {
  return [
    reads({ operation: "ListAudit", method: "GET", path: "/audit", permissions: ["AUDIT"] }, async (call) => {
      const { query } = call
      const [from, to] = [momentOf(query, "minDate"), momentOf(query, "maxDate")]
      const [types, outcomes] = [listOf(query, "recordType"), listOf(query, "outcome")]
      const found = (await store.list({ since: from, limit: mostEntries })).filter(
        ({ at, operation, outcome }) =>
          (to === undefined || at <= to) &&
          (types === undefined || types.includes(operation)) &&
          (outcomes === undefined || outcomes.includes(outcome ?? "unknown")),
      )
      const { offset, size, isDescending } = pageOf(call, { usual: 50, most: 1_000, isDescending: true })
      const ordered = isDescending ? found.reverse() : found
      return { count: found.length, hits: ordered.slice(offset, offset + size).map(shown) }
    }),
    reads(
      { operation: "GetAudit", method: "GET", path: "/audit/{recordId}", permissions: ["AUDIT"] },
      async (call) => {
        const id = parameter(call, "recordId")
        const entries = await store.list({ since: undefined, limit: mostEntries })
        const found = entries.find((entry) => String(entry.id) === id)
        if (found === undefined)
          throw new Fault("resourceNotFound", `There is no entry ${id} among the newest.`)
        return shown(found)
      },
    ),
  ]
}

/** @throws Fault validation */
function momentOf(query: URLSearchParams, name: string): Date | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : undefined
  if (at !== undefined && !Number.isNaN(at.getTime())) return at
  throw new Fault("validation", `${name} is a moment like 2026-03-01T12:00:00Z.`)
}

function shown({ id, at, door, operation, accessKeyId, address, resource, ...rest }: AuditEntry): object {
  return {
    id,
    dateTime: at,
    recordType: operation,
    service: door,
    user: accessKeyId,
    address: address ?? null,
    resource: resource ?? null,
    outcome: rest.outcome ?? "unknown",
    requestId: rest.requestId,
    parameters: rest.parameters,
    ...(rest.before !== undefined && { before: rest.before }),
    ...(rest.after !== undefined && { after: rest.after }),
  }
}
