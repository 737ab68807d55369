import { isFor } from "../compile/circumstances.ts"
import { compileSource, type SourceToCompile } from "../compile/compile-source.ts"
import { PatternError } from "../grammar/pattern.ts"
import { onSource, type Person } from "../model/person.ts"
import type { DataRule, Policy, SubscriptionRule } from "../model/policy.ts"
import type { Cell } from "../plan/cells.ts"
import { planFor } from "../plan/fold.ts"
import type { PlanRefusal, PlanWarning } from "../plan/plan.ts"
import { type MaskingRule, maskingRules } from "./column-masks.ts"
import { meets, unmet } from "./meets.ts"
import { whyHere } from "./why-here.ts"

/** What one rule does to what the person sees. */
export interface RuleExplanation {
  policyKey: string
  /** From 1, in the order of the document; a subscription policy has one. */
  rule: number
  /** In words: `mask hash`, `row filter by region`. */
  what: string
  effect: /** It hides rows or values from this person. */
    | "applies"
    /** A subscription rule that the person meets or not. */
    | "met"
    | "notMet"
    /** The person meets `unless`. */
    | "exempt"
    /** Compiled and not enforced. */
    | "staged"
  why: string
  /** Why the policy is for the source. */
  here: string
}

export interface ColumnExplanation {
  name: string
  /** `byRow`: in each row, what its conditions say. */
  shown: "clear" | "masked" | "byRow"
  /** Kinds of masks that the person may see, the strictest first. */
  masks: readonly Cell["kind"][]
  /** The rules that mask it for this person, the strictest first: in each row the first of those that hold is shown. */
  by: readonly MaskingRule[]
}

export interface Explanation {
  source: string
  /** `closed`: no view can stand. `none`: no row, whatever is in it. `all`: every row. `some`: by row. */
  rows: "closed" | "none" | "some" | "all"
  why: string
  rules: readonly RuleExplanation[]
  columns: readonly ColumnExplanation[]
  refusals: readonly PlanRefusal[]
  warnings: readonly PlanWarning[]
}

/**
 * Which rules hold for the person on the source, why, and what the person sees of each column. It says nothing of single rows:
 * those are asked of the governed view itself.
 *
 * @param known `undefined`: somebody without a profile
 */
export function explain({ source, policies }: SourceToCompile, known: Person | undefined): Explanation {
  const person = known && onSource(known, source.id)
  const plan = compileSource({ source, policies })
  const here = policies.filter((policy) => isHere(policy, source))
  const rules = person === undefined ? [] : here.flatMap((policy) => rulesOf(policy, { person, source }))
  if (plan.kind === "notBuilt") {
    const why = "a policy cannot be kept on the source, so that nobody sees rows of it"
    return {
      source: source.name,
      rows: "closed",
      why,
      rules,
      columns: [],
      refusals: plan.refusals,
      warnings: [],
    }
  }
  const personal = planFor(plan, person)
  const rows = personal.filter.kind === "constant" ? (personal.filter.value ? "all" : "none") : "some"
  return {
    source: source.name,
    rows,
    why: whyRows(rows, person, rules),
    rules,
    columns:
      person === undefined || rows === "none"
        ? []
        : personal.columns.flatMap(({ name, cell }, at) => {
            const column = source.columns[at]
            const by = column === undefined ? [] : maskingRules(here, { source, column, person })
            return [{ name, ...shownOf(cell), by }]
          }),
    refusals: [],
    warnings: plan.warnings,
  }
}

/** A pattern that cannot be read is told by the plan's refusals. */
function isHere({ circumstances }: Policy, source: SourceToCompile["source"]): boolean {
  try {
    return isFor(circumstances, source)
  } catch (error) {
    if (error instanceof PatternError) return true
    throw error
  }
}

function reasonHere({ circumstances }: Policy, source: SourceToCompile["source"]): string {
  try {
    return whyHere(circumstances, source)
  } catch (error) {
    if (error instanceof PatternError) return "its circumstances cannot be read"
    throw error
  }
}

