import type { ColumnKind, GovernedColumn } from "../model/source.ts"
import { decimalDigits } from "../plan/decimal-digits.ts"
import type { Literal } from "../plan/predicates.ts"

/** A constant as a policy writes it. `number`: its digits. */
export interface WrittenValue {
  kind: "text" | "number" | "boolean"
  text: string
}

export function writtenValue(value: string | number | boolean): WrittenValue {
  if (typeof value === "string") return { kind: "text", text: value }
  return { kind: typeof value === "number" ? "number" : "boolean", text: String(value) }
}

/** The constant as the column's kind has it; `undefined`: the column can hold no such value. */
export function literalFor({ kind, type }: GovernedColumn, value: WrittenValue): Literal | undefined {
  const text = textOf(kind, type, value)
  return text === undefined || kind === "other" ? undefined : { kind, text }
}

function textOf(kind: ColumnKind, type: string, { kind: form, text }: WrittenValue): string | undefined {
  switch (kind) {
    case "text":
      return form === "text" ? text : undefined
    case "boolean":
      return form !== "number" && /^(true|false)$/i.test(text) ? text.toLowerCase() : undefined
    case "integer":
      return form !== "boolean" && /^[+-]?\d{1,18}$/.test(text) ? String(BigInt(unsigned(text))) : undefined
    case "decimal":
      return form === "boolean" ? undefined : decimalText(text, type)
    case "float":
      return form !== "boolean" && /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(text) ? unsigned(text) : undefined
    case "date":
    case "timestamp":
    case "timestamptz":
      return form === "text" ? momentText(kind, text) : undefined
    case "other":
      return undefined
  }
}

/** Without a leading plus, which not every engine takes. */
function unsigned(text: string): string {
  return text.startsWith("+") ? text.slice(1) : text
}

const smallIntegers = /^(?:smallint|int2)$/i
const integers = /^(?:integer|int|int4)$/i
const bigIntegers = /^(?:bigint|int8|hugeint)$/i

/** The greatest number that certainly fits the type. */
function greatest(type: string): bigint {
  if (bigIntegers.test(type)) return 2n ** 63n - 1n
  if (integers.test(type)) return 2n ** 31n - 1n
  return smallIntegers.test(type) ? 2n ** 15n - 1n : 127n
}

/** Whether the digits of a literal are a value of the integer type. */
export function fitsInteger(text: string, type: string): boolean {
  const limit = greatest(type)
  return -limit <= BigInt(text) && BigInt(text) <= limit
}

function decimalText(text: string, type: string): string | undefined {
  const found = /^[+-]?(\d{1,30})(?:\.(\d{1,20}))?$/.exec(text)
  if (found === null) return undefined
  const room = decimalDigits(type)
  const whole = (found[1] ?? "").replace(/^0+(?=\d)/, "")
  const fits =
    room === undefined ||
    ((whole === "0" || whole.length <= room.whole) && (found[2] ?? "").length <= room.fraction)
  return fits ? unsigned(text) : undefined
}

const moment =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

function momentText(kind: "date" | "timestamp" | "timestamptz", text: string): string | undefined {
  const [, date, minutes, seconds, fraction = "", zone] = moment.exec(text) ?? []
  if (date === undefined || date < "0001-01-01" || !isDate(date)) return undefined
  if (kind === "date") return minutes === undefined ? date : undefined
  if (zone !== undefined && kind === "timestamp") return undefined
  const at = Date.parse(`${date}T${minutes ?? "00:00"}:${seconds ?? "00"}${offset(zone)}`)
  if (Number.isNaN(at)) return undefined
  const written = new Date(at).toISOString()
  const isWritable = /^\d{4}-/.test(written) && !written.startsWith("0000")
  return isWritable ? `${written.slice(0, 19).replace("T", " ")}.${fraction.padEnd(6, "0")}` : undefined
}

function offset(zone: string | undefined): string {
  if (zone === undefined || /^z$/i.test(zone)) return "Z"
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0")
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}

function isDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date)
}
