import type { TableState } from "../../domain/table.ts"
import type { GuardedTable } from "../databases/guarded-tables.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

/** What is gone at the source and has stayed here is as it will ever be. */
const canBeRefused = ({ state }: { state: TableState }) => state !== "DroppedSource"

/** The tables of all databases of one warehouse with QUERY_ALL_STATES off. */
export function guardedTables(running: readonly RunningPipeline[], warehouseArn: string): GuardedTable[] {
  return running
    .filter(({ database }) => !database.options.queryAllStates && database.targetArn === warehouseArn)
    .flatMap(({ database, monitor }) =>
      [...monitor.tables.values()].filter(canBeRefused).map(({ schema, name, state, reason }) => ({
        database: database.name,
        schema,
        name,
        state,
        reason,
      })),
    )
}
