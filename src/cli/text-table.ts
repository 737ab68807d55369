import { plainLine } from "../domain/text-forms/plain-text.ts"

/** Rows of texts as psql would print them: first column headings, columns aligned; nulls empty. Each row is one line, whatever it holds. */
export function textTable(headings: string[], rows: (string | null)[][]): string {
  const header = headings.map(plainLine)
  const cells = rows.map((row) => row.map((value) => plainLine(value ?? "")))
  const widths = header.map((name, column) =>
    cells.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), name.length),
  )
  const line = (row: string[]) =>
    ` ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")}`.trimEnd()
  const rule = widths.map((width) => "-".repeat(width + 2)).join("+")
  return `${[line(header), rule, ...cells.map(line)].join("\n")}\n`
}
