/** Rows of texts as psql would print them: first column headings, columns aligned; nulls empty. */
export function textTable(header: string[], rows: (string | null)[][]): string {
  const cells = rows.map((row) => row.map((value) => value ?? ""))
  const widths = header.map((name, column) =>
    cells.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), name.length),
  )
  const line = (row: string[]) =>
    ` ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")}`.trimEnd()
  const rule = widths.map((width) => "-".repeat(width + 2)).join("+")
  return `${[line(header), rule, ...cells.map(line)].join("\n")}\n`
}
