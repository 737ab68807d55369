/**
 * A virtual table is no table of the warehouse: its rows are made when a statement asks for them, for the user who asks.
 * System views are virtual tables. A room that has such a table implements `VirtualTable` and hands it to the query engine;
 * the engine joins, filters and sorts its rows like any other's.
 *
 * Rows are made once for each place in a statement that names the table, when the statement begins to run. Changes take effect at once: a
 * virtual table takes part in no transaction.
 */
import type { SqlAccess } from "../control-plane/sql-users/sql-access.ts"
import { PgError } from "../wire/pgwire/pg-error.ts"

/** Every method may throw Fault, or PgError with the SQLSTATE that the client is to see. */
export interface VirtualTable {
  /** In lower case. */
  readonly name: string
  /** In lower case. Tables in `pg_catalog` are found without their schema, as system views are. */
  readonly schema: string
  /** The one database that has it; undefined: each has. */
  readonly database?: string
  /** Others get 42501. `readers`: administrators, and users who may read every table. */
  readonly readableBy: "everyone" | "readers" | "administrators"
  readonly columns: readonly VirtualColumn[]
  /**
   * The rows that the caller may see, cells in the order of `columns`. Rows that `filter` does not want may be among them:
   * the engine filters again.
   */
  rows(caller: VirtualCaller, filter: VirtualFilter): Promise<Cell[][]>
  /** The column that another name means, where statements may write several; absent: each has its own name only. */
  columnNamed?(name: string): string | undefined
  /** What `rows` would ask of services, a line for each call: EXPLAIN shows it, and does not call `rows`. */
  explain?(filter: VirtualFilter): Promise<string[]>
  /** Adds rows; how many. Absent: refused with 42809. */
  insert?(caller: VirtualCaller, rows: readonly VirtualRow[]): Promise<number>
  /** Changes rows that were read for this caller just before; how many. Absent: refused with 42809. */
  update?(caller: VirtualCaller, updates: readonly VirtualUpdate[]): Promise<number>
  /** Removes rows that were read for this caller just before; how many. Absent: refused with 42809. */
  delete?(caller: VirtualCaller, rows: readonly VirtualRow[]): Promise<number>
}

export interface VirtualColumn {
  readonly name: string
  readonly type: VirtualType
}

/** `{ characters: n }` is `character(n)`: text cut to n characters, without padding. `timestamp` is UTC. */
export type VirtualType =
  | "text"
  | "bigint"
  | "integer"
  | "boolean"
  | "timestamp"
  | { readonly characters: number }

/** `undefined` and `null` are NULL. */
export type Cell = string | number | bigint | boolean | Date | null | undefined

/** Cells by column name; a column that a statement does not name is absent. */
export type VirtualRow = ReadonlyMap<string, Cell>

/** A row as it was read, and the columns that get other values. */
export interface VirtualUpdate {
  row: VirtualRow
  changes: VirtualRow
}

/** Who asks, and what that user may do at this moment. */
export interface VirtualCaller {
  readonly user: string
  /** The session's. */
  readonly database: string
  readonly access: SqlAccess
}

/** A value that a statement compares a column with. */
export type FilterValue = string | bigint | boolean

/** What a statement wants of the columns that it compares with `=` or `IN`. */
export interface VirtualFilter {
  /** The only values wanted of a column; undefined: any. Integers are bigint. */
  valuesOf(column: string): ReadonlySet<FilterValue> | undefined
}

/** Wants every row. */
export const everyRow: VirtualFilter = { valuesOf: () => undefined }

/** Whether the filter wants a row with this cell. */
export function wants(filter: VirtualFilter, { name, type }: VirtualColumn, cell: Cell): boolean {
  const values = filter.valuesOf(name)
  if (values === undefined) return true
  if (cell === null || cell === undefined || cell instanceof Date) return false
  return values.has(filterValue(type, cell))
}

function filterValue(type: VirtualType, cell: string | number | bigint | boolean): FilterValue {
  if (typeof cell === "string") return cutText(cell, type)
  return typeof cell === "number" ? BigInt(Math.round(cell)) : cell
}

/** Text as a column of the type holds it. */
export function cutText(text: string, type: VirtualType): string {
  if (typeof type === "string" || text.length <= type.characters) return text
  return [...text].slice(0, type.characters).join("")
}

/** Throws 42501 where the user may not read the table. */
export function requireReader(
  table: VirtualTable,
  { isSuperuser, readsAll }: Pick<SqlAccess, "isSuperuser" | "readsAll">,
): void {
  if (isSuperuser || table.readableBy === "everyone") return
  if (table.readableBy === "readers" && readsAll) return
  throw new PgError("42501", `permission denied for relation ${table.name}`)
}
