import type { Governance, GovernedTables, TableView } from "../../governed-tables.ts"
import type { GovernedRead } from "./substitute.ts"

/** How a statement was planned with respect to policies. */
export type GovernedReading =
  /** Its user is an administrator, or it reads no table. */
  | { kind: "free" }
  | {
      kind: "planned"
      user: string
      /** How many definitions had changed by then: what is a table may be a view now. */
      definitions: number
      /** `versionOf` the governance that it was planned by. */
      version: string
      /** Every table that it reads; undefined: they were not looked up, as nothing was governed. */
      reads: readonly GovernedRead[] | undefined
    }

export const free: GovernedReading = { kind: "free" }

/** Two governances of one version give the same answers. */
export function versionOf(governance: Governance): string {
  return governance.kind === "on" ? `on ${governance.version}` : governance.kind
}

/** Whether the statement would be planned the same way now: only then it may run, and show more of its rows. */
export function stillHolds(reading: GovernedReading, governed: GovernedTables): boolean {
  if (reading.kind === "free") return true
  const now = governed.now()
  if (versionOf(now) === reading.version) return true
  if (now.kind !== "on" || reading.reads === undefined) return false
  return reading.reads.every(({ relation, view }) => isSame(now.view(relation, reading.user), view))
}

function isSame(now: TableView, then: TableView): boolean {
  if (now.kind === "filtered" && then.kind === "filtered")
    return now.sql === then.sql && JSON.stringify(now.columns) === JSON.stringify(then.columns)
  return now.kind === then.kind
}
