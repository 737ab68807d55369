/** Fields of COPY in text form, for tables with a column that only the server can turn into its type's binary form. */
import { unreachable } from "../../../domain/unreachable.ts"
import { type ColumnBuffer, isNarrowDecimal } from "../../../replication/values/columns.ts"
import { dateOfDays } from "../../../replication/values/days.ts"
import { integerText, pointed, readWide } from "../../../replication/values/number-texts.ts"
import { extend, type FieldWriter, type Scratch } from "./block.ts"
import type { CopyColumn } from "./copy-encoder.ts"
import { type EncodeValue, type FieldFrame, scratchField } from "./scratch-field.ts"

const tab = 0x09
const newline = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c
const letterN = 0x4e

/** `\N` stands for null; a tab follows a field, a line break the last one. */
function textFrame(isLast: boolean): FieldFrame {
  return {
    nullBytes: 3,
    overheadBytes: 1,
    open(out, _view, at, length) {
      if (length >= 0) return at
      out[at] = backslash
      out[at + 1] = letterN
      return at + 2
    },
    close(out, at) {
      out[at] = isLast ? newline : tab
      return at + 1
    },
  }
}

export function textField({ type }: CopyColumn, { isLast }: { isLast: boolean }): FieldWriter {
  return scratchField(textFrame(isLast), encoderOf(type))
}

function encoderOf(type: CopyColumn["type"]): EncodeValue {
  switch (type.kind) {
    case "boolean":
      return (scratch, { bytes }, at) => put(scratch, bytes[at] === 0 ? "f" : "t", at + 1)
    case "int16":
    case "int32":
      return (scratch, { view }, at) => put(scratch, String(view.getInt32(at, true)), at + 4)
    case "int64":
      return (scratch, { view }, at) => put(scratch, integerText(view, at), at + 8)
    case "float32":
      return (scratch, { view }, at) => put(scratch, floatText(view.getFloat32(at, true)), at + 4)
    case "float64":
      return (scratch, { view }, at) => put(scratch, floatText(view.getFloat64(at, true)), at + 8)
    case "decimal":
      return isNarrowDecimal(type)
        ? (scratch, { view }, at) => put(scratch, pointed(integerText(view, at), type.scale), at + 8)
        : (scratch, { view }, at) => put(scratch, pointed(String(readWide(view, at)), type.scale), at + 16)
    case "date":
      return (scratch, { view }, at) => put(scratch, dateText(view.getInt32(at, true)), at + 4)
    case "timestamp":
    case "timestamptz":
      return (scratch, { view }, at) => put(scratch, timestampText(view.getBigInt64(at, true)), at + 8)
    case "uuid":
      return (scratch, { bytes }, at) => put(scratch, bytes.toString("hex", at, at + 16), at + 16)
    case "text":
    case "json":
      return putEscaped
    case "bytes":
      return putHex
    default:
      return unreachable(type)
  }
}

/** ASCII, and nothing to escape; answers `next`. */
function put(scratch: Scratch, text: string, next: number): number {
  extend(scratch, text.length)
  scratch.used += scratch.bytes.write(text, scratch.used, "latin1")
  return next
}

function putEscaped(scratch: Scratch, { bytes, view }: ColumnBuffer, at: number): number {
  const start = at + 4
  const end = start + view.getUint32(at, true)
  extend(scratch, (end - start) * 2)
  const out = scratch.bytes
  let to = scratch.used
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    const escaped = escapeOf(byte)
    if (escaped !== 0) out[to++] = backslash
    out[to++] = escaped === 0 ? byte : escaped
  }
  scratch.used = to
  return end
}

/** What stands behind a backslash for this byte; 0: it stands for itself. */
function escapeOf(byte: number): number {
  if (byte === backslash) return backslash
  if (byte > carriageReturn) return 0
  if (byte === tab) return 0x74
  if (byte === newline) return 0x6e
  return byte === carriageReturn ? 0x72 : 0
}

function putHex(scratch: Scratch, { bytes, view }: ColumnBuffer, at: number): number {
  const end = at + 4 + view.getUint32(at, true)
  return put(scratch, `\\\\x${bytes.toString("hex", at + 4, end)}`, end)
}

/** The shortest text that is read as the same bits; NaN and infinities by JavaScript's names, which the server knows. */
function floatText(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value)
}

const infiniteDays = 2_147_483_647
const infiniteMicros = 2n ** 63n - 1n
const dayMicros = 86_400_000_000n

function dateText(days: number): string {
  if (Math.abs(days) === infiniteDays) return days > 0 ? "infinity" : "-infinity"
  const { text, era } = calendarDate(days)
  return text + era
}

/** UTC, with no zone said: the session's is UTC. */
function timestampText(micros: bigint): string {
  if (micros === infiniteMicros || micros === -infiniteMicros) return micros > 0n ? "infinity" : "-infinity"
  let days = micros / dayMicros
  let ofDay = Number(micros % dayMicros)
  if (ofDay < 0) {
    ofDay += Number(dayMicros)
    days--
  }
  const { text, era } = calendarDate(Number(days))
  const seconds = Math.floor(ofDay / 1_000_000)
  const time = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${text} ${time}.${String(ofDay % 1_000_000).padStart(6, "0")}${era}`
}

const two = (value: number) => (value < 10 ? `0${value}` : String(value))

/** Years before 1 are counted backwards from it, with `BC` at the end of the whole value. */
function calendarDate(days: number): { text: string; era: string } {
  const { year, month, day } = dateOfDays(days)
  const isBc = year <= 0
  const shown = String(isBc ? 1 - year : year).padStart(4, "0")
  return { text: `${shown}-${two(month)}-${two(day)}`, era: isBc ? " BC" : "" }
}
