import type { Condition } from "../model/condition.ts"
import { all, any, never, not } from "../plan/forms.ts"
import type { Predicate } from "../plan/predicates.ts"
import { type Draft, flag } from "./draft.ts"

export function conditionPredicate(draft: Draft, condition: Condition): Predicate {
  switch (condition.kind) {
    case "group":
      return flag(draft, { kind: "group", name: condition.name })
    case "attribute":
      return flag(draft, { kind: "attribute", name: condition.name, value: condition.value })
    case "purpose":
      return flag(draft, { kind: "purpose", name: condition.name })
    case "any":
      return any(condition.of.map((one) => conditionPredicate(draft, one)))
    case "all":
      return all(condition.of.map((one) => conditionPredicate(draft, one)))
    case "not":
      return not(conditionPredicate(draft, condition.of))
  }
}

/** Who is exempt from a rule. An empty list of conditions exempts nobody. */
export function exemption(draft: Draft, unless: Condition | undefined): Predicate {
  if (unless === undefined || isEmpty(unless)) return never
  return conditionPredicate(draft, unless)
}

function isEmpty(condition: Condition): boolean {
  switch (condition.kind) {
    case "any":
    case "all":
      return condition.of.length === 0
    case "not":
      return isEmpty(condition.of)
    case "group":
    case "attribute":
    case "purpose":
      return false
  }
}
