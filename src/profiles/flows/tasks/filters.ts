import { unreachable } from "../../../domain/unreachable.ts"
import type { Comparison, FilterOperator } from "../definition/connectors.ts"
import type { FlowTask } from "../definition/flow-definition.ts"
import { compareDecimals, parseDecimal } from "./decimal.ts"
import { type FlowRecord, fieldOf, textOf } from "./record.ts"

type Kind = "text" | "number" | "time" | "boolean" | "unknown"

const kinds = {
  text: ["string", "text"],
  number: [
    ...["integer", "int", "long", "short", "byte", "number", "numeric", "currency"],
    ...["float", "double", "decimal", "bigdecimal"],
  ],
  time: ["date", "datetime", "timestamp"],
  boolean: ["boolean", "bool"],
} as const satisfies Partial<Record<Kind, readonly string[]>>

const kindByName: ReadonlyMap<string, Kind> = new Map(
  Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => [name, kind as Kind] as const)),
)

/** Whether a record passes a Filter task that compares. */
export type Predicate = (record: FlowRecord) => boolean

/** @param task any Filter but a projection, which takes columns and drops no record */
export function predicateOf({ operator, sourceFields, properties }: FlowTask): Predicate {
  const [field = ""] = sourceFields
  const kind = kindByName.get((properties.DATA_TYPE ?? "").toLowerCase()) ?? "unknown"
  const test = testOf(operator as Exclude<FilterOperator, "PROJECTION">, kind, properties)
  return (record) => test(fieldOf(record, field))
}

function testOf(
  operator: Exclude<FilterOperator, "PROJECTION">,
  kind: Kind,
  properties: FlowTask["properties"],
): (value: unknown) => boolean {
  if (operator === "BETWEEN") {
    const { LOWER_BOUND: low = "", UPPER_BOUND: high = "" } = properties
    return (value) =>
      holds("GREATER_THAN_OR_EQUAL_TO", kind, value, low) && holds("LESS_THAN_OR_EQUAL_TO", kind, value, high)
  }
  const wanted = valuesOf(properties)
  if (operator === "CONTAINS")
    return (value) => value !== undefined && wanted.some((one) => textOf(value).includes(one))
  // A value that is absent is equal to none.
  if (operator === "NOT_EQUAL_TO")
    return (value) => !wanted.some((one) => holds("EQUAL_TO", kind, value, one))
  return (value) => wanted.some((one) => holds(operator, kind, value, one))
}

/** VALUES is a list with commas, VALUE is one value with whatever is in it. */
function valuesOf({ VALUE, VALUES }: FlowTask["properties"]): string[] {
  return VALUES === undefined ? [VALUE ?? ""] : VALUES.split(",").map((one) => one.trim())
}

function holds(operator: Comparison, kind: Kind, value: unknown, wanted: string): boolean {
  if (value === undefined) return false
  const order = compare(kind, value, wanted)
  if (order === undefined) return false
  switch (operator) {
    case "LESS_THAN":
      return order < 0
    case "GREATER_THAN":
      return order > 0
    case "LESS_THAN_OR_EQUAL_TO":
      return order <= 0
    case "GREATER_THAN_OR_EQUAL_TO":
      return order >= 0
    case "EQUAL_TO":
      return order === 0
    case "NOT_EQUAL_TO":
      return order !== 0
    default:
      return unreachable(operator)
  }
}

/** `undefined`: the two cannot be compared, so the record does not pass. */
function compare(kind: Kind, value: unknown, wanted: string): number | undefined {
  switch (kind) {
    case "text":
      return compareTexts(textOf(value), wanted)
    case "number":
      return compareNumbers(value, wanted)
    case "time":
      return compareTimes(value, wanted)
    case "boolean":
      return compareTexts(textOf(value).toLowerCase(), wanted.toLowerCase())
    case "unknown":
      return compareNumbers(value, wanted) ?? compareTexts(textOf(value), wanted)
    default:
      return unreachable(kind)
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareNumbers(value: unknown, wanted: string): number | undefined {
  const [a, b] = [parseDecimal(value), parseDecimal(wanted)]
  return a === undefined || b === undefined ? undefined : compareDecimals(a, b)
}

function compareTimes(value: unknown, wanted: string): number | undefined {
  const [a, b] = [timeMs(value), timeMs(wanted)]
  return a === undefined || b === undefined ? undefined : a - b
}

/** Milliseconds since 1970, as AppFlow writes times, or ISO 8601, as sources do; without a zone it is UTC. */
export function timeMs(value: unknown): number | undefined {
  if (typeof value === "number") return value
  if (typeof value !== "string" || value.trim() === "") return undefined
  const text = value.trim()
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  const hasTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)
  const hasZone = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(text.slice(10))
  const parsed = Date.parse(hasTime && !hasZone ? `${text.replace(" ", "T")}Z` : withWholeZone(text))
  return Number.isNaN(parsed) ? undefined : parsed
}

/** PostgreSQL writes `+00`. */
function withWholeZone(text: string): string {
  return text
    .replace(" ", "T")
    .replace(/([+-]\d\d)$/, (zone, _hours, at: number) => (at > 10 ? `${zone}:00` : zone))
}
