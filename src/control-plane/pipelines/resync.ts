import { Fault } from "../../domain/faults.ts"
import type { Caller } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import { askOwner, type OrderSources } from "./ask-owner.ts"
import { askIntegration, noSuchTable } from "./ask-pipelines.ts"

export interface ResyncOrder {
  /** Id, ARN or name. */
  integration: string
  /** `schema.table`; `undefined`: every table. */
  table: string | undefined
}

export interface ResyncOrdered {
  /** Those that are being resynced, by name. */
  tables: string[]
  /** Those of which no copy can be made as the source is now. */
  refused: { table: string; reason: string }[]
}

/**
 * Has tables resynced beside the live ones, which stay readable; returns as soon as their pipelines have taken the order.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState (not streaming), invalidValue (no such table, or it cannot be copied), unavailable
 */
export async function resyncIntegration(
  sources: OrderSources,
  caller: Caller,
  { integration: identifier, table }: ResyncOrder,
): Promise<ResyncOrdered> {
  requireAdmin(caller, "resync tables")
  const { integration, pipelines } = await askIntegration(sources, identifier)
  const parameters = { table: table ?? null }
  const answers = await Promise.all(
    pipelines.map((one) => askOwner(sources, caller, one, { kind: "resync", parameters })),
  )
  if (table !== undefined && answers.every(({ chosen }) => chosen === 0))
    throw noSuchTable(integration, table)
  const tables = answers.flatMap((answer) => answer.tables).sort()
  const refused = answers.flatMap((answer) => answer.refused)
  const [first] = refused
  if (table !== undefined && tables.length === 0 && first !== undefined)
    throw new Fault("invalidValue", `Table ${first.table} cannot be copied. ${first.reason}`)
  return { tables, refused }
}
