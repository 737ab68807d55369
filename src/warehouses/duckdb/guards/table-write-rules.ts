import type { TableName } from "../../../domain/table.ts"
import { bookkeepingTable, loadingSuffix } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"

/**
 * What a table of a replicated database is to its users: `fresh`, theirs to read only; `versions`, of which they may
 * delete what is closed; `left`, which nothing writes any more.
 */
export type UsersTable = "fresh" | "versions" | "left"

/** One row, one column: which of them a table is that is there. */
export function usersTableQuery(database: string, { schema, name }: TableName): string {
  const tables = bookkeepingTable(database, "tables")
  const versions = bookkeepingTable(database, "versions")
  const isCopy = name.toLowerCase().endsWith(loadingSuffix)
  const mine = `lower(t.schema_name) = lower(${quoteLiteral(schema)}) AND lower(t.table_name) = lower(${quoteLiteral(name)})`
  const kept = `EXISTS (FROM ${tables} AS t JOIN ${versions} AS v ON v.pipeline = t.pipeline AND v.table_id = t.table_id WHERE NOT v.dropped AND ${mine})`
  return `SELECT CASE WHEN ${isCopy} THEN 'fresh' WHEN ${kept} THEN 'versions' WHEN EXISTS (FROM ${tables} AS t WHERE ${mine}) THEN 'fresh' ELSE 'left' END`
}

const now = "make_timestamp(epoch_us(now()))"

/** Takes versions away that were closed a while ago. `table` is quoted; `condition` is complete in itself. */
export function deleteClosed(table: string, condition: string | undefined): string {
  const also = condition === undefined ? "" : ` AND (${condition}\n)`
  return `DELETE FROM ${table} WHERE NOT _record_is_active AND _record_delete_time < ${now} - INTERVAL 10 MINUTE${also}`
}

export function closeActive(table: string): string {
  return `UPDATE ${table} SET _record_is_active = false, _record_delete_time = greatest(_record_create_time, ${now}) WHERE _record_is_active`
}
