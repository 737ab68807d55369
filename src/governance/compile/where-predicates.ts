import type { Predicate } from "../plan/predicates.ts"
import { type Draft, Refusal } from "./draft.ts"

/** The rows that a text in the checked grammar keeps. @throws Refusal */
export function wherePredicate(_draft: Draft, _text: string): Predicate {
  throw new Refusal("row filters by `where` are not supported yet")
}
