import { loadErrorCodes } from "../domain/copy.ts"
import type { CopyTarget, PartResult, TargetColumn } from "./copy-target.ts"
import { LoadFailure } from "./record-reader.ts"
import { newStagedRows } from "./row-writer.ts"

/** A Parquet file that is read as rows of texts: numbers plain, times as ISO has them, bytes hexadecimal, nested values as JSON. */
export interface ParquetRows {
  /** How many columns it has. */
  width: number
  /** Their names, in order. */
  names: readonly string[]
  /** Pieces of its rows, in their order. */
  pieces: AsyncIterable<readonly (readonly (string | null)[])[]>
}

/**
 * Reads a Parquet file, which a staging file holds meanwhile. `isJson`, by column: its values are wanted as JSON.
 *
 * @throws LoadFailure when it is none, or damaged; Problem
 */
export type ParquetReader = <T>(
  body: AsyncIterable<Buffer>,
  isJson: (column: number) => boolean,
  work: (rows: ParquetRows) => Promise<T>,
) => Promise<T>

export interface ParquetLoad {
  reader: ParquetReader
  body: AsyncIterable<Buffer>
  /** Its place among the files of the load. */
  file: number
  errorsAtMost: number
}

// As many as other formats hand over at once.
const partRows = 90_000
const partBytes = 16 * 2 ** 20

/** For a table whose engine reads no Parquet: the rows go to it as texts do. @throws LoadFailure, Problem */
export function loadParquetFile(
  { columns, load }: Pick<CopyTarget, "columns" | "load">,
  { reader, body, file, errorsAtMost }: ParquetLoad,
): Promise<PartResult> {
  return reader(
    body,
    (index) => columns[index]?.isJson === true,
    async ({ width, pieces }) => {
      if (width !== columns.length)
        throw new LoadFailure(
          loadErrorCodes.tooFewColumns,
          `The Parquet file has ${width} columns, ${columns.length} are expected`,
        )
      const staged = newStagedRows(columns.map(isTrimmed), () => undefined)
      staged.beginFile(file)
      const all: PartResult = { rows: 0, errors: [] }
      let line = 0
      const flush = async () => {
        const part = staged.handOver()
        const { rows, errors } = await load(part, errorsAtMost - all.errors.length)
        staged.giveBack(part)
        all.rows += rows
        all.errors.push(...errors)
      }
      for await (const piece of pieces) {
        for (const row of piece) {
          for (const [field, text] of row.entries())
            if (text === null) staged.putNull(field)
            else staged.putText(field, text)
          staged.endRow(++line)
        }
        if (staged.rows >= partRows || staged.bytes() >= partBytes) await flush()
        if (all.errors.length > errorsAtMost) return all
      }
      if (staged.rows > 0) await flush()
      return all
    },
  )
}

/** As of texts of other formats. */
function isTrimmed({ isText }: TargetColumn): boolean {
  return !isText
}
