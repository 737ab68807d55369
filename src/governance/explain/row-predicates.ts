import { createHash } from "node:crypto"
import type { LikePart } from "../grammar/like.ts"
import type { Person } from "../model/person.ts"
import type { TimeSpan } from "../model/policy.ts"
import type { GovernedColumn } from "../model/source.ts"
import type { Comparison, Predicate } from "../plan/predicates.ts"
import { shareOfHashes } from "../render/predicate-sql.ts"
import { compareValues, type RowValues } from "./column-values.ts"

/** Unknown: null. */
export type Truth = boolean | null

/** A row, who looks at it, and when. */
export interface RowAsked {
  row: RowValues
  person: Person
  now: Date
  /** With which samples are drawn. */
  secret(id: string): string
}

/** A question of a plan, answered for one row, as an engine answers it. The person's facts were put in before. */
export function isTrue(predicate: Predicate, asked: RowAsked): Truth {
  switch (predicate.kind) {
    case "constant":
      return predicate.value
    case "fact":
      throw new Error(`fact ${predicate.fact} of the plan was not put in`)
    case "all":
      return allOf(predicate.of.map((one) => isTrue(one, asked)))
    case "any":
      return anyOf(predicate.of.map((one) => isTrue(one, asked)))
    case "not": {
      const inner = isTrue(predicate.of, asked)
      return inner === null ? null : !inner
    }
    case "isNotFalse":
      return isTrue(predicate.of, asked) !== false
    case "isNull":
      return heldBy(predicate.column, asked) === null
    case "sample":
      return isSampled(predicate, asked)
    default:
      return isTrueOfValue(predicate, asked)
  }
}

function allOf(answers: readonly Truth[]): Truth {
  if (answers.includes(false)) return false
  return answers.includes(null) ? null : true
}

function anyOf(answers: readonly Truth[]): Truth {
  if (answers.includes(true)) return true
  return answers.includes(null) ? null : false
}

type OfValue = Extract<
  Predicate,
  { kind: "compare" | "compareColumns" | "in" | "like" | "attributeValue" | "groupName" | "age" }
>

/** Unknown for null. */
function isTrueOfValue(predicate: OfValue, asked: RowAsked): Truth {
  const column = predicate.kind === "compareColumns" ? predicate.left : predicate.column
  const value = heldBy(column, asked)
  if (value === null) return null
  switch (predicate.kind) {
    case "compare":
      return compares(column, predicate.operator, [value, predicate.literal.text])
    case "compareColumns": {
      const right = heldBy(predicate.right, asked)
      return right === null ? null : compares(column, predicate.operator, [value, right])
    }
    case "in":
      return predicate.literals.some(({ text }) => compareValues(column.kind, value, text) === 0)
    case "like":
      return likeExpression(predicate.pattern).test(value)
    case "attributeValue":
      return asked.person.attributes.get(predicate.attribute)?.has(value) ?? false
    case "groupName":
      return asked.person.groups.has(value)
    case "age":
      return isOfAge(predicate, value, asked.now)
  }
}

function heldBy({ name }: GovernedColumn, { row }: RowAsked): string | null {
  return row.get(name) ?? null
}

function compares({ kind }: GovernedColumn, operator: Comparison, [a, b]: [string, string]): boolean {
  const order = compareValues(kind, a, b)
  switch (operator) {
    case "=":
      return order === 0
    case "<>":
      return order !== 0
    case "<":
      return order < 0
    case "<=":
      return order <= 0
    case ">":
      return order > 0
    case ">=":
      return order >= 0
  }
}

function likeExpression(parts: readonly LikePart[]): RegExp {
  const texts = parts.map((part) => {
    if (part.kind === "text") return part.text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
    return part.kind === "anyText" ? "[^]*" : "[^]"
  })
  // Runs of `%` are one, so that no text is tried in more ways than it has places.
  return new RegExp(`^${texts.join("").replace(/(?:\[\^\]\*)+/g, "[^]*")}$`, "u")
}

function isOfAge(
  { column: { kind }, keeps, than }: Extract<Predicate, { kind: "age" }>,
  value: string,
  now: Date,
): boolean {
  const limit = earlier(now, than).toISOString().replace("T", " ")
  const text = kind === "date" ? limit.slice(0, 10) : `${limit.slice(0, 23)}000`
  const order = compareValues(kind, value, text)
  return keeps === "newer" ? order > 0 : order < 0
}

const spanMs = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** Months end on their last day, as the engines' intervals do. */
function earlier(now: Date, { count, unit }: TimeSpan): Date {
  if (unit !== "month" && unit !== "year") return new Date(now.getTime() - count * spanMs[unit])
  const limit = new Date(now)
  const day = limit.getUTCDate()
  limit.setUTCDate(1)
  limit.setUTCMonth(limit.getUTCMonth() - count * (unit === "year" ? 12 : 1))
  const last = new Date(Date.UTC(limit.getUTCFullYear(), limit.getUTCMonth() + 1, 0)).getUTCDate()
  limit.setUTCDate(Math.min(day, last))
  return limit
}

function isSampled(
  { columns, secretId, percent }: Extract<Predicate, { kind: "sample" }>,
  asked: RowAsked,
): boolean {
  const texts = columns.map((column) => `${heldBy(column, asked) ?? ""}|`)
  const hash = sha256([asked.secret(secretId), ...texts].join(""))
  return hash.slice(0, 8) < shareOfHashes(percent)
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
