import type { TableSchema } from "../../domain/table.ts"
import { planSnapshotEnd } from "../../replication/batch/plan.ts"
import type { DestinationCopies, TableLoad } from "../../replication/contracts/warehouse.ts"
import { holdingsOf, type OpenSqlDestination, type SqlEngine } from "./open.ts"

/** `begin`: makes the copy; `since`: as of when its rows are, where it is to keep versions. */
export function destinationCopies(
  open: OpenSqlDestination,
  engine: SqlEngine,
  begin: (table: TableSchema, since: Date | undefined) => Promise<TableLoad>,
): DestinationCopies {
  const { pipeline, books, inTurn, copiedAsOf } = open
  return {
    begin(table, versionsSince) {
      if (versionsSince === undefined) copiedAsOf.delete(table.id)
      else copiedAsOf.set(table.id, versionsSince)
      return begin(table, versionsSince)
    },
    completeSnapshot: (kept, position) =>
      inTurn(async () => {
        const holdings = await holdingsOf(books, engine)
        const steps = planSnapshotEnd({ ...holdings, pipeline, kept, position, at: new Date() })
        await engine.runPlan(steps, "ending the snapshot")
        open.left = position
      }),
  }
}
