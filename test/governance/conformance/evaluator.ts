/**
 * What a person sees of a source, row by row and cell by cell, as docs/governance/policies.md says it. Written from there and
 * not from the compiler: slow, and obviously right. A row is a text for each column, or null.
 */
import { createHash } from "node:crypto"
import type { Condition } from "../../../src/governance/model/condition.ts"
import type { Person } from "../../../src/governance/model/person.ts"
import type {
  Circumstance,
  ColumnChoice,
  DataRule,
  Mask,
  Policy,
} from "../../../src/governance/model/policy.ts"
import type { GovernedColumn, GovernedSource } from "../../../src/governance/model/source.ts"
import { compare, isTrueFor, type Kinds, type Row, type WhereTree } from "./where-tree.ts"

export interface Evaluation {
  source: GovernedSource
  policies: readonly Policy[]
  /** The tree of each `where` text. */
  trees: ReadonlyMap<string, WhereTree>
  secrets: ReadonlyMap<string, string>
  /** Time rules count back from here. */
  now: Date
}

/** The rows that the person sees. `undefined`: somebody without a profile. */
export function visibleRows(world: Evaluation, person: Person | undefined, rows: readonly Row[]): Row[] {
  if (person === undefined || person.isDisabled) return []
  const policies = world.policies.filter((policy) => !policy.isStaged && isFor(policy, world.source))
  const subscriptions = policies.filter((policy) => policy.kind === "subscription")
  if (subscriptions.length === 0) return []
  if (!subscriptions.every(({ rule }) => isSubscribed(rule, person, world.source))) return []
  const rules = policies.flatMap((policy) => (policy.kind === "data" ? policy.rules : []))
  return rows
    .filter((row) => rules.every((rule) => isExempt(rule, person) || keepsRow(world, rule, row, person)))
    .map((row) => maskedRow(world, rules, row, person))
}

function isFor({ circumstances }: Policy, source: GovernedSource): boolean {
  const results = circumstances.of.map((one) => circumstanceHolds(one, source))
  if (results.length === 0) return false
  return circumstances.operator === "all" ? !results.includes(false) : results.includes(true)
}

const hasTag = (tags: readonly string[], tag: string) => tags.some((one) => `${one}.`.startsWith(`${tag}.`))
const matches = ({ pattern, ignoresCase }: { pattern: string; ignoresCase: boolean }, text: string) =>
  new RegExp(pattern, ignoresCase ? "ius" : "us").test(text)

function circumstanceHolds(one: Circumstance, { name, table, tags, columns }: GovernedSource): boolean {
  switch (one.kind) {
    case "everything":
      return true
    case "source":
      return one.name === name
    case "schema":
      return one.name === table.schema
    case "tag":
      return hasTag(tags, one.tag)
    case "anyTag":
      return tags.length > 0
    case "noTags":
      return tags.length === 0
    case "columnTag":
      return columns.some((column) => hasTag(column.tags, one.tag))
    case "columnRegex":
      return columns.some((column) => matches(one, column.name))
  }
}

function isSubscribed(
  rule: Extract<Policy, { kind: "subscription" }>["rule"],
  person: Person,
  { id }: GovernedSource,
): boolean {
  if (rule.kind === "anyone") return true
  return rule.kind === "entitlements" ? meets(person, rule.condition) : person.subscriptions.has(id)
}

function meets(person: Person, condition: Condition): boolean {
  switch (condition.kind) {
    case "group":
      return person.groups.has(condition.name)
    case "attribute":
      return person.attributes.get(condition.name)?.has(condition.value) === true
    case "purpose":
      return hasPurpose(person, condition.name)
    case "any":
      return condition.of.some((one) => meets(person, one))
    case "all":
      return condition.of.every((one) => meets(person, one))
    case "not":
      return !meets(person, condition.of)
  }
}

function hasPurpose({ purposes }: Person, name: string): boolean {
  return [...purposes].some((one) => one === name || one.startsWith(`${name}.`))
}

function isExempt({ unless }: DataRule, person: Person): boolean {
  return unless !== undefined && meets(person, unless)
}

const kindsOf = ({ columns }: GovernedSource): Kinds =>
  Object.fromEntries(columns.map(({ name, kind }) => [name, kind]))

