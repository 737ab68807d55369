import type { LikePart } from "./like.ts"

/** A column as a condition names it. Unquoted names may be of another case than the column. */
export type WhereColumn = { kind: "named"; name: string; isQuoted: boolean } | { kind: "tagged"; tag: string }

export interface WhereLiteral {
  kind: "text" | "number" | "boolean"
  text: string
}

export type WhereOperator = "=" | "<>" | "<" | "<=" | ">" | ">="

/** A condition of the checked grammar. */
export type WhereNode =
  | { kind: "and" | "or"; of: readonly WhereNode[] }
  | { kind: "not"; of: WhereNode }
  | { kind: "constant"; value: boolean }
  | { kind: "compare"; column: WhereColumn; operator: WhereOperator; with: WhereLiteral | WhereColumn }
  | { kind: "in"; column: WhereColumn; literals: readonly WhereLiteral[] }
  | { kind: "like"; column: WhereColumn; pattern: readonly LikePart[] }
  | { kind: "isNull"; column: WhereColumn }
  | { kind: "attributeValues"; attribute: string; column: WhereColumn }
  | { kind: "groups"; column: WhereColumn }
  | { kind: "hasAttribute"; name: string; value: string }
  /** In all of them. (Source: the reference product's "Custom WHERE Clause Functions".) */
  | { kind: "isInGroups"; names: readonly string[] }
  | { kind: "isUsingPurpose"; name: string }
  | { kind: "isOfDirectory"; iamIds: readonly string[] }
