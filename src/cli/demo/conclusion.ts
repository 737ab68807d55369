import type { VerificationReport } from "../../control-plane/pipelines/verification-report.ts"
import { describeVerified } from "../verify.ts"

export type Conclusion =
  | { kind: "equal"; tables: number; rows: number }
  | { kind: "different"; lines: string[] }

/** What a comparison that has ended means for the demo: nothing but equal tables, all of them, is good enough. */
export function conclusionOf({ total, tables }: VerificationReport): Conclusion {
  const others = tables.filter(({ outcome }) => outcome !== "equal")
  if (others.length === 0 && tables.length === total && total > 0)
    return {
      kind: "equal",
      tables: total,
      rows: tables.reduce((sum, table) => sum + (table.sourceRows ?? 0), 0),
    }
  const lines = others.map((table) => describeVerified(table).trimEnd())
  return {
    kind: "different",
    lines: [...lines, `demo failed: ${others.length} of ${total} tables are not equal`],
  }
}
