import type { Condition } from "../model/condition.ts"
import type { Person } from "../model/person.ts"
import { holds } from "../plan/fold.ts"

export function meets(person: Person, condition: Condition): boolean {
  switch (condition.kind) {
    case "group":
    case "attribute":
    case "purpose":
      return holds(condition, person)
    case "any":
      return condition.of.some((one) => meets(person, one))
    case "all":
      return condition.of.every((one) => meets(person, one))
    case "not":
      return !meets(person, condition.of)
  }
}

/** What the person lacks, or has and must not have. For a condition that the person does not meet. */
export function unmet(person: Person, condition: Condition): string {
  switch (condition.kind) {
    case "group":
      return `not in group ${condition.name}`
    case "attribute":
      return `no attribute ${condition.name}: ${condition.value}`
    case "purpose":
      return `not working for purpose ${condition.name}`
    case "any":
      return condition.of.map((one) => unmet(person, one)).join(" and ")
    case "all":
      return condition.of
        .filter((one) => !meets(person, one))
        .map((one) => unmet(person, one))
        .join(", ")
    case "not":
      return "the person meets what the condition excludes"
  }
}
