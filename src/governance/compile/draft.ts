import type { GovernedColumn, GovernedSource } from "../model/source.ts"
import type { Fact, PlanRefusal, PlanWarning } from "../plan/plan.ts"
import type { Predicate } from "../plan/predicates.ts"

/** What is gathered while the policies of one source are compiled. */
export interface Draft {
  source: GovernedSource
  /** Of the policy that is compiled now. */
  policyKey: string
  facts: Map<string, { fact: Fact; number: number }>
  secretIds: Set<string>
  refusals: PlanRefusal[]
  warnings: PlanWarning[]
}

export function newDraft(source: GovernedSource): Draft {
  return { source, policyKey: "", facts: new Map(), secretIds: new Set(), refusals: [], warnings: [] }
}

/** The policy cannot be kept on this source: no view may stand. */
export class Refusal extends Error {}

/**
 * The rule asks for a column by a tag that no column has, so that it is for other sources. (Fact: the reference product applies no
 * global policy to a source without the policy's tag.)
 */
export class NotForSource extends Error {}

/** The predicate that asks for the fact; the same fact has one number. */
export function flag({ facts }: Draft, fact: Fact): Predicate {
  const key = JSON.stringify(fact)
  const known = facts.get(key) ?? { fact, number: facts.size }
  facts.set(key, known)
  return { kind: "fact", fact: known.number }
}

export function needSecret({ secretIds }: Draft, id: string): string {
  secretIds.add(id)
  return id
}

export function warn({ warnings, policyKey }: Draft, message: string, column?: string): void {
  warnings.push({ policyKey, message, ...(column === undefined ? {} : { column }) })
}

/** @throws Refusal the source has no such column */
export function columnNamed({ source }: Draft, name: string): GovernedColumn {
  const column = source.columns.find((one) => one.name === name)
  if (column === undefined) throw new Refusal(`the source has no column "${name}"`)
  return column
}
