import { unreachable } from "../../domain/unreachable.ts"
import type { NoteStep, Step } from "../../replication/batch/step.ts"
import type { Bookkeeping } from "./bookkeeping.ts"
import type { PositionChange } from "./position.ts"

/** What becomes of the position by a plan. */
export function positionChange(steps: readonly Step[]): PositionChange {
  const change: PositionChange = {}
  for (const step of steps) {
    if (step.kind === "expectPosition") change.expected = step.position
    if (step.kind === "setPosition") change.next = { kind: "set", position: step.position }
    if (step.kind === "startPosition") change.next = { kind: "start", position: step.position }
  }
  return change
}

/** A note of a plan as statements for its transaction. */
export function renderNote(books: Bookkeeping, step: NoteStep): string[] {
  switch (step.kind) {
    // The position is written by the statement that begins the transaction: see positionChange.
    case "expectPosition":
    case "setPosition":
      return []
    case "startPosition":
      return books.takeOver(step.pipeline)
    case "track":
      return books.track(step.pipeline, step.table)
    case "untrack":
      return [books.untrack(step.pipeline, step.table)]
    case "markStale":
      return [books.markStale(step.pipeline, step.table)]
    case "noteVersions":
      return books.noteVersions(step.pipeline, step.table)
    case "noteDropped":
      return books.noteDropped(step.pipeline, step.table)
    case "forgetVersions":
      return [books.forgetVersions(step.pipeline, step.table)]
    case "forgetTextColumns":
      return books.noteTextColumns(step.pipeline, step.tableId, [])
    default:
      return unreachable(step)
  }
}
