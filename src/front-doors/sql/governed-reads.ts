import { randomUUID } from "node:crypto"
import type { Caller } from "../../control-plane/control-plane.ts"
import type { AuditStore } from "../../state/audit.ts"

/** One entry for a session and a table in this time: a client that asks all day must not push changes out of the trail. */
const onceInMs = 60_000

export interface GovernedReadsOptions {
  /** Absent: there is no trail. */
  store: AuditStore | undefined
  caller(): Caller
  address: string | undefined
}

/** Policies do not bind administrators: their reads of governed tables are in the audit trail before they run. */
export function governedReads({ store, caller, address }: GovernedReadsOptions) {
  const notedAtMs = new Map<string, number>()
  return async (tables: readonly string[]): Promise<void> => {
    if (store === undefined) return
    const nowMs = performance.now()
    for (const table of tables) {
      if (nowMs - (notedAtMs.get(table) ?? Number.NEGATIVE_INFINITY) < onceInMs) continue
      notedAtMs.set(table, nowMs)
      const { name, role } = caller()
      const id = await store.begin({
        requestId: randomUUID(),
        door: "sql",
        operation: "ReadGovernedTable",
        accessKeyId: name,
        policy: role,
        address,
        resource: table,
        parameters: {},
      })
      await store.end(id, { outcome: "ok", resource: undefined })
    }
  }
}
