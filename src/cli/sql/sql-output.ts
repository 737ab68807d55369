import type pg from "pg"
import { print, printExactly, printJson } from "../output.ts"
import { textTable } from "../text-table.ts"

type Result = pg.QueryArrayResult<(string | null)[]>

export const resultFormats = ["table", "csv", "json"] as const
export type ResultFormat = (typeof resultFormats)[number]

export function isResultFormat(word: string): word is ResultFormat {
  return resultFormats.some((known) => known === word)
}

/** A result without columns is told in words, in a table only: the other forms are for programs. */
export function printResult(result: Result, format: ResultFormat): void {
  const names = result.fields.map(({ name }) => name)
  switch (format) {
    case "table":
      return print(names.length === 0 ? doneText(result) : tableText(names, result.rows))
    case "csv":
      return names.length === 0 ? undefined : printExactly([names, ...result.rows].map(csvLine).join(""))
    case "json":
      return names.length === 0 ? undefined : printJson(result.rows.map((row) => jsonRow(names, row)))
    default:
      return format satisfies never
  }
}

function doneText({ command, rowCount }: Result): string {
  return `${command}${rowCount === null ? "" : ` ${rowCount}`}\n`
}

function tableText(names: string[], rows: (string | null)[][]): string {
  return `${textTable(names, rows)}(${rows.length} ${rows.length === 1 ? "row" : "rows"})\n`
}

/** RFC 4180, lines ending with a line feed. A null is nothing; a text of no characters is in quotes. */
function csvLine(cells: (string | null)[]): string {
  return `${cells.map(csvCell).join(",")}\n`
}

function csvCell(cell: string | null): string {
  if (cell === null) return ""
  return cell === "" || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** Every value as the text that the server writes: no number loses a digit. The later of two columns of one name wins. */
function jsonRow(names: readonly string[], row: readonly (string | null)[]): object {
  return Object.fromEntries(names.map((name, at) => [name, row[at] ?? null]))
}