function keepsRow(world: Evaluation, rule: DataRule, row: Row, person: Person): boolean {
  switch (rule.kind) {
    case "mask":
      return true
    case "purpose":
      return rule.anyOf.some((name) => hasPurpose(person, name))
    case "minimize":
      return isSampled(world, row, rule.percent)
    case "time":
      return isOfAge(world, row, rule)
    case "rowFilter":
      break
  }
  const { filter } = rule
  if (filter.kind === "where") return whereHolds(world, filter.text, row, person) === true
  const value = row[filter.column] ?? null
  if (value === null) return false
  return filter.kind === "group"
    ? person.groups.has(value)
    : (person.attributes.get(filter.attribute)?.has(value) ?? false)
}

function whereHolds({ trees, source }: Evaluation, text: string, row: Row, person: Person): boolean | null {
  const tree = trees.get(text)
  if (tree === undefined) throw new Error(`no tree of ${text}`)
  return isTrueFor(tree, row, person, kindsOf(source))
}

function isOfAge({ source, now }: Evaluation, row: Row, rule: Extract<DataRule, { kind: "time" }>): boolean {
  const { eventTimeColumn = "" } = source
  const kind = source.columns.find(({ name }) => name === eventTimeColumn)?.kind
  const limit = new Date(now)
  const { count, unit } = rule.than
  if (unit === "year") limit.setUTCFullYear(limit.getUTCFullYear() - count)
  else if (unit === "month") limit.setUTCMonth(limit.getUTCMonth() - count)
  else limit.setTime(limit.getTime() - count * { second: 1e3, minute: 6e4, hour: 36e5, day: 864e5 }[unit])
  const text = limit
    .toISOString()
    .replace("T", " ")
    .slice(0, kind === "date" ? 10 : 19)
  return compare(row[eventTimeColumn] ?? null, rule.keeps === "newer" ? ">" : "<", text) === true
}

