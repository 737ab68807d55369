import type { Condition } from "./condition.ts"

/** Which sources a policy is for. */
export interface Circumstances {
  operator: "any" | "all"
  of: readonly Circumstance[]
}

export type Circumstance =
  | { kind: "everything" }
  | { kind: "source"; name: string }
  | { kind: "schema"; name: string }
  | { kind: "tag"; tag: string }
  | { kind: "anyTag" }
  | { kind: "noTags" }
  | { kind: "columnTag"; tag: string }
  | { kind: "columnRegex"; pattern: string; ignoresCase: boolean }

interface PolicyHead {
  /** Unique. */
  key: string
  name: string
  circumstances: Circumstances
  /** Compiled and shown, and not enforced. */
  isStaged: boolean
}

export interface SubscriptionPolicy extends PolicyHead {
  kind: "subscription"
  rule: SubscriptionRule
}

/** Who may ask for the rows of a source at all. */
export type SubscriptionRule =
  | { kind: "anyone" }
  /** Only those who were subscribed one by one. */
  | { kind: "manual" }
  | { kind: "entitlements"; condition: Condition }
  /** Those whose request was approved and has not expired. `permissions`: each must have approved it. */
  | { kind: "approval"; permissions: readonly string[] }

export interface DataPolicy extends PolicyHead {
  kind: "data"
  rules: readonly DataRule[]
}

export type Policy = SubscriptionPolicy | DataPolicy

interface RuleHead {
  /** Whoever meets this is exempt from this rule, and from no other. */
  unless?: Condition
}

export type DataRule =
  | (RuleHead & { kind: "mask"; columns: readonly ColumnChoice[]; mask: Mask; when?: CellCondition })
  | (RuleHead & { kind: "rowFilter"; filter: RowFilter })
  /** No rows without one of these purposes or a purpose below one. */
  | (RuleHead & { kind: "purpose"; anyOf: readonly string[] })
  | (RuleHead & { kind: "time"; keeps: "newer" | "older"; than: TimeSpan })
  /** Keeps this share of the rows, the same ones each time. */
  | (RuleHead & { kind: "minimize"; percent: number })

export interface TimeSpan {
  count: number
  unit: "second" | "minute" | "hour" | "day" | "month" | "year"
}

export type ColumnChoice =
  | { kind: "name"; name: string }
  | { kind: "tag"; tag: string }
  | { kind: "anyTag" }
  | { kind: "noTags" }
  | { kind: "regex"; pattern: string; ignoresCase: boolean }

/** What is shown instead of a value. One that cannot keep the column's type becomes `null`. */
export type Mask =
  | { kind: "null" }
  | { kind: "constant"; value: string }
  /** `joinable`: the same in all sources of the project of this name; otherwise of the source only. */
  | { kind: "hash"; joinableInProject?: string }
  | { kind: "regex"; pattern: string; replacement: string }
  | { kind: "partial"; first: number; last: number; character: string }
  | { kind: "dateTrunc"; unit: "year" | "quarter" | "month" | "week" | "day" | "hour" }
  | { kind: "round"; bucket: number }
  /** Encrypted; shown in clear to whoever works for this purpose. */
  | { kind: "reversible"; purpose: string }

/** Masks the cell where the row meets this, or where it is unknown: a comparison with null counts as met. */
export type CellCondition =
  | { column: string; operator: "=" | "<>" | "<" | "<=" | ">" | ">="; value: string | number | boolean }
  /** A text in the checked grammar of conditions. */
  | { where: string }

export type RowFilter =
  /** Rows whose column holds one of the person's values of the attribute, or one of the person's groups. */
  | { kind: "attribute"; column: string; attribute: string }
  | { kind: "group"; column: string }
  /** A text in the checked grammar of conditions. */
  | { kind: "where"; text: string }
