import type { TableSchema } from "../../domain/table.ts"
import type { Bookkeeping, HeldTable, HeldVersions } from "./bookkeeping.ts"
import { quoteIdentifier } from "./instance.ts"
import { moveStatements } from "./moves.ts"
import { isSamePlace, liveTable, loadingTable } from "./naming.ts"
import { retire, succeedStatements } from "./versioned-tables.ts"

export interface Swap {
  pipeline: string
  table: TableSchema
  held: readonly HeldTable[]
  versions: readonly HeldVersions[]
  /** As of when the copy's rows are, where it keeps versions. */
  since: Date | undefined
  /** Tables, by id, that become stale with the caller's transaction. */
  stale: ReadonlySet<string>
}

/**
 * Puts the copy in the live table's place. A table that was renamed at the source leaves its old name, so `held` tells
 * what it was called. What another table kept at that place has made room (`makeRoom`). Statements for the caller's
 * transaction, and what is held besides the table after them.
 */
export function swapStatements(
  database: string,
  books: Bookkeeping,
  swap: Swap,
): { statements: string[]; held: HeldTable[] } {
  const { pipeline, table, held } = swap
  const isIt = (one: HeldTable) => one.pipeline === pipeline && one.schema.id === table.id
  const left = held.find(isIt)?.schema
  const others = held.filter((one) => !isIt(one))
  const inTheWay = others.find((one) => one.pipeline === pipeline && isSamePlace(one.schema, table))
  if (left === undefined || inTheWay === undefined || isKept(swap))
    return {
      statements: arrivalStatements(database, books, swap),
      held: others.filter(({ schema }) => !isSamePlace(schema, table)),
    }
  const { stale } = swap
  const moved = moveStatements(database, books, [{ from: left, to: table }], { tables: held, stale })
  return {
    statements: [...moved.statements, ...arrivalStatements(database, books, { ...swap, held: [] })],
    held: moved.held.filter((one) => !isIt(one)),
  }
}

function isKept({ pipeline, table, versions }: Swap): boolean {
  return versions.some((one) => !one.dropped && one.pipeline === pipeline && one.schema.id === table.id)
}

function arrivalStatements(database: string, books: Bookkeeping, swap: Swap): string[] {
  const { pipeline, table, since, held } = swap
  const before = held.find((one) => one.pipeline === pipeline && one.schema.id === table.id)?.schema
  const drop = (one: TableSchema) => `DROP TABLE IF EXISTS ${liveTable(database, one)}`
  const arrive = `ALTER TABLE ${loadingTable(database, table)} RENAME TO ${quoteIdentifier(table.name)}`
  const noted =
    since === undefined ? [books.forgetVersions(pipeline, table)] : books.noteVersions(pipeline, table)
  const rest = [...books.track(pipeline, table), ...noted]
  if (before === undefined || !isKept(swap)) {
    const gone = before === undefined ? [table] : [before, table]
    return [...gone.map(drop), arrive, ...rest]
  }
  const other = isSamePlace(before, table) ? [] : [drop(table)]
  if (since === undefined) return [...retire(database, before, new Date()), ...other, arrive, ...rest]
  return [...other, ...succeedStatements(database, { from: before, to: table, since }), ...rest]
}
