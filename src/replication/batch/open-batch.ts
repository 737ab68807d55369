import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { TableLoad } from "../contracts/warehouse.ts"
import type { GatheredChanges, Sequence } from "./table-changes.ts"

/** Whole transactions gathered for one batch, and what else the batch does to tables. */
export interface GatheredBatch {
  tables: GatheredChanges[]
  adopted: Adoption[]
  stale: StaleTable[]
  dropped: TableSchema[]
  /** The position after the last transaction; `undefined`: the batch has none. */
  position: Position | undefined
  changes: number
  transactions: number
  /** Source clock of the batch's first commit in ms: the one that has waited longest. */
  firstCommittedAtMs: number
  lastCommittedAtMs: number
}

/** A complete copy of a table, made beside the running stream, with the changes that came meanwhile. */
export interface Adoption {
  table: TableSchema
  load: TableLoad
  changes: GatheredChanges
  snapshotPosition: Position
  /** Called once: with `true` when the copy is live, with `false` when it never will be. */
  done(isLive: boolean): void
}

/** A table whose changes are applied no more; a re-snapshot mends it. */
export type StaleTable = {
  table: TableSchema
  /** The table as the warehouse has it, where that differs: it was altered in the batch that is not applied. */
  held?: TableSchema | undefined
  reason: string
} & (
  | { kind: "changed" }
  /** The re-snapshot must hold this column as text; `what`: the kind of value that its type cannot hold. */
  | { kind: "unfit"; column: string; what: string }
)

/** Work of the apply loop. Only the apply loop moves the position, so that it never goes back. */
export type Work =
  | { kind: "batch"; gathered: GatheredBatch }
  | { kind: "advance"; position: Position }
  | StandStill

/** Nothing is applied while `work` runs; `givenUp` is called when it will never run. */
export interface StandStill {
  kind: "standStill"
  work(): Promise<void>
  givenUp(): void
}

/** A batch being gathered. */
export interface Open extends Omit<GatheredBatch, "tables" | "changes"> {
  tables: Map<string, GatheredChanges>
  /** Changes gathered of tables before an alteration or rename in this batch. */
  earlier: GatheredChanges[]
  isAltered: boolean
  sequence: Sequence
  /** Everything up to this position is in this batch or in earlier ones. */
  complete: Position | undefined
}

export function nothingYet(): Open {
  return {
    tables: new Map(),
    earlier: [],
    isAltered: false,
    adopted: [],
    stale: [],
    dropped: [],
    sequence: { next: 0 },
    complete: undefined,
    transactions: 0,
    position: undefined,
    firstCommittedAtMs: 0,
    lastCommittedAtMs: 0,
  }
}

/** Removes a table's changes from the batch. Returns the table as it was before the batch altered it, if it did. */
export function forgetTable(open: Open, id: string): TableSchema | undefined {
  const gathered = [...open.earlier, ...open.tables.values()].filter(({ table }) => table.id === id)
  open.earlier = open.earlier.filter(({ table }) => table.id !== id)
  open.tables.delete(id)
  return gathered.find(({ decodedAlteration }) => decodedAlteration !== undefined)?.decodedAlteration?.from
}

/** Whether there is something to apply. */
export function hasContent({ transactions, adopted, stale, dropped, isAltered }: Open): boolean {
  return transactions > 0 || adopted.length > 0 || stale.length > 0 || dropped.length > 0 || isAltered
}

/** True when the batch has changes of rows only: no adoption, drop or stale table that somebody waits for. */
export function isChangesOnly({ adopted, stale, dropped }: Open): boolean {
  return adopted.length + stale.length + dropped.length === 0
}
