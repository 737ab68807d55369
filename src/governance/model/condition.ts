/** A question about a person. (Fact: at most four levels deep.) */
export type Condition =
  | { kind: "group"; name: string }
  | { kind: "attribute"; name: string; value: string }
  /** True also for a purpose below this one. */
  | { kind: "purpose"; name: string }
  | { kind: "any"; of: readonly Condition[] }
  | { kind: "all"; of: readonly Condition[] }
  | { kind: "not"; of: Condition }

export const mostConditionLevels = 4
