/**
 * Comparisons of a column with constants that fail for no value of the column, and whose constants can be cast: PostgreSQL calls such
 * an operator leakproof. A constant that cannot be cast fails only if a row comes to it, which would tell of that row.
 */
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

export interface Comparison {
  column: Tree
  others: readonly TreeValue[]
}

const comparing: ReadonlySet<string> = new Set([
  "COMPARE_BETWEEN",
  "COMPARE_EQUAL",
  "COMPARE_GREATERTHAN",
  "COMPARE_GREATERTHANOREQUALTO",
  "COMPARE_IN",
  "COMPARE_LESSTHAN",
  "COMPARE_LESSTHANOREQUALTO",
  "COMPARE_NOTEQUAL",
])
const likewise: ReadonlySet<string> = new Set([
  "COMPARE_DISTINCT_FROM",
  "COMPARE_NOT_BETWEEN",
  "COMPARE_NOT_DISTINCT_FROM",
  "COMPARE_NOT_IN",
])

/** A comparison of one column with what is no column. */
export function comparisonOf(node: Tree): Comparison | undefined {
  const type = textAt(node, "type")
  if (!comparing.has(type) && !likewise.has(type)) return undefined
  const operands = operandsOf(node)
  const [column, ...more] = operands.filter(isColumnNode)
  if (column === undefined || more.length > 0) return undefined
  return { column, others: operands.filter((one) => one !== column) }
}

/** Whether it is true of no null. */
export function rejectsNull(node: Tree): boolean {
  return comparing.has(textAt(node, "type"))
}

function operandsOf(node: Tree): TreeValue[] {
  const { children, input, left, lower, right, upper } = node
  if (Array.isArray(children)) return children
  return [input, lower, upper, left, right].filter((one) => one !== undefined)
}

export function isColumnNode(value: TreeValue): value is Tree {
  return isTree(value) && value.class === "COLUMN_REF"
}

export function isConstantNode(value: TreeValue): value is Tree {
  return isTree(value) && value.class === "CONSTANT"
}

/** As the engine calls it: `VARCHAR`. */
export function typeOfConstant(constant: Tree): string {
  return isTree(constant.value) && isTree(constant.value.type) ? textAt(constant.value.type, "id") : ""
}

/** Digits of the greatest value. */
const integerDigits: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19, HUGEINT: 39 },
    ...{ UTINYINT: 3, USMALLINT: 5, UINTEGER: 10, UBIGINT: 20, UHUGEINT: 39 },
  }),
)

export function isIntegerType(type: string): boolean {
  return integerDigits.has(type)
}

/** Digits before and behind the point. */
interface Digits {
  whole: number
  fraction: number
}

function digitsOfType(type: string): Digits | undefined {
  const integer = integerDigits.get(type)
  if (integer !== undefined) return { whole: integer, fraction: 0 }
  const [, width, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? []
  return width === undefined ? undefined : { whole: Number(width) - Number(scale), fraction: Number(scale) }
}

function digitsOfConstant({ value }: Tree): Digits | undefined {
  const type = isTree(value) && isTree(value.type) ? value.type : {}
  const { width, scale } = isTree(type.type_info) ? type.type_info : {}
  if (typeof width === "number" && typeof scale === "number") return { whole: width - scale, fraction: scale }
  return digitsOfType(textAt(type, "id"))
}

const floats: ReadonlySet<string> = new Set(["DOUBLE", "FLOAT"])

/** Whether comparing a column of the type with the constant fails neither for a value nor for the constant. */
export function cannotFail(type: string, constant: Tree): boolean {
  const value = isTree(constant.value) ? constant.value : undefined
  if (value === undefined) return false
  if (value.is_null === true) return true
  const of = typeOfConstant(constant)
  if (of === "VARCHAR") return typeof value.value === "string" && isTextOf(type, value.value)
  if (of === "BOOLEAN") return type === "BOOLEAN"
  const digits = digitsOfType(type)
  if (digits === undefined)
    return floats.has(type) && (floats.has(of) || digitsOfConstant(constant) !== undefined)
  if (floats.has(of)) return true
  if (isIntegerType(type) && isIntegerType(of)) return true
  const others = digitsOfConstant(constant)
  // Both become a decimal that has room for both, if there is one.
  return (
    others !== undefined &&
    Math.max(digits.whole, others.whole) + Math.max(digits.fraction, others.fraction) <= 38
  )
}

const textForms: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    TINYINT: /^-?\d{1,2}$/,
    SMALLINT: /^-?\d{1,4}$/,
    INTEGER: /^-?\d{1,9}$/,
    BIGINT: /^-?\d{1,18}$/,
    HUGEINT: /^-?\d{1,37}$/,
    UTINYINT: /^\d{1,2}$/,
    USMALLINT: /^\d{1,4}$/,
    UINTEGER: /^\d{1,9}$/,
    UBIGINT: /^\d{1,19}$/,
    FLOAT: /^-?\d{1,15}(\.\d{1,15})?$/,
    DOUBLE: /^-?\d{1,15}(\.\d{1,15})?$/,
    BOOLEAN: /^(true|false|t|f)$/i,
    UUID: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    VARCHAR: /^/,
  }),
)

/** Whether the text is certainly one of the type's. */
function isTextOf(type: string, text: string): boolean {
  if (/^(DATE|TIMESTAMP)/.test(type)) return isMoment(text)
  const decimal = /^DECIMAL/.test(type) ? digitsOfType(type) : undefined
  if (decimal === undefined) return textForms.get(type)?.test(text) ?? false
  const [, whole = "", fraction = ""] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  return whole !== "" && whole.length <= decimal.whole && fraction.length <= decimal.fraction
}

function isMoment(text: string): boolean {
  const [, day = ""] =
    /^([12]\d{3}-\d\d-\d\d)(?:[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?$/.exec(text) ?? []
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}
