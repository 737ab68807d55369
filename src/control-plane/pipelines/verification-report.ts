import type { Difference, RowKey } from "../../replication/contracts/comparison.ts"
import type { Verdict } from "../../replication/verify/verify.ts"
import type { TableProgress } from "./table-progress.ts"

/** How a verification goes, or went. Times are ISO 8601 in UTC. */
export interface VerificationReport {
  state: "running" | "finished" | "failed"
  startedAt: string
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
  /** `recopying`: a fresh copy has been ordered, which mends it. */
  outcome: "equal" | "differs" | "repaired" | "recopying" | "skipped"
  reason: string | null
  /** Where in the source's history both sides were compared. */
  position: string | null
  sourceRows: number | null
  warehouseRows: number | null
  /** Rows found to differ; `atLeast`: there are more. */
  differences: number
  atLeast: boolean
  /** The first of them, by key, in canonical text; none where there is no key: rows' other values are nobody's business. */
  examples: { kind: Difference["kind"]; key: RowKey }[]
  keyColumns: string[]
}

const maxExamples = 20
const longestValueLength = 200

export function verifiedTable(sourceDatabase: string, table: TableProgress, verdict: Verdict): VerifiedTable {
  const { schema, name, keyColumns } = table
  const named = { sourceDatabase, schema, name, keyColumns }
  if (verdict.kind === "skipped")
    return {
      ...named,
      outcome: "skipped",
      reason: verdict.reason,
      position: null,
      sourceRows: null,
      warehouseRows: null,
      differences: 0,
      atLeast: false,
      examples: [],
    }
  const { position, sourceRows, warehouseRows, differences, isPartial } = verdict
  return {
    ...named,
    outcome: differences.length === 0 ? "equal" : "differs",
    reason: null,
    position,
    sourceRows,
    warehouseRows,
    differences: differences.length,
    atLeast: isPartial,
    examples: keyColumns.length === 0 ? [] : differences.slice(0, maxExamples).map(exampleOf),
  }
}

function exampleOf({ kind, key }: Difference): VerifiedTable["examples"][number] {
  return { kind, key: key.map(shortened) }
}

function shortened(text: string | null): string | null {
  return text !== null && text.length > longestValueLength ? `${text.slice(0, longestValueLength)}…` : text
}
