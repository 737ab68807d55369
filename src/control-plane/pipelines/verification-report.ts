import type { Difference, RowKey } from "../../replication/contracts/comparison.ts"

/** How a verification goes, or went. Times are ISO 8601 in UTC. */
export interface VerificationReport {
  /** `never`: the integration has not been verified yet. */
  state: "never" | "running" | "finished" | "failed"
  startedAt: string | null
  finishedAt: string | null
  /** What ended it before all tables were compared. */
  error: string | null
  /** Tables to compare; `tables` has those that are done. */
  total: number
  tables: VerifiedTable[]
}

export interface VerifiedTable {
  sourceDatabase: string
  schema: string
  name: string
  /** `recopying`: a resync has been ordered, which mends it. */
  outcome: "equal" | "differs" | "repaired" | "recopying" | "skipped"
  reason: string | null
  /** Where in the source's history both sides were compared. */
  position: string | null
  sourceRows: number | null
  warehouseRows: number | null
  /** Rows found to differ; `atLeast`: there are more. */
  differences: number
  atLeast: boolean
  /**
   * The first of them, by key, in canonical text; none where the table has no key, or the integration
   * names an encryption key: rows' other values are nobody's business.
   */
  examples: { kind: Difference["kind"]; key: RowKey }[]
  keyColumns: string[]
}
