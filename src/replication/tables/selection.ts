import { Problem } from "../../domain/problems.ts"
import type { CurrentTables, Watching } from "./table-watch.ts"

/** Whether the warehouse has just the selected tables, since the selection was last changed. */
export interface SelectionState {
  readonly asked: number
  ask(): void
  settle(asked: number): void
  isSettled(): boolean
  /** Tables that leave the warehouse with a coming batch, by id. */
  readonly leaving: Set<string>
  /** The source may send tables that are no longer selected. */
  isWide: boolean
}

export function newSelectionState(): SelectionState {
  let asked = 1
  let settled = 0
  return {
    get asked() {
      return asked
    },
    ask() {
      asked++
    },
    settle(which) {
      settled = which
    },
    isSettled: () => settled === asked,
    leaving: new Set(),
    isWide: false,
  }
}

/**
 * Called after a poll of the source. When every selected table streams (or its own copy has failed) and the warehouse
 * has no other table, the selection is reported as done. Tables that are not selected and no longer stream are
 * dropped now.
 */
export async function settleSelection(
  watching: Watching,
  current: CurrentTables,
  asked: number,
): Promise<void> {
  const { selection, destination, reporter, signal, known, retries } = watching
  if (selection.isWide) await narrow(watching)
  if (selection.isSettled() || signal.aborted) return
  const wanted = new Set([...current.tables, ...current.refused].map(({ id }) => id))
  const isComplete = current.tables.every(({ id }) => known.has(id) || retries.get(id)?.cause === "table")
  const others = (await destination.inspection.held()).filter(({ id }) => !wanted.has(id))
  for (const table of others) if (!known.has(table.id)) letLeave(watching, table)
  if (!isComplete || others.length > 0 || [...known.keys()].some((id) => !wanted.has(id))) return
  selection.leaving.clear()
  selection.settle(asked)
  if (!selection.isSettled()) return
  selection.isWide = true
  reporter.selected(wanted)
}

function letLeave({ selection, batcher }: Watching, table: CurrentTables["tables"][number]): void {
  if (selection.leaving.has(table.id)) return
  selection.leaving.add(table.id)
  batcher.dropped(table)
  batcher.chunkDecoded()
}

/**
 * Takes unselected tables out of the publication. It only saves work, so a table that somebody has locked is skipped
 * until the next poll.
 */
async function narrow({ source, select, handle, selection }: Watching): Promise<void> {
  try {
    await source.narrow?.(handle, select)
    selection.isWide = false
  } catch (error) {
    if (!(error instanceof Problem)) throw error
  }
}
