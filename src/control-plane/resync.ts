import { qualifiedName } from "../domain/table.ts"
import { askIntegration, chosenTables, type RunningPipelines } from "./ask-pipelines.ts"
import type { Caller } from "./control-plane.ts"
import { requireAdmin } from "./policies.ts"

export interface ResyncOrder {
  /** Id, ARN or name. */
  integration: string
  /** `schema.table`; `undefined`: every table. */
  table: string | undefined
}

/**
 * Has tables copied anew beside the live ones, which stay readable; returns as soon as that is ordered.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState (not streaming), invalidValue (no such table)
 */
export async function resyncIntegration(
  running: RunningPipelines,
  caller: Caller,
  order: ResyncOrder,
): Promise<{ tables: string[] }> {
  requireAdmin(caller, "copy tables anew")
  const asked = await askIntegration(running, order.integration)
  const chosen = chosenTables(asked, order.table)
  for (const { pipeline, tables } of chosen) pipeline.streaming.resync(tables.map(({ id }) => id))
  return { tables: chosen.flatMap(({ tables }) => tables.map(qualifiedName)).sort() }
}