function whyRows(
  rows: "none" | "some" | "all",
  person: Person | undefined,
  rules: readonly RuleExplanation[],
): string {
  if (person === undefined) return "the person has no profile"
  if (person.isDisabled) return "the person is disabled"
  if (rows === "all") return "no rule hides rows from the person"
  if (rows === "some") return "row rules hold for the person: each row is judged"
  const isEnforced = rules.filter(({ effect }) => effect !== "staged")
  if (!isEnforced.some(({ effect }) => effect === "met" || effect === "notMet"))
    return "no subscription policy is for the source"
  const refused = isEnforced.find(({ effect }) => effect === "notMet")
  if (refused !== undefined) return `the subscription policy ${refused.policyKey} is not met: ${refused.why}`
  return "a row rule that holds for the person keeps no row"
}

function shownOf(cell: Cell): Omit<ColumnExplanation, "name" | "by"> {
  if (cell.kind === "clear") return { shown: "clear", masks: [] }
  if (cell.kind !== "choice") return { shown: "masked", masks: [cell.kind] }
  const cells = [...cell.cases.map(({ then }) => then), cell.otherwise].map(({ kind }) => kind)
  const masks = [...new Set(cells.filter((kind) => kind !== "clear"))]
  return { shown: cells.includes("clear") ? "byRow" : "masked", masks }
}

interface Asked {
  person: Person
  source: SourceToCompile["source"]
}

function rulesOf(policy: Policy, asked: Asked): RuleExplanation[] {
  const place = reasonHere(policy, asked.source)
  const head = (rule: number) => ({ policyKey: policy.key, rule, here: place })
  if (policy.isStaged)
    return [{ ...head(1), what: `${policy.kind} policy`, effect: "staged", why: "the policy is staged" }]
  if (policy.kind === "data")
    return policy.rules.map((rule, at) => ({
      ...head(at + 1),
      what: whatOf(rule),
      ...effectOf(rule, asked.person),
    }))
  return [
    { ...head(1), what: `subscription: ${policy.rule.kind}`, ...subscriptionEffect(policy.rule, asked) },
  ]
}

function subscriptionEffect(
  rule: SubscriptionRule,
  { person, source }: Asked,
): Pick<RuleExplanation, "effect" | "why"> {
  switch (rule.kind) {
    case "anyone":
      return { effect: "met", why: "it is for everybody with a profile" }
    case "entitlements":
      return meets(person, rule.condition)
        ? { effect: "met", why: "the person meets the condition" }
        : { effect: "notMet", why: unmet(person, rule.condition) }
    case "manual":
    case "approval":
      return person.subscriptions.has(source.id)
        ? { effect: "met", why: "the person is subscribed" }
        : { effect: "notMet", why: "the person is not subscribed" }
  }
}

function effectOf(rule: DataRule, person: Person): Pick<RuleExplanation, "effect" | "why"> {
  if (rule.unless === undefined) return { effect: "applies", why: "the rule has no exceptions" }
  return meets(person, rule.unless)
    ? { effect: "exempt", why: "the person meets `unless`" }
    : { effect: "applies", why: `\`unless\` is not met: ${unmet(person, rule.unless)}` }
}

function whatOf(rule: DataRule): string {
  switch (rule.kind) {
    case "mask":
      return `mask ${rule.mask.kind}${rule.when === undefined ? "" : " in some rows"}`
    case "rowFilter":
      return rule.filter.kind === "where" ? `rows where ${rule.filter.text}` : `rows by ${rule.filter.column}`
    case "purpose":
      return `purposes ${rule.anyOf.join(" or ")}`
    case "time":
      return `rows ${rule.keeps} than ${rule.than.count} ${rule.than.unit}`
    case "minimize":
      return `${rule.percent} percent of the rows`
  }
}
