import { isChosen } from "../compile/circumstances.ts"
import { strictness } from "../compile/column-cells.ts"
import { newDraft, Refusal } from "../compile/draft.ts"
import { maskCell } from "../compile/mask-cells.ts"
import { PatternError } from "../grammar/pattern.ts"
import type { Person } from "../model/person.ts"
import type { DataPolicy, DataRule, Policy } from "../model/policy.ts"
import type { GovernedColumn, GovernedSource } from "../model/source.ts"
import { meets } from "./meets.ts"

/** A rule that masks a column for the person, perhaps in some rows only. */
export interface MaskingRule {
  policyKey: string
  /** From 1, in the order of the document. */
  rule: number
  /** What the rule's mask is on this column: `null` also where the mask cannot keep the column's type. */
  mask: (typeof strictness)[number]
  inSomeRows: boolean
}

/** The rules that mask the column for the person, the strictest first: of those that hold in a row, it is the first that is shown. */
export function maskingRules(
  policies: readonly Policy[],
  { source, column, person }: { source: GovernedSource; column: GovernedColumn; person: Person },
): MaskingRule[] {
  const found = policies.flatMap((policy) =>
    policy.kind === "data" && !policy.isStaged
      ? policy.rules.flatMap((rule, at) => masking(policy, { rule, at, source, column, person }))
      : [],
  )
  return found.sort((a, b) => strictness.indexOf(a.mask) - strictness.indexOf(b.mask))
}

interface OnColumn {
  rule: DataRule
  at: number
  source: GovernedSource
  column: GovernedColumn
  person: Person
}

/** What cannot be kept is told by the plan's refusals. */
function masking(policy: DataPolicy, { rule, at, source, column, person }: OnColumn): MaskingRule[] {
  if (rule.kind !== "mask" || (rule.unless !== undefined && meets(person, rule.unless))) return []
  try {
    if (!rule.columns.some((choice) => isChosen(choice, column))) return []
    const { kind } = maskCell(newDraft(source), rule.mask, column)
    const mask = strictness.find((one) => one === kind) ?? "null"
    return [{ policyKey: policy.key, rule: at + 1, mask, inSomeRows: rule.when !== undefined }]
  } catch (error) {
    if (error instanceof Refusal || error instanceof PatternError) return []
    throw error
  }
}
