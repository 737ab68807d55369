import type { TableSchema } from "../../domain/table.ts"
import type { Bookkeeping, HeldTable } from "./bookkeeping.ts"
import { quoteIdentifier } from "./instance.ts"
import { liveTable, loadingTable } from "./naming.ts"

/**
 * Puts the copy in the live table's place. A table that was renamed at the source leaves its old name, so `held` tells
 * what it was called. Statements for the caller's transaction.
 */
export function swapStatements(
  database: string,
  books: Bookkeeping,
  pipeline: string,
  table: TableSchema,
  held: readonly HeldTable[],
): string[] {
  const before = held
    .filter((one) => one.pipeline === pipeline && one.schema.id === table.id)
    .map((one) => one.schema)
  return [
    ...[...before, table].map((one) => `DROP TABLE IF EXISTS ${liveTable(database, one)}`),
    `ALTER TABLE ${loadingTable(database, table)} RENAME TO ${quoteIdentifier(table.name)}`,
    ...books.track(pipeline, table),
  ]
}
