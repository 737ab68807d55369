import { Fault } from "../../domain/faults.ts"
import { qualifiedName } from "../../domain/table.ts"
import type { Caller } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import { askIntegration, chosenTables, orUnavailable, type RunningPipelines } from "./ask-pipelines.ts"

export interface ResyncOrder {
  /** Id, ARN or name. */
  integration: string
  /** `schema.table`; `undefined`: every table. */
  table: string | undefined
}

export interface ResyncOrdered {
  /** Those that are being copied anew, by name. */
  tables: string[]
  /** Those of which no copy can be made as the source is now. */
  refused: { table: string; reason: string }[]
}

/**
 * Has tables copied anew beside the live ones, which stay readable; returns as soon as that is ordered.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState (not streaming), invalidValue (no such table, or it cannot be copied), unavailable
 */
export async function resyncIntegration(
  running: RunningPipelines,
  caller: Caller,
  order: ResyncOrder,
): Promise<ResyncOrdered> {
  requireAdmin(caller, "copy tables anew")
  const asked = await askIntegration(running, order.integration)
  const ordered: ResyncOrdered = { tables: [], refused: [] }
  for (const { pipeline, tables } of chosenTables(asked, order.table)) {
    if (tables.length === 0) continue
    const refusals = await orUnavailable(pipeline.streaming.refusals(tables.map(({ id }) => id)))
    const possible = tables.filter(({ id }) => !refusals.has(id))
    pipeline.streaming.resync(possible.map(({ id }) => id))
    ordered.tables.push(...possible.map(qualifiedName))
    for (const table of tables) {
      const reason = refusals.get(table.id)
      if (reason !== undefined) ordered.refused.push({ table: qualifiedName(table), reason })
    }
  }
  const [first] = ordered.refused
  if (order.table !== undefined && ordered.tables.length === 0 && first !== undefined)
    throw new Fault("invalidValue", `Table ${first.table} cannot be copied. ${first.reason}`)
  ordered.tables.sort()
  return ordered
}
