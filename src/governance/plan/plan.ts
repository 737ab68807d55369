import type { GovernedSource } from "../model/source.ts"
import type { Cell } from "./cells.ts"
import type { Predicate } from "./predicates.ts"

/**
 * What a view asks about the person who reads, answered once for a statement: a flag each. Predicates name a flag by its
 * place in `BuiltPlan.facts`. A person without a profile has no flag, and no row.
 */
export type Fact =
  /** The person is subscribed to this source: one by one, by approval, or by what the subscription rule's duty wrote. */
  | { kind: "subscribed"; sourceId: number }
  | { kind: "group"; name: string }
  | { kind: "attribute"; name: string; value: string }
  /** The purpose or one below it: `name`, or what begins with `name.`. */
  | { kind: "purpose"; name: string }
  /** The directory that the person comes from. */
  | { kind: "directory"; iamId: string }

export interface PlannedColumn {
  name: string
  cell: Cell
  /** `table`: the column keeps the type it has in the table. `text`: a text of any length, since a mask may be longer. */
  type: { kind: "table"; name: string } | { kind: "text" }
}

/** What a person should know who looks at the policies of a source; nothing of it is laxer than the policies ask for. */
export interface PlanWarning {
  policyKey: string
  column?: string
  message: string
}

/** Why no view may stand: it would show more than a policy allows, or the policy says nothing that can be checked. */
export interface PlanRefusal {
  policyKey: string
  message: string
}

/** A policy that is compiled and not enforced. */
export interface StagedPolicy {
  policyKey: string
  /** Empty: it could be enforced as it stands. */
  refusals: readonly PlanRefusal[]
  warnings: readonly PlanWarning[]
}

/** A view as data: which rows, and what stands in each column. */
export interface BuiltPlan {
  kind: "built"
  source: GovernedSource
  facts: readonly Fact[]
  /** Ids of the secrets that hashes and samples need, each once. */
  secretIds: readonly string[]
  /** Rows for which this is true. That the person has a profile is asked beside it, by whoever renders. */
  filter: Predicate
  columns: readonly PlannedColumn[]
  /** Keys of the policies that are in it. */
  policyKeys: readonly string[]
  warnings: readonly PlanWarning[]
  staged: readonly StagedPolicy[]
}

/** No view may stand for this source: an old one is dropped, and the source is unhealthy. */
export interface UnbuiltPlan {
  kind: "notBuilt"
  source: GovernedSource
  refusals: readonly PlanRefusal[]
  staged: readonly StagedPolicy[]
}

export type SourcePlan = BuiltPlan | UnbuiltPlan
