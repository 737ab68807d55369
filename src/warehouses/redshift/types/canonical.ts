import { createHash } from "node:crypto"
import type { Column, TableSchema } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { HashedRow } from "../../../replication/contracts/comparison.ts"
import { quoteIdentifier } from "../quoting.ts"

/**
 * A column as rows are read for a comparison. What the wire gives is made canonical here, not there: the engine has no form for
 * floats that another one writes the same.
 */
export function readForm({ name, type }: Column): string {
  const value = quoteIdentifier(name)
  if (type.kind === "json") return `JSON_SERIALIZE(${value})`
  return type.kind === "bytes" ? `FROM_VARBYTE(${value}, 'hex')` : value
}

/** The canonical text of what `readForm` gave, as replication/contracts/comparison.ts says it must be. */
export function canonicalText(text: string | null, { type }: Column): string | null {
  if (text === null) return null
  switch (type.kind) {
    case "boolean":
      return text === "t" || text === "true" ? "true" : "false"
    case "float32":
      return floatText(Math.fround(numberOf(text)))
    case "float64":
      return floatText(numberOf(text))
    case "bytes":
      return text.toLowerCase()
    case "timestamp":
    case "timestamptz":
      return trimmed(text)
    case "int16":
    case "int32":
    case "int64":
    case "decimal":
    case "uuid":
    case "date":
    case "text":
    case "json":
      return text
    default:
      return unreachable(type)
  }
}

const special: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["inf", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
])

function numberOf(text: string): number {
  return special.get(text.toLowerCase()) ?? Number(text)
}

/** As C prints it with `%.16e`: the exponent has two digits at the least. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf"
  const [digits = "", exponent = ""] = value.toExponential(16).split("e")
  const sign = Object.is(value, -0) ? "-" : ""
  return `${sign}${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`
}

/** Without zeros at the end of the fraction, and without a fraction that is all zeros. */
function trimmed(text: string): string {
  return text.replace(/\.(\d*?)0*(?=\D|$)/, (_, digits: string) => (digits === "" ? "" : `.${digits}`))
}

/** Hash and key of a row, whose columns are as `readForm` gave them. */
export function hashedRow(row: readonly (string | null)[], { columns, key }: TableSchema): HashedRow {
  const texts = columns.map((column, index) => canonicalText(row[index] ?? null, column))
  const whole = columns.map(({ type }, index) => hashedPart(texts[index] ?? null, type.kind))
  const hash = createHash("md5").update(whole.join(""), "utf8").digest("hex")
  return { hash, key: key === undefined ? texts : key.map((index) => texts[index] ?? null) }
}

function hashedPart(text: string | null, kind: Column["type"]["kind"]): string {
  if (kind !== "text" && kind !== "json") return `${text ?? "~"};`
  return text === null ? "~" : `${codePoints(text)}:${text}`
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
