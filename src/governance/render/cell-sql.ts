import type { GovernedColumn } from "../model/source.ts"
import { type Cell, longestMatchedBytes } from "../plan/cells.ts"
import { isPlainType } from "../plan/plain-types.ts"
import type { PlannedColumn } from "../plan/plan.ts"
import type { GovernanceDialect } from "./dialect.ts"
import { predicateSql } from "./predicate-sql.ts"

const castCells: ReadonlySet<Cell["kind"]> = new Set(["null", "choice"])

/** The expression of a view's column, of the planned type. `column`: of the table. */
export function columnSql(
  dialect: GovernanceDialect,
  column: GovernedColumn,
  planned: PlannedColumn,
): string {
  const whole = cellSql(dialect, column, planned.cell)
  // Elsewhere the cell has the type, or it is one that no cast can name.
  const isTyped =
    planned.type.kind === "text" || (castCells.has(planned.cell.kind) && isPlainType(column.type))
  return isTyped ? dialect.cast(whole, planned.type) : whole
}

function cellSql(dialect: GovernanceDialect, column: GovernedColumn, cell: Cell): string {
  switch (cell.kind) {
    case "clear":
      return dialect.column(column)
    case "null":
      // Of the column's type, whatever it is.
      return `(CASE WHEN FALSE THEN ${dialect.column(column)} END)`
    case "constant":
      return constantSql(dialect, column, cell)
    case "hash":
      return dialect.sha256(`${dialect.secret(cell.secretId)} || ${dialect.text(column)}`)
    case "regex":
      return shortOnly(dialect, column, dialect.replaced(dialect.text(column), cell))
    case "partial":
      return shortOnly(dialect, column, partialSql(dialect, column, cell))
    case "dateTrunc":
      return dialect.cast(dialect.truncated(cell), { kind: "table", name: column.type })
    case "round":
      return dialect.cast(dialect.rounded(cell), { kind: "table", name: column.type })
    case "choice": {
      const cases = cell.cases.map(({ when, then }) => {
        return `WHEN ${predicateSql(dialect, when)} THEN ${cellSql(dialect, column, then)}`
      })
      return `(CASE ${cases.join(" ")} ELSE ${cellSql(dialect, column, cell.otherwise)} END)`
    }
  }
}

function constantSql(
  dialect: GovernanceDialect,
  column: GovernedColumn,
  { literal }: Extract<Cell, { kind: "constant" }>,
): string {
  const text = dialect.literal(literal)
  return column.kind === "text" ? text : dialect.cast(text, { kind: "table", name: column.type })
}

function shortOnly(dialect: GovernanceDialect, column: GovernedColumn, masked: string): string {
  return `(CASE WHEN ${dialect.byteLength(dialect.text(column))} <= ${longestMatchedBytes} THEN ${masked} END)`
}

function partialSql(
  dialect: GovernanceDialect,
  column: GovernedColumn,
  { first, last, character }: Extract<Cell, { kind: "partial" }>,
): string {
  const text = dialect.text(column)
  const length = dialect.characterLength(text)
  const sign = dialect.quoted(character)
  const shown = `LEFT(${text}, ${first}) || REPEAT(${sign}, ${length} - ${first + last}) || RIGHT(${text}, ${last})`
  return `CASE WHEN ${length} <= ${first + last} THEN REPEAT(${sign}, ${length}) ELSE ${shown} END`
}
