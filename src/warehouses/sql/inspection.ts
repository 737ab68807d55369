import type { DestinationInspection } from "../../replication/contracts/warehouse.ts"
import type { OpenSqlDestination, SqlEngine } from "./open.ts"

/** `refusal`, `view` and `cutColumns` are the engine's own. */
export function destinationInspection(
  { pipeline, books, inTurn }: OpenSqlDestination,
  { orProblem }: Pick<SqlEngine, "orProblem">,
  own: Pick<DestinationInspection, "refusal" | "view" | "cutColumns">,
): DestinationInspection {
  const mine = async () => {
    const held = await orProblem("reading the tables", () => books.tables())
    return held.filter((table) => table.pipeline === pipeline)
  }
  return {
    ...own,
    tables: async () => (await mine()).filter(({ stale }) => !stale).map(({ schema }) => schema),
    // Not in the middle of a batch.
    held: () => inTurn(async () => (await mine()).map(({ schema }) => schema)),
  }
}
