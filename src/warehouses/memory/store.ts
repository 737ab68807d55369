import { Problem } from "../../domain/problems.ts"
import { type DatabaseState, emptyState } from "./state.ts"

/** The committed states of databases. It outlives a `Warehouse` that was opened on it, as files outlive a process. */
export interface MemoryStore {
  ensure(database: string): void
  has(database: string): boolean
  /** Throws Problem where there is no such database. */
  read(database: string): DatabaseState
  /** A transaction: all of `change`, or nothing where it throws. */
  commit(database: string, change: (state: DatabaseState) => DatabaseState): void
  drop(database: string): void
}

export function newMemoryStore(): MemoryStore {
  const databases = new Map<string, DatabaseState>()
  const read = (database: string) => {
    const state = databases.get(database)
    if (state === undefined) throw new Problem("warehouseUnavailable", `There is no database ${database}.`)
    return state
  }
  return {
    ensure(database) {
      if (!databases.has(database)) databases.set(database, emptyState)
    },
    has: (database) => databases.has(database),
    read,
    commit: (database, change) => void databases.set(database, change(read(database))),
    drop: (database) => void databases.delete(database),
  }
}
