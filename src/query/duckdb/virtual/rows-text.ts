/** Rows of a virtual table on their way into the engine: one JSON text, and the SQL that makes rows of it again. */
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import {
  type Cell,
  cutText,
  type VirtualColumn,
  type VirtualTable,
  type VirtualType,
} from "../../virtual-table.ts"

/** UTF-16 units. The text is held twice while the engine reads it. */
const textUnitsAtMost = 64 * 2 ** 20

const engineTypes = {
  text: "VARCHAR",
  bigint: "BIGINT",
  integer: "INTEGER",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMP",
} as const

/** The engine's type of a column. */
export function engineType(type: VirtualType): string {
  return typeof type === "string" ? engineTypes[type] : "VARCHAR"
}

/** A query for the rows in the text that is parameter `$number`. */
export function rowsQuery({ columns }: VirtualTable, number: number): string {
  const types = columns.map(({ name, type }) => `${JSON.stringify(name)}:${JSON.stringify(engineType(type))}`)
  const structure = quoteLiteral(`[{${types.join(",")}}]`)
  return `SELECT unnest(system.main.from_json_strict(CAST($${number} AS VARCHAR), ${structure}), max_depth := 2)`
}

/** Throws 54000 when it would be too long. */
export function rowsText(table: VirtualTable, rows: readonly Cell[][]): string {
  const names = table.columns.map(({ name }) => `${JSON.stringify(name)}:`)
  const texts: string[] = []
  let units = 0
  for (const row of rows) {
    const cells = table.columns.map((column, at) => `${names[at]}${cellText(column, row[at])}`)
    const text = `{${cells.join(",")}}`
    units += text.length
    if (units > textUnitsAtMost) throw tooMuch(table)
    texts.push(text)
  }
  return `[${texts.join(",")}]`
}

function tooMuch({ name }: VirtualTable): PgError {
  return new PgError("54000", `${name} has too many rows for one statement`, {
    hint: "Ask for fewer of them: WHERE column = value.",
  })
}

function cellText({ type }: VirtualColumn, cell: Cell): string {
  if (cell === null || cell === undefined) return "null"
  if (cell instanceof Date) return `"${cell.toISOString().slice(0, -1).replace("T", " ")}"`
  switch (typeof cell) {
    case "string":
      return JSON.stringify(cutText(cell, type).replaceAll("\0", "").toWellFormed())
    case "number":
      return String(type === "bigint" || type === "integer" ? Math.round(cell) : cell)
    // Beyond 2^53 a number would not come through.
    case "bigint":
      return `"${cell}"`
    case "boolean":
      return String(cell)
  }
}
