import { type CopyOptions, loadErrorCodes } from "../../../domain/copy.ts"
import type { RowError, TargetColumn } from "../../../loading/copy-target.ts"
import { leadingColumns, rawCharacters } from "../../../loading/row-writer.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putBytes,
  putInt32,
  putNull,
  putSafeInteger,
  type RowBuffer,
} from "../../../replication/values/columns.ts"

/** Rows that the server can hold, and an error for each that it cannot: no text of its has a zero byte. */
export function withoutZeroBytes(
  rows: RowBuffer,
  columns: readonly TargetColumn[],
  options: CopyOptions,
): { kept: RowBuffer; errors: RowError[] } {
  const kept = newRowBuffer(rows.columns.map(({ type }) => type))
  const errors: RowError[] = []
  const [files, lines, ...fields] = rows.columns
  if (files === undefined || lines === undefined) throw new Error("these are no staged rows")
  const offsets = fields.map(() => 0)
  for (let row = 0; row < rows.rows; row++) {
    const file = files.view.getInt32(row * 4, true)
    const line = Number(lines.view.getBigInt64(row * 8, true))
    const values = fields.map((field, index) => valueAt(field, row, { offsets, index }))
    const bad = values.findIndex((value) => value?.includes(0) === true)
    const column = columns[bad]
    if (column === undefined) putRow(kept, { file, line, values })
    else errors.push({ file, line, column, ...refusal(values, bad, options) })
  }
  return { kept, errors }
}

function valueAt(
  { nulls, view, bytes }: ColumnBuffer,
  row: number,
  { offsets, index }: { offsets: number[]; index: number },
): Buffer | undefined {
  if (nulls[row] === 1) return undefined
  const start = (offsets[index] ?? 0) + 4
  const end = start + view.getUint32(start - 4, true)
  offsets[index] = end
  return bytes.subarray(start, end)
}

function putRow(
  into: RowBuffer,
  { file, line, values }: { file: number; line: number; values: readonly (Buffer | undefined)[] },
): void {
  const column = (index: number) => into.columns[index] as ColumnBuffer
  putInt32(column(0), file)
  putSafeInteger(column(1), line)
  for (const [index, value] of values.entries()) {
    const at = column(index + leadingColumns.length)
    if (value === undefined) putNull(at, into.rows)
    else putBytes(at, value, 0, value.length)
  }
  endRow(into)
}

function refusal(
  values: readonly (Buffer | undefined)[],
  bad: number,
  { format }: CopyOptions,
): Omit<RowError, "file" | "line" | "column"> {
  const delimiter = format.kind === "csv" || format.kind === "text" ? format.delimiter : ","
  const text = values[bad]?.toString() ?? ""
  return {
    rawLine: values
      .map((value) => value?.toString() ?? "")
      .join(delimiter)
      .slice(0, rawCharacters),
    rawValue: text.slice(0, rawCharacters),
    position: text.indexOf("\0"),
    code: loadErrorCodes.invalidUtf8,
    reason: "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: 00 (error 1)",
  }
}
