import type { GovernedColumn } from "../model/source.ts"
import type { Cell, DateUnit } from "../plan/cells.ts"
import { fractionDigits, type RowValue, RowValueError, scaled } from "./column-values.ts"
import { everyMatch } from "./pattern-replace.ts"
import { isTrue, type RowAsked, sha256 } from "./row-predicates.ts"

/** What is added before hashing; hashes are shown, so it need not be the one that samples are drawn with. */
export interface CellAsked extends RowAsked {
  hashSecret(id: string): string
}

/** What stands in a cell of a row, as an engine puts it there. @throws RowValueError a pattern takes too many steps on the value */
export function cellValue(cell: Cell, asked: CellAsked): RowValue {
  switch (cell.kind) {
    case "null":
      return null
    case "constant":
      return cell.literal.text
    case "choice": {
      const found = cell.cases.find(({ when }) => isTrue(when, asked) === true)
      return cellValue(found?.then ?? cell.otherwise, asked)
    }
    default: {
      const value = asked.row.get(cell.column.name) ?? null
      return value === null || cell.kind === "clear" ? value : maskedValue(cell, value, asked)
    }
  }
}

type Masking = Extract<Cell, { kind: "hash" | "regex" | "partial" | "dateTrunc" | "round" }>

function maskedValue(cell: Masking, value: string, { hashSecret }: CellAsked): RowValue {
  switch (cell.kind) {
    case "hash":
      return sha256(hashSecret(cell.secretId) + value)
    case "regex":
      return replaced(cell, value)
    case "partial":
      return partly(cell, value)
    case "dateTrunc":
      return beginning(cell, value)
    case "round":
      return rounded(cell.column, value, cell.bucket)
  }
}

function replaced({ column, pattern, replacement }: Extract<Cell, { kind: "regex" }>, value: string): string {
  const found = everyMatch(pattern, value)
  if (found === undefined)
    throw new RowValueError(`column ${column.name}: the mask's pattern takes too long on this text here`)
  const characters = [...value]
  let text = ""
  let at = 0
  for (const { start, end, groups } of found) {
    const parts = replacement.map((part) => (part.kind === "group" ? (groups[part.number] ?? "") : part.text))
    text += characters.slice(at, start).join("") + parts.join("")
    at = end
  }
  return text + characters.slice(at).join("")
}

function partly({ first, last, character }: Extract<Cell, { kind: "partial" }>, value: string): string {
  const letters = [...value]
  if (letters.length <= first + last) return character.repeat(letters.length)
  const isShown = (at: number) => at < first || at >= letters.length - last
  return letters.map((letter, at) => (isShown(at) ? letter : character)).join("")
}

function beginning({ column, unit }: Extract<Cell, { kind: "dateTrunc" }>, value: string): RowValue {
  if (!/^\d{4}-/.test(value) || value.startsWith("0000")) return null
  const at = new Date(`${value.slice(0, 10)}T${value.slice(11, 19) || "00:00:00"}Z`)
  toBeginning(at, unit)
  const text = at.toISOString().replace("T", " ")
  return column.kind === "date" ? text.slice(0, 10) : `${text.slice(0, 19)}.000000`
}

function toBeginning(at: Date, unit: DateUnit): void {
  at.setUTCMinutes(0, 0, 0)
  if (unit !== "hour") at.setUTCHours(0)
  if (unit === "week") at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7))
  if (unit === "year" || unit === "quarter" || unit === "month") at.setUTCDate(1)
  if (unit === "year") at.setUTCMonth(0)
  if (unit === "quarter") at.setUTCMonth(at.getUTCMonth() - (at.getUTCMonth() % 3))
}

function rounded({ kind }: GovernedColumn, value: string, bucket: string): RowValue {
  if (kind === "float") return roundedFloat(Number(value), Number(bucket))
  const digits = fractionDigits(value, bucket)
  const [units, step] = [scaled(value, digits), scaled(bucket, digits)]
  return decimalText(units - (units % step), digits)
}

function roundedFloat(value: number, step: number): RowValue {
  if (Number.isNaN(value) || !(Math.abs(value) < step * 2 ** 52)) return null
  return String(Math.abs(value) < step ? 0 : Math.trunc(value / step) * step)
}

function decimalText(units: bigint, digits: number): string {
  const text = String(units < 0n ? -units : units).padStart(digits + 1, "0")
  const sign = units < 0n ? "-" : ""
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}
