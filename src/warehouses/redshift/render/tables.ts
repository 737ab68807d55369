import type { Column, TableName, TableSchema } from "../../../domain/table.ts"
import { constant, quoteIdentifier } from "../quoting.ts"
import { columnType } from "../types/column-type.ts"

/** How the rows of a table are spread over the nodes of the warehouse, and in which order they lie there. */
export interface TableLayout {
  distribution: { kind: "auto" | "even" | "all" } | { kind: "key"; column: string }
  /** Empty: the warehouse chooses. */
  sort: readonly string[]
  /** Columns of text whose values are cut where they are too long; absent: none. */
  truncate?: readonly string[]
}

/** The warehouse chooses, and changes its mind as the table is used. */
export const automaticLayout: TableLayout = { distribution: { kind: "auto" }, sort: [] }

/** What a table is to be laid out as; by the names at the source. */
export type LayoutOf = (table: TableName) => TableLayout

/**
 * Indexes of the columns whose texts are cut where they are too long. A key stays whole, and so does every column where there is none:
 * rows are found again by them.
 */
export function cutColumns(
  { columns, key }: TableSchema,
  { truncate = [] }: TableLayout,
): ReadonlySet<number> {
  const isCut = ({ name, type }: Column, index: number) =>
    key !== undefined && !key.includes(index) && type.kind === "text" && truncate.includes(name)
  return new Set(columns.flatMap((column, index) => (isCut(column, index) ? [index] : [])))
}

/** Definitions of a table's columns. No key is declared: the engine would believe it and check nothing. */
export function definitions(columns: readonly Column[]): string[] {
  return columns.map(({ name, type }) => `${quoteIdentifier(name)} ${columnType(type)}`)
}

/** What stands behind the columns of CREATE TABLE. */
export function layoutClause({ distribution, sort }: TableLayout): string {
  const spread =
    distribution.kind === "key"
      ? `DISTSTYLE KEY DISTKEY (${quoteIdentifier(distribution.column)})`
      : `DISTSTYLE ${distribution.kind.toUpperCase()}`
  const columns = sort.map(quoteIdentifier).join(", ")
  const order = sort.length === 0 ? "SORTKEY AUTO" : `COMPOUND SORTKEY (${columns})`
  return `${spread} ${order}`
}

/** A moment as a literal; everything here is UTC. */
export function timeLiteral(at: Date): string {
  return `${constant(at.toISOString().replace("T", " ").replace("Z", ""))}::TIMESTAMP`
}
