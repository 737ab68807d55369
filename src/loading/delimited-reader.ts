import { isUtf8 } from "node:buffer"
import { type CopyFormat, type CopyOptions, loadErrorCodes } from "../domain/copy.ts"
import { fieldKinds, newScannedRecord, type ScannedRecord, scanRecord } from "./delimited-scanner.ts"
import { LoadFailure, type RecordReader, rowBytesAtMost } from "./record-reader.ts"
import { type RowWriter, rawCharacters } from "./row-writer.ts"

type DelimitedFormat = Extract<CopyFormat, { kind: "csv" | "text" }>

const newline = 10
const byteOrderMark = Buffer.from("\ufeff")
const byteOf = (character: string) => character.charCodeAt(0)

function delimitingOf(format: DelimitedFormat) {
  const delimiter = byteOf(format.delimiter)
  if (format.kind === "csv")
    return { delimiter, quotes: [byteOf(format.quote)], isQuoteDoubled: true, hasEscapes: false }
  const quotes = format.removeQuotes ? ["'", '"'].map(byteOf) : []
  return { delimiter, quotes, isQuoteDoubled: false, hasEscapes: format.escape }
}

/** Reads delimited text and CSV. */
export function delimitedReader(
  format: DelimitedFormat,
  options: CopyOptions,
  writer: RowWriter,
): RecordReader {
  const form = delimitingOf(format)
  const nullAs = Buffer.from(options.nullAs)
  const record = newScannedRecord()
  let carried: Buffer = Buffer.alloc(0)
  let room = Buffer.alloc(0)
  let line = 1
  let headers = options.ignoreHeader
  let isBeginning = true
  /** Up to there the buffer is known to be UTF-8: looked at once rather than row by row. */
  let validTo = 0

  function read(buffer: Buffer, isLast: boolean): number {
    let at = 0
    if (isBeginning && (buffer.length >= byteOrderMark.length || isLast)) {
      isBeginning = false
      if (buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark)) at = byteOrderMark.length
    }
    // A line's end is no part of a longer character.
    const linesEnd = buffer.lastIndexOf(newline) + 1
    validTo = isUtf8(buffer.subarray(at, linesEnd)) ? linesEnd : 0
    while (at < buffer.length && scanRecord(buffer, at, isLast, form, record)) {
      if (headers > 0) headers--
      else take(buffer, at)
      line += record.innerLines + 1
      at = record.next
    }
    return at
  }

  function take(buffer: Buffer, start: number): void {
    const isBlank = record.count === 1 && record.starts[0] === record.ends[0] && record.kinds[0] === 0
    if (isBlank && options.ignoreBlankLines) return
    const refusal = refusalOf(record, writer.width, options.fillRecord)
    const isValid = record.next <= validTo || isUtf8(buffer.subarray(start, record.next))
    if (refusal !== undefined) return reject(buffer, start, undefined, refusal)
    if (!isValid && options.acceptInvalidCharacters === undefined) {
      const field = record.starts.findIndex(
        (from, index) => index < record.count && !isUtf8(buffer.subarray(from, record.ends[index])),
      )
      return reject(buffer, start, Math.max(field, 0), {
        code: loadErrorCodes.invalidUtf8,
        reason: "String contains invalid or unsupported UTF8 codepoints",
      })
    }
    for (let field = 0; field < writer.width; field++) put(buffer, field, isValid)
    writer.endRow(line)
  }

  function put(buffer: Buffer, field: number, isValid: boolean): void {
    const start = record.starts[field] ?? 0
    const end = record.ends[field] ?? 0
    const kind = record.kinds[field] ?? 0
    const isNull =
      field >= record.count ||
      ((kind & fieldKinds.quoted) === 0 && end - start === nullAs.length && isSame(buffer, start, nullAs))
    if (isNull) writer.putNull(field)
    else if (!isValid)
      writer.putText(
        field,
        repaired(unescaped(buffer, start, end, kind), options.acceptInvalidCharacters ?? "?"),
      )
    else if (kind > fieldKinds.quoted) {
      const bytes = unescaped(buffer, start, end, kind)
      writer.putBytes(field, bytes, 0, bytes.length)
    } else writer.putBytes(field, buffer, start, end)
  }

  function reject(
    buffer: Buffer,
    start: number,
    field: number | undefined,
    refusal: { code: number; reason: string },
  ): void {
    const raw = buffer.subarray(start, Math.min(record.next, start + rawCharacters * 4)).toString()
    const from = record.starts[field ?? 0] ?? start
    writer.reject({
      ...refusal,
      line,
      field,
      position: 0,
      rawLine: raw.trimEnd().slice(0, rawCharacters),
      rawValue:
        field === undefined
          ? ""
          : buffer.subarray(from, record.ends[field]).toString().slice(0, rawCharacters),
    })
  }

  /** In memory that is used again: a new piece for each chunk would keep the garbage collector busy. */
  function joined(chunk: Buffer): Buffer {
    const length = carried.length + chunk.length
    if (length > room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, room.length * 2))
      carried.copy(larger)
      room = larger
    } else carried.copy(room)
    chunk.copy(room, carried.length)
    return room.subarray(0, length)
  }

  return {
    push(chunk) {
      const buffer = carried.length === 0 ? chunk : joined(chunk)
      const at = read(buffer, false)
      carried = buffer.subarray(at)
      if (carried.length > rowBytesAtMost)
        throw new LoadFailure(
          loadErrorCodes.invalidLine,
          "A row is longer than 4 MB, or a quote in it is not closed",
          line,
        )
    },
    end() {
      read(carried, true)
      carried = Buffer.alloc(0)
    },
  }
}

function refusalOf(
  record: ScannedRecord,
  width: number,
  fillRecord: boolean,
): { code: number; reason: string } | undefined {
  if (record.isBroken) return { code: loadErrorCodes.invalidLine, reason: "Invalid quote formatting for CSV" }
  if (record.count > width) return { code: loadErrorCodes.tooManyColumns, reason: "Extra column(s) found" }
  if (record.count < width && !fillRecord)
    return { code: loadErrorCodes.delimiter, reason: "Delimiter not found" }
  return undefined
}

function isSame(buffer: Buffer, start: number, other: Buffer): boolean {
  // Almost always over at the first byte: quicker than a call into native code.
  for (let at = 0; at < other.length; at++) if (buffer[start + at] !== other[at]) return false
  return true
}

const backslash = 92

/** Without the escapes; at most as long as it was. */
function unescaped(buffer: Buffer, start: number, end: number, kind: number): Buffer {
  const out = Buffer.allocUnsafe(end - start)
  const hasEscapes = (kind & fieldKinds.escaped) !== 0
  const quote = (kind & fieldKinds.doubled) === 0 ? -1 : (buffer[start - 1] ?? -1)
  let length = 0
  for (let at = start; at < end; at++) {
    const byte = buffer[at] ?? 0
    if (hasEscapes && byte === backslash && at + 1 < end) out[length++] = buffer[++at] ?? 0
    else {
      out[length++] = byte
      if (byte === quote) at++
    }
  }
  return out.subarray(0, length)
}

function repaired(bytes: Buffer, replacement: string): string {
  return bytes.toString("utf8").replaceAll("\ufffd", replacement)
}
