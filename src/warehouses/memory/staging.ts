import { Problem } from "../../domain/problems.ts"
import type { StagedPart } from "../../replication/contracts/warehouse.ts"
import type { RowBuffer } from "../../replication/values/columns.ts"
import { bufferedBytes } from "../../replication/values/columns.ts"
import { type Row, unpacked } from "./values.ts"

/** Rows between decoding and applying. A crash loses them: they are streamed again. */
export interface Staging {
  write(rows: RowBuffer): StagedPart
  /** Throws Problem where a part is not there. */
  read(part: StagedPart): Row[]
  remove(parts: readonly StagedPart[]): void
}

export function newStaging(): Staging {
  const parts = new Map<string, Row[]>()
  let count = 0
  return {
    write(rows) {
      const token = `part ${++count}`
      parts.set(token, unpacked(rows))
      return { token, rows: rows.rows, bytes: bufferedBytes(rows) }
    },
    read({ token }) {
      const rows = parts.get(token)
      if (rows === undefined) throw new Problem("warehouseUnavailable", `There is no staged ${token}.`)
      return rows
    },
    remove(used) {
      for (const { token } of used) parts.delete(token)
    },
  }
}
