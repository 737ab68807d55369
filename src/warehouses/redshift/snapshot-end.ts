import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import { planSnapshotEnd } from "../../replication/batch/plan.ts"
import { holdingsOf, type OpenDestination, runPlan } from "./open-destination.ts"

export function completeSnapshot(
  open: OpenDestination,
  kept: readonly TableSchema[],
  position: Position,
): Promise<void> {
  const { pipeline, books, inTurn } = open
  return inTurn(async () => {
    const holdings = await holdingsOf(books)
    const steps = planSnapshotEnd({ ...holdings, pipeline, kept, position, at: new Date() })
    await runPlan(open, steps, "ending the snapshot")
    open.left = position
  })
}
