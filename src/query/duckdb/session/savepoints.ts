import { PgError } from "../../../wire/pgwire/pg-error.ts"

interface Mark {
  name: string
  /** Number of statements of the transaction that had changed something when the savepoint was set. */
  writes: number
  /**
   * Number of savepoints of this name that were set one after another with no change between: drivers set one before
   * each statement.
   */
  count: number
}

export interface Marks {
  marks: Mark[]
}

/**
 * The savepoints of a transaction. DuckDB has none, but most uses need none: ROLLBACK TO over statements that changed
 * nothing, or failed, is to go on; ROLLBACK TO a savepoint before which nothing was changed is to begin the
 * transaction anew. Only where there are changes before and after the savepoint would the engine's help be needed:
 * that is refused.
 */
export interface Savepoints {
  mark(name: string): void
  /** Throws 3B001 when there is no such savepoint. */
  release(name: string): void
  /**
   * What ROLLBACK TO this savepoint takes: `goOn` when nothing was changed since, `beginAnew` when nothing had been
   * changed before it. `engine`: whether it still has the transaction. Throws PgError: 3B001 no such savepoint, 0A000
   * changes on both sides of it.
   */
  back(name: string, engine: "open" | "ended"): "goOn" | "beginAnew"
  wrote(): void
  isEmpty(): boolean
  clear(): void
  take(): Marks
  restore(taken: Marks): void
}

const marksAtMost = 10_000

export function savepointsOf(): Savepoints {
  let marks: Mark[] = []
  let writes = 0

  function find(name: string): { at: number; mark: Mark } {
    const at = marks.findLastIndex((one) => one.name === name)
    const mark = marks[at]
    if (mark) return { at, mark }
    throw new PgError("3B001", `savepoint "${name}" does not exist`)
  }

  return {
    mark: (name) => {
      const last = marks.at(-1)
      if (last && last.name === name && last.writes === writes) {
        last.count++
        return
      }
      if (marks.length >= marksAtMost)
        throw new PgError("54000", `more than ${marksAtMost} savepoints in one transaction`)
      marks.push({ name, writes, count: 1 })
    },
    release: (name) => {
      const { at, mark } = find(name)
      mark.count--
      marks = marks.slice(0, mark.count > 0 ? at + 1 : at)
    },
    back: (name, engine) => {
      const { at, mark } = find(name)
      const goesOn = engine === "open" && mark.writes === writes
      if (!goesOn && mark.writes > 0) {
        throw new PgError(
          "0A000",
          "changes made before the savepoint cannot be kept without those after it",
          {
            hint: "ROLLBACK the whole transaction. Savepoints are kept as long as nothing was changed before them.",
          },
        )
      }
      marks = marks.slice(0, at + 1)
      writes = mark.writes
      return goesOn ? "goOn" : "beginAnew"
    },
    wrote: () => {
      writes++
    },
    isEmpty: () => marks.length === 0,
    clear: () => {
      marks = []
      writes = 0
    },
    take: () => ({ marks }),
    restore: (taken) => {
      marks = taken.marks
    },
  }
}