function isSampled({ source, secrets }: Evaluation, row: Row, percent: number): boolean {
  const names =
    source.keyColumns ??
    source.columns
      .filter(({ kind }) => ["text", "integer", "boolean", "date"].includes(kind))
      .map(({ name }) => name)
  const texts = names.map((name) => `${row[name] ?? ""}|`).join("")
  const share = Number.parseInt(sha256(`${secrets.get(source.saltId)}${texts}`).slice(0, 8), 16)
  return share < Math.floor((percent / 100) * 2 ** 32)
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

function isChosen(choice: ColumnChoice, { name, tags }: GovernedColumn): boolean {
  switch (choice.kind) {
    case "name":
      return choice.name === name
    case "tag":
      return hasTag(tags, choice.tag)
    case "anyTag":
      return tags.length > 0
    case "noTags":
      return tags.length === 0
    case "regex":
      return matches(choice, name)
  }
}

function maskedRow(world: Evaluation, rules: readonly DataRule[], row: Row, person: Person): Row {
  const cells = world.source.columns.map((column) => {
    const masks = rules.flatMap((rule) => {
      if (rule.kind !== "mask" || isExempt(rule, person)) return []
      if (!rule.columns.some((choice) => isChosen(choice, column))) return []
      return isCellMasked(world, rule, row, person) ? [rule.mask] : []
    })
    return [column.name, maskedCell(world, column, masks, row[column.name] ?? null)] as const
  })
  return Object.fromEntries(cells)
}

function isCellMasked(
  world: Evaluation,
  { when }: Extract<DataRule, { kind: "mask" }>,
  row: Row,
  person: Person,
): boolean {
  if (when === undefined) return true
  if ("where" in when) return whereHolds(world, when.where, row, person) !== false
  const kind = world.source.columns.find(({ name }) => name === when.column)?.kind
  return compare(row[when.column] ?? null, when.operator, String(when.value), kind) !== false
}

const order = ["null", "constant", "hash", "regex", "partial", "dateTrunc", "round"] as const

function maskedCell(
  world: Evaluation,
  column: GovernedColumn,
  masks: readonly Mask[],
  value: string | null,
): string | null {
  const kept = masks.map((mask) => (keepsType(mask, column) ? mask : ({ kind: "null" } as const)))
  const kind = order.find((one) => kept.some((mask) => mask.kind === one))
  if (kind === undefined) return value
  const settings = new Set(kept.filter((mask) => mask.kind === kind).map((mask) => JSON.stringify(mask)))
  const strictest = kept.find((mask) => mask.kind === kind) as Mask
  return settings.size > 1 ? null : maskValue(world, strictest, column, value)
}

function keepsType(mask: Mask, { kind }: GovernedColumn): boolean {
  switch (mask.kind) {
    case "null":
      return true
    case "constant":
      if (kind === "text") return true
      if (kind === "integer") return /^-?\d+$/.test(mask.value)
      if (kind === "decimal" || kind === "float") return /^-?\d+(\.\d\d?)?$/.test(mask.value)
      return kind === "boolean" && /^(true|false)$/.test(mask.value)
    case "hash":
    case "regex":
    case "partial":
      return kind === "text"
    case "dateTrunc":
      return kind === "date" || kind === "timestamp" || kind === "timestamptz"
    case "round":
      if (kind === "integer") return Number.isInteger(mask.bucket)
      return kind === "decimal" || kind === "float"
    case "reversible":
      throw new Error("not generated")
  }
}

function maskValue(
  world: Evaluation,
  mask: Mask,
  column: GovernedColumn,
  value: string | null,
): string | null {
  if (mask.kind === "null") return null
  if (mask.kind === "constant") return mask.value
  if (value === null) return null
  switch (mask.kind) {
    case "hash": {
      const id = mask.joinableInProject ? `project:${mask.joinableInProject}` : world.source.saltId
      return sha256(`${world.secrets.get(id)}${value}`)
    }
    case "regex":
      return replaced(value, mask)
    case "partial": {
      const letters = [...value]
      if (letters.length <= mask.first + mask.last) return mask.character.repeat(letters.length)
      const isShown = (at: number) => at < mask.first || at >= letters.length - mask.last
      return letters.map((letter, at) => (isShown(at) ? letter : mask.character)).join("")
    }
    case "dateTrunc":
      return truncated(value, mask.unit, column.kind === "date" ? 10 : 19)
    case "round":
      return rounded(value, mask.bucket, column.kind)
    case "reversible":
      throw new Error("not generated")
  }
}

function replaced(value: string, { pattern, replacement }: Extract<Mask, { kind: "regex" }>): string {
  return value.replace(new RegExp(pattern, "gus"), (...found: unknown[]) =>
    replacement.replace(/\\(\d|\\)/g, (_, sign: string) =>
      sign === "\\" ? sign : String(found[Number(sign)] ?? ""),
    ),
  )
}

function truncated(
  value: string,
  unit: Extract<Mask, { kind: "dateTrunc" }>["unit"],
  length: number,
): string | null {
  if (!/^\d{4}-/.test(value)) return null
  const at = new Date(`${value.slice(0, 10)}T${value.slice(11, 19) || "00:00:00"}Z`)
  at.setUTCMilliseconds(0)
  at.setUTCMinutes(0, 0)
  if (unit !== "hour") at.setUTCHours(0)
  if (unit === "week") at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7))
  if (unit === "year" || unit === "quarter" || unit === "month") at.setUTCDate(1)
  if (unit === "year") at.setUTCMonth(0)
  if (unit === "quarter") at.setUTCMonth(at.getUTCMonth() - (at.getUTCMonth() % 3))
  return at.toISOString().replace("T", " ").slice(0, length)
}

function rounded(value: string, bucket: number, kind: GovernedColumn["kind"]): string | null {
  if (kind === "float") {
    const number = Number(value)
    if (Number.isNaN(number) || !(Math.abs(number) < bucket * 2 ** 52)) return null
    return String(Math.abs(number) < bucket ? 0 : Math.trunc(number / bucket) * bucket)
  }
  // In hundredths, which are whole.
  const [whole = "", fraction = ""] = value.split(".")
  const hundredths = BigInt(`${whole}${fraction.padEnd(2, "0")}`)
  const step = BigInt(Math.round(bucket * 100))
  const kept = (hundredths / step) * step
  const digits = String(kept < 0n ? -kept : kept).padStart(3, "0")
  const sign = kept < 0n ? "-" : ""
  return kind === "integer" ? String(kept / 100n) : `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}
