import { Fault } from "../../domain/faults.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { Caller } from "../control-plane.ts"
import { askOwner, type OrderSources } from "../pipelines/ask-owner.ts"
import { observedPipelines } from "../pipelines/observed-pipelines.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import type { RefreshScope } from "./refresh-scope.ts"

/**
 * Has tables of a destination database resynced beside the live ones, which stay readable; returns as soon as that is
 * ordered, with their names.
 *
 * @throws Fault accessDenied, integrationInWrongState (not streaming), invalidValue (no such table or schema, or it
 * cannot be copied), unavailable
 */
export async function refreshDatabase(
  sources: OrderSources,
  caller: Caller,
  database: DatabaseRecord,
  scope: RefreshScope,
): Promise<string[]> {
  requireAdmin(caller, "resync tables")
  const { integrationId, sourceDatabase } = database
  const one = (await observedPipelines(sources.store)).find(
    (one) => one.integrationId === integrationId && one.sourceDatabase === sourceDatabase,
  )
  if (one?.kind !== "known" || !one.facts.isStreaming) {
    const now = one?.kind === "known" ? one.facts.phase : one?.kind === "unknown" ? "unknown" : "starting"
    throw new Fault(
      "integrationInWrongState",
      `Database "${database.name}" does not stream now (it is ${now}). Try again when it does.`,
    )
  }
  const { tables } = await askOwner(sources, caller, one, { kind: "refresh", parameters: { scope } })
  return tables
}
