import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"

/** A column that is held as text, in the source's own form, because a value came that its exact type cannot hold. */
export interface TextColumn {
  column: string
  /** The column's type then: with another one it is held exactly again. */
  sourceType: string
  /** What came. Holds no value. */
  reason: string
}

/** By id of the table. */
export type TextColumns = ReadonlyMap<string, readonly TextColumn[]>

/** Thrown by a source that copies: a value came that the column's type cannot hold exactly. As text it can be held. */
export class UnrepresentableColumn extends Problem {
  readonly column: string
  readonly what: string

  constructor(column: string, what: string, cause: unknown) {
    super("tableFailed", `${what} came, which column ${column} cannot hold.`, { cause })
    this.name = "UnrepresentableColumn"
    this.column = column
    this.what = what
  }
}

/** What became of a column of a table as it was held. */
export interface UnrepresentableNote {
  table: TableSchema
  column: string
  what: string
}

/** `texts` with one column more; `undefined`: it is text already, which a value of any kind fits. */
export function widened(
  texts: readonly TextColumn[] = [],
  { table, column, what }: UnrepresentableNote,
): TextColumn[] | undefined {
  const { sourceType, keptAsText } = table.columns.find(({ name }) => name === column) ?? {}
  if (sourceType === undefined || keptAsText !== undefined) return undefined
  return [...texts.filter((one) => one.column !== column), { column, sourceType, reason: what }]
}

/** The table as it is held with these columns as text. */
export function withTextColumns(table: TableSchema, texts: readonly TextColumn[] = []): TableSchema {
  if (texts.length === 0) return table
  const columns = table.columns.map((column) => {
    const text = texts.find((one) => one.column === column.name && one.sourceType === column.sourceType)
    return text === undefined
      ? column
      : { ...column, type: { kind: "text" as const }, keptAsText: text.reason }
  })
  return { ...table, columns }
}

/** Which columns of a table as it is held are text instead of their exact type. */
export function textColumnsOf(table: TableSchema): TextColumn[] {
  return table.columns.flatMap(({ name: column, sourceType, keptAsText: reason }) =>
    reason === undefined ? [] : [{ column, sourceType, reason }],
  )
}

/** For people, until it has been copied so. */
export function unrepresentableReason({
  column,
  what,
}: Pick<UnrepresentableNote, "column" | "what">): string {
  return `${what} came, which its column ${column} cannot hold: it is resynced, with that column as text.`
}

/**
 * For people: what of a table is not held as it was. `cut`: columns whose texts are cut. `null`: every column has its exact type, and
 * values whole.
 */
export function heldOtherwise(table: TableSchema, cut: readonly string[]): string | null {
  const texts = textColumnsOf(table)
  const list = texts.map(({ column, reason }) => `${column} (${reason} came)`).join(", ")
  const kept = texts.length === 0 ? [] : [`Kept as text: ${list}. A resync tries the exact type again.`]
  const shortened =
    cut.length === 0 ? [] : [`Texts longer than ${longestTextBytes} bytes are cut: ${cut.join(", ")}.`]
  return [...kept, ...shortened].join(" ") || null
}

/** The cloud's longest VARCHAR, and the longest string inside a SUPER value. */
export const longestTextBytes = 65_535
