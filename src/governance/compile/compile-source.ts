import { PatternError } from "../grammar/pattern.ts"
import type { DataPolicy, DataRule, Policy } from "../model/policy.ts"
import type { GovernedColumn, GovernedSource } from "../model/source.ts"
import { all, always, isNotFalse, never, not } from "../plan/forms.ts"
import type { SourcePlan, StagedPolicy } from "../plan/plan.ts"
import type { Predicate } from "../plan/predicates.ts"
import { isChosen, isFor } from "./circumstances.ts"
import { type ColumnMask, columnCell } from "./column-cells.ts"
import { exemption } from "./conditions.ts"
import { columnNamed, type Draft, NotForSource, newDraft, Refusal, warn } from "./draft.ts"
import { literalFor, writtenValue } from "./literals.ts"
import { maskCell } from "./mask-cells.ts"
import { rowPredicate, subscriptionPredicate } from "./row-rules.ts"
import { wherePredicate } from "./where-predicates.ts"

export interface SourceToCompile {
  source: GovernedSource
  /** All there are: those that are not for this source are passed over. */
  policies: readonly Policy[]
}

/**
 * What people see of a source, as data. Every policy that is for the source holds at once, each cell by the strictest mask.
 * A policy that cannot be kept gives no plan at all: it is never passed over.
 *
 * The plan is the same in whatever order the policies come.
 */
export function compileSource({ source, policies }: SourceToCompile): SourcePlan {
  const ordered = [...policies].sort((a, b) => (a.key < b.key ? -1 : 1))
  const draft = newDraft(source)
  const enforced = ordered.filter((policy) => !policy.isStaged && isForSource(draft, policy))
  const parts = partsOf(draft, enforced)
  const columns = source.columns.map((column) => plannedColumn(draft, column, parts.masks))
  const staged = stagedPolicies(source, ordered)
  if (draft.refusals.length > 0) return { kind: "notBuilt", source, refusals: draft.refusals, staged }
  return {
    kind: "built",
    source,
    facts: [...draft.facts.values()].map(({ fact }) => fact),
    secretIds: [...draft.secretIds].sort(),
    filter: all([subscription(draft, parts), ...parts.rows]),
    columns,
    policyKeys: enforced.map(({ key }) => key),
    warnings: draft.warnings,
    staged,
  }
}

interface Parts {
  subscriptions: Predicate[]
  rows: Predicate[]
  masks: Map<string, ColumnMask[]>
}

/** Does the work; what a policy cannot do here is noted as its refusal. */
function tried<T>(draft: Draft, policyKey: string, work: () => T): T | undefined {
  draft.policyKey = policyKey
  try {
    return work()
  } catch (error) {
    if (error instanceof NotForSource) {
      warn(draft, `a rule is not applied: ${error.message}`)
      return undefined
    }
    if (!(error instanceof Refusal || error instanceof PatternError)) throw error
    draft.refusals.push({ policyKey, message: error.message })
    return undefined
  }
}

function isForSource(draft: Draft, { key, circumstances }: Policy): boolean {
  return tried(draft, key, () => isFor(circumstances, draft.source)) ?? false
}

function partsOf(draft: Draft, policies: readonly Policy[]): Parts {
  const parts: Parts = { subscriptions: [], rows: [], masks: new Map() }
  for (const policy of policies) {
    if (policy.kind === "subscription") {
      const predicate = tried(draft, policy.key, () => subscriptionPredicate(draft, policy.rule))
      parts.subscriptions.push(predicate ?? never)
    } else
      for (const rule of policy.rules) tried(draft, policy.key, () => addRule(draft, policy, rule, parts))
  }
  return parts
}

/** Several subscription policies must all be met; without one nobody sees rows. */
function subscription(draft: Draft, { subscriptions }: Parts): Predicate {
  if (subscriptions.length > 0) return all(subscriptions)
  draft.policyKey = ""
  warn(draft, "no subscription policy is for this source: nobody sees rows of it")
  return never
}

function addRule(draft: Draft, policy: DataPolicy, rule: DataRule, parts: Parts): void {
  if (rule.kind !== "mask") {
    parts.rows.push(rowPredicate(draft, rule))
    return
  }
  const applies = all([not(exemption(draft, rule.unless)), cellPredicate(draft, rule)])
  for (const column of maskedColumns(draft, policy, rule)) {
    const cell = maskCell(draft, rule.mask, column) as ColumnMask["cell"]
    const masks = parts.masks.get(column.name) ?? []
    parts.masks.set(column.name, [...masks, { policyKey: policy.key, cell, applies }])
  }
}

type MaskRule = Extract<DataRule, { kind: "mask" }>

/** A named column that is missing is refused, unless the policy is for all sources there are. */
function maskedColumns(draft: Draft, { circumstances }: DataPolicy, { columns }: MaskRule): GovernedColumn[] {
  const isForEverything = circumstances.of.some(({ kind }) => kind === "everything")
  for (const choice of columns) {
    if (choice.kind !== "name" || isForEverything) continue
    columnNamed(draft, choice.name)
  }
  return draft.source.columns.filter((column) => columns.some((choice) => isChosen(choice, column)))
}

/** The rows in which the cell is masked; those where the comparison is unknown are. */
function cellPredicate(draft: Draft, { when }: MaskRule): Predicate {
  if (when === undefined) return always
  if ("where" in when) return whereCell(draft, when.where)
  const column = columnNamed(draft, when.column)
  const literal = literalFor(column, writtenValue(when.value))
  if (literal === undefined)
    throw new Refusal(
      `column "${column.name}" of type ${column.type} cannot be compared with ${JSON.stringify(when.value)}`,
    )
  return isNotFalse({ kind: "compare", column, operator: when.operator, literal })
}

/** Where the condition asks for a tag that no column has, every cell is masked. */
function whereCell(draft: Draft, text: string): Predicate {
  try {
    return isNotFalse(wherePredicate(draft, text))
  } catch (error) {
    if (!(error instanceof NotForSource)) throw error
    warn(draft, `a mask holds in all rows: ${error.message}`)
    return always
  }
}

function plannedColumn(draft: Draft, column: GovernedColumn, masks: Parts["masks"]) {
  const { planned, conflicts } = columnCell(column, masks.get(column.name) ?? [])
  for (const policyKey of new Set(conflicts)) {
    draft.policyKey = policyKey
    warn(draft, "masks of one kind with different settings: where both hold, the column is null", column.name)
  }
  return planned
}

function stagedPolicies(source: GovernedSource, policies: readonly Policy[]): StagedPolicy[] {
  return policies
    .filter(({ isStaged }) => isStaged)
    .flatMap((policy) => {
      const draft = newDraft(source)
      if (!isForSource(draft, policy) && draft.refusals.length === 0) return []
      const parts = partsOf(draft, [policy])
      for (const column of source.columns) plannedColumn(draft, column, parts.masks)
      return [{ policyKey: policy.key, refusals: draft.refusals, warnings: draft.warnings }]
    })
}
