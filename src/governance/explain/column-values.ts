import { literalFor, writtenValue } from "../compile/literals.ts"
import type { ColumnKind, GovernedColumn } from "../model/source.ts"

/** A value of a row as a text, in the one form that its kind has; null as in SQL. Moments are in UTC. */
export type RowValue = string | null

/** What a row holds, by name of column. */
export type RowValues = ReadonlyMap<string, RowValue>

/** The column can hold no such value. The message names the column and repeats no value. */
export class RowValueError extends Error {}

const longestText = 10_000
const notANumber = /^(?:nan|[+-]?inf(?:inity)?)$/i

/** A value as JSON has it, in the form of its kind. @throws RowValueError */
export function rowValue(column: GovernedColumn, given: unknown): RowValue {
  if (given === null || given === undefined) return null
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean")
    throw new RowValueError(`column ${column.name}: a value is a text, a number, true, false or null`)
  if (column.kind === "other" || column.kind === "text") return shortText(column, String(given))
  if (column.kind === "float") return floatText(column, String(given))
  const literal = literalFor(column, writtenValue(given))
  if (literal !== undefined) return literal.text
  throw new RowValueError(`column ${column.name}: this is no ${column.type}`)
}

function shortText({ name }: GovernedColumn, text: string): string {
  if (text.length <= longestText) return text
  throw new RowValueError(`column ${name}: the text is longer than ${longestText} characters`)
}

function floatText({ name, type }: GovernedColumn, text: string): string {
  if (notANumber.test(text)) return String(Number(text.replace(/inf(?:inity)?/i, "Infinity")))
  const value = Number(text)
  if (text.trim() !== "" && !Number.isNaN(value)) return String(value)
  throw new RowValueError(`column ${name}: this is no ${type}`)
}

/** Less than 0, 0, more than 0: as engines order values of the kind. */
export function compareValues(kind: ColumnKind, a: string, b: string): number {
  switch (kind) {
    case "integer":
      return sign(BigInt(a) - BigInt(b))
    case "decimal":
      return sign(scaled(a, fractionDigits(a, b)) - scaled(b, fractionDigits(a, b)))
    case "float":
      return compareFloats(Number(a), Number(b))
    case "text":
    case "other":
      return Buffer.compare(Buffer.from(a), Buffer.from(b))
    case "boolean":
    case "date":
    case "timestamp":
    case "timestamptz":
      return a < b ? -1 : Number(a > b)
  }
}

function sign(value: bigint): number {
  return value < 0n ? -1 : Number(value > 0n)
}

/** What is not a number is equal to itself and greater than all others, as in SQL. */
function compareFloats(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : Number(a > b)
}

/** Digits after the point that hold both. */
export function fractionDigits(...texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.split(".")[1]?.length ?? 0))
}

/** A decimal text as a whole number of units of its last digit. */
export function scaled(text: string, digits: number): bigint {
  const [whole = "0", fraction = ""] = text.split(".")
  return BigInt(`${whole}${fraction.padEnd(digits, "0")}`)
}
