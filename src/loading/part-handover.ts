import { newOneAhead } from "../concurrency/one-ahead.ts"
import type { CopyTarget, PartResult } from "./copy-target.ts"
import type { StagedRows } from "./row-writer.ts"

/** Hands parts to the warehouse one after the other: while it takes one, the next is read. */
export interface PartHandover {
  /** Waits for the part before. `errorsLeft` is asked then. @throws Problem what went wrong with that one */
  hand(errorsLeft: () => number): Promise<void>
  /** Nothing runs any more. @throws Problem */
  settled(): Promise<void>
}

export function newPartHandover(
  target: CopyTarget,
  staged: StagedRows,
  take: (result: PartResult) => void,
): PartHandover {
  const ahead = newOneAhead()

  async function load(errorsAtMost: number): Promise<void> {
    const rows = staged.handOver()
    take(await target.load(rows, errorsAtMost))
    staged.giveBack(rows)
  }

  return {
    hand: (errorsLeft) => ahead.begin(() => load(errorsLeft())),
    settled: ahead.settled,
  }
}
