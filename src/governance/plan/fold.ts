import { onSource, type Person } from "../model/person.ts"
import type { Cell } from "./cells.ts"
import { all, any, choiceOf, isNotFalse, not } from "./forms.ts"
import type { BuiltPlan, Fact, PlannedColumn } from "./plan.ts"
import type { Predicate } from "./predicates.ts"

/** What is left of a plan for one person: no facts in it. */
export interface PersonalPlan {
  filter: Predicate
  columns: readonly PlannedColumn[]
}

/** Whether the fact holds for the person, who has a profile. */
export function holds(fact: Fact, person: Person): boolean {
  switch (fact.kind) {
    case "subscribed":
      return person.subscriptions.has(fact.sourceId)
    case "group":
      return person.groups.has(fact.name)
    case "attribute":
      return person.attributes.get(fact.name)?.has(fact.value) ?? false
    case "purpose":
      return [...person.purposes].some((name) => name === fact.name || name.startsWith(`${fact.name}.`))
    case "directory":
      return person.iamId === fact.iamId
  }
}

/** The plan with the person's facts put in. A person who is unknown or disabled sees no rows. */
export function planFor(plan: BuiltPlan, person: Person | undefined): PersonalPlan {
  const isKnown = person !== undefined && !person.isDisabled
  const here = person && onSource(person, plan.source.id)
  const flags = plan.facts.map((fact) => isKnown && here !== undefined && holds(fact, here))
  const columns = plan.columns.map((column) => ({ ...column, cell: foldCell(column.cell, flags) }))
  return { filter: isKnown ? fold(plan.filter, flags) : { kind: "constant", value: false }, columns }
}

function fold(predicate: Predicate, flags: readonly boolean[]): Predicate {
  switch (predicate.kind) {
    case "fact":
      return { kind: "constant", value: flags[predicate.fact] ?? false }
    case "all":
      return all(predicate.of.map((one) => fold(one, flags)))
    case "any":
      return any(predicate.of.map((one) => fold(one, flags)))
    case "not":
      return not(fold(predicate.of, flags))
    case "isNotFalse":
      return isNotFalse(fold(predicate.of, flags))
    default:
      return predicate
  }
}

function foldCell(cell: Cell, flags: readonly boolean[]): Cell {
  if (cell.kind !== "choice") return cell
  return choiceOf(
    cell.cases.map(({ when, then }) => ({ when: fold(when, flags), then })),
    cell.otherwise,
  )
}
