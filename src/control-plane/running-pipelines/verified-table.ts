import type { Difference } from "../../replication/contracts/comparison.ts"
import type { Verdict } from "../../replication/verify/verify.ts"
import type { VerifiedTable } from "../pipelines/verification-report.ts"
import type { TableProgress } from "./table-progress.ts"

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
