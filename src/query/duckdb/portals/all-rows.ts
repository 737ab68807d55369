import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { EncodedColumn, Portal, RowBatch } from "../../../wire/pgwire/session.ts"

/** A change is made of all rows of its query at once. */
const rowsAtMost = 10_000

/** Reads a portal to its end, and closes it. @throws PgError 54000 for more than 10,000 rows */
export async function allRows(portal: Portal): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = []
  try {
    for (let batch = await portal.next(rowsAtMost); batch; batch = await portal.next(rowsAtMost)) {
      rows.push(...rowsOf(batch))
      if (rows.length > rowsAtMost)
        throw new PgError("54000", `a statement can change at most ${rowsAtMost} rows of a table like this`)
    }
  } finally {
    portal.close()
  }
  return rows
}

function rowsOf({ rowCount, columns }: RowBatch): (string | null)[][] {
  const textAt = (column: EncodedColumn, row: number) => {
    const value = column[row] ?? null
    return value === null ? null : String(value)
  }
  return Array.from({ length: rowCount }, (_none, row) => columns.map((column) => textAt(column, row)))
}
