import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { TableLoad } from "../contracts/warehouse.ts"
import type { GatheredChanges, Sequence } from "./table-changes.ts"

/** Whole transactions gathered for one batch, and what else happens to tables with it. */
export interface GatheredBatch {
  tables: GatheredChanges[]
  adopted: Adoption[]
  stale: StaleTable[]
  dropped: TableSchema[]
  /** `undefined`: no transaction among it. */
  position: Position | undefined
  changes: number
  transactions: number
  /** Source clock of the first commit in the batch: the one that has waited longest. */
  firstCommittedAtMs: number
  lastCommittedAtMs: number
}

/** A copy made while the stream went on, with the changes that came meanwhile. */
export interface Adoption {
  table: TableSchema
  load: TableLoad
  changes: GatheredChanges
  snapshotPosition: Position
  /** Told when the copy is live, or that it never will be. */
  done(isLive: boolean): void
}

/** A table that goes no further; a fresh copy mends it. */
export type StaleTable = {
  table: TableSchema
  /** What it is in the warehouse, if that is something else: it was altered in the batch that is not applied. */
  held?: TableSchema | undefined
  reason: string
} & (
  | { kind: "changed" }
  /** The copy must hold this column as text; `what` came. */
  | { kind: "unfit"; column: string; what: string }
)

/** What the apply loop is given to do; it alone moves the position, so that it never goes back. */
export type Work =
  | { kind: "batch"; gathered: GatheredBatch }
  | { kind: "advance"; position: Position }
  | StandStill

/** Nothing is applied while `work` runs; `givenUp` is told when it never will. */
export interface StandStill {
  kind: "standStill"
  work(): Promise<void>
  givenUp(): void
}

/** A batch being gathered. */
export interface Open extends Omit<GatheredBatch, "tables" | "changes"> {
  tables: Map<string, GatheredChanges>
  /** What was gathered of tables before they became others. */
  earlier: GatheredChanges[]
  isAltered: boolean
  sequence: Sequence
  /** Nothing up to here is missing from it and what went before. */
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

/** What the batch has of a table is not applied; returns what the table was before, if it became another there. */
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

/** Nobody waits for what happens to a table as a whole. */
export function isChangesOnly({ adopted, stale, dropped }: Open): boolean {
  return adopted.length + stale.length + dropped.length === 0
}
