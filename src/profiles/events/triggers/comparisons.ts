import type { ComparisonOperator } from "./trigger.ts"

/**
 * Whether a value of an object compares as asked. `values` obey `mistakesInValues`. A value that is absent, empty or of a kind that cannot
 * be compared so (a text that is no number, no date) meets no comparison, also none of those that exclude. Of a list one element that meets
 * it is enough; EXCLUSIVE and NOT_BETWEEN want it of all. Text is compared with its case.
 */
export function compares(value: unknown, operator: ComparisonOperator, values: readonly string[]): boolean {
  if (!Array.isArray(value)) return comparesOne(value, operator, values)
  if (operator === "EXCLUSIVE" || operator === "NOT_BETWEEN")
    return value.length > 0 && value.every((one) => comparesOne(one, operator, values))
  return value.some((one) => comparesOne(one, operator, values))
}

function comparesOne(value: unknown, operator: ComparisonOperator, values: readonly string[]): boolean {
  const text = textOf(value)
  if (text === undefined) return false
  const [first = "", second = ""] = values
  switch (operator) {
    case "INCLUSIVE":
      return values.includes(text)
    case "EXCLUSIVE":
      return !values.includes(text)
    case "CONTAINS":
      return values.some((one) => text.includes(one))
    case "BEGINS_WITH":
      return values.some((one) => text.startsWith(one))
    case "ENDS_WITH":
      return values.some((one) => text.endsWith(one))
    case "EQUAL":
      return values.some((one) => one === text || order(text, one, numberOf) === 0)
    case "GREATER_THAN":
      return is(order(text, first, numberOf), (sign) => sign > 0)
    case "LESS_THAN":
      return is(order(text, first, numberOf), (sign) => sign < 0)
    case "GREATER_THAN_OR_EQUAL":
      return is(order(text, first, numberOf), (sign) => sign >= 0)
    case "LESS_THAN_OR_EQUAL":
      return is(order(text, first, numberOf), (sign) => sign <= 0)
    case "BEFORE":
      return is(order(text, first, timeOf), (sign) => sign < 0)
    case "AFTER":
      return is(order(text, first, timeOf), (sign) => sign > 0)
    case "ON":
      return is(order(text, first, dayOf), (sign) => sign === 0)
    case "BETWEEN":
      return isBetween(text, first, second) === true
    case "NOT_BETWEEN":
      return isBetween(text, first, second) === false
  }
}

/** What is wrong with the values of a comparison; undefined: nothing. */
export function mistakeInValues(operator: ComparisonOperator, values: readonly string[]): string | undefined {
  switch (operator) {
    case "GREATER_THAN":
    case "LESS_THAN":
    case "GREATER_THAN_OR_EQUAL":
    case "LESS_THAN_OR_EQUAL":
      return values.length === 1 && numberOf(values[0] ?? "") !== undefined ? undefined : "takes one number"
    case "BEFORE":
    case "AFTER":
    case "ON":
      return values.length === 1 && timeOf(values[0] ?? "") !== undefined
        ? undefined
        : "takes one date or time (ISO 8601, or milliseconds since 1970)"
    case "BETWEEN":
    case "NOT_BETWEEN":
      return values.length === 2 && is(rangeOrder(values), (sign) => sign <= 0)
        ? undefined
        : "takes two numbers or two dates, the smaller one first"
    case "INCLUSIVE":
    case "EXCLUSIVE":
    case "CONTAINS":
    case "BEGINS_WITH":
    case "ENDS_WITH":
    case "EQUAL":
      return values.length > 0 ? undefined : "takes at least one value"
  }
}

function rangeOrder([low = "", high = ""]: readonly string[]): number | undefined {
  return order(low, high, numberOf) ?? order(low, high, timeOf)
}

/** Both ends belong to the range. Undefined: the value has no place in an order with them. */
function isBetween(text: string, low: string, high: string): boolean | undefined {
  const read = numberOf(low) !== undefined && numberOf(high) !== undefined ? numberOf : timeOf
  const [fromLow, fromHigh] = [order(text, low, read), order(text, high, read)]
  return fromLow === undefined || fromHigh === undefined ? undefined : fromLow >= 0 && fromHigh <= 0
}

/** Negative: `a` comes first. Undefined: one of them cannot be read so. */
function order(a: string, b: string, read: (text: string) => number | undefined): number | undefined {
  const [x, y] = [read(a), read(b)]
  return x === undefined || y === undefined ? undefined : x - y
}

function is(sign: number | undefined, wanted: (sign: number) => boolean): boolean {
  return sign !== undefined && wanted(sign)
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value === "" ? undefined : value
    case "number":
    case "boolean":
    case "bigint":
      return String(value)
    default:
      return undefined
  }
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i

function numberOf(text: string): number | undefined {
  const trimmed = text.trim()
  return decimal.test(trimmed) ? Number(trimmed) : undefined
}

const date = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/
const zone = /(?:Z|[+-]\d{2}:?\d{2})$/
/** As many digits as milliseconds since 1970 have from 2001 to 2286. */
const milliseconds = /^\d{13}$/

/** In ms since 1970. A time without a zone is in UTC. */
function timeOf(text: string): number | undefined {
  const trimmed = text.trim()
  if (milliseconds.test(trimmed)) return Number(trimmed)
  if (!date.test(trimmed)) return undefined
  const hasTime = trimmed.length > 10
  const ms = Date.parse(
    hasTime && !zone.test(trimmed) ? `${trimmed.replace(" ", "T")}Z` : trimmed.replace(" ", "T"),
  )
  return Number.isNaN(ms) ? undefined : ms
}

const dayMs = 86_400_000

function dayOf(text: string): number | undefined {
  const ms = timeOf(text)
  return ms === undefined ? undefined : Math.floor(ms / dayMs)
}
