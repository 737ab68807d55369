import type { Position } from "../domain/position.ts"
import { Problem } from "../domain/problems.ts"
import { qualifiedName, type TableSchema } from "../domain/table.ts"
import type { ChangeSink, TableSink } from "./change-sink.ts"
import { GatheredChanges, type Sequence } from "./table-changes.ts"

/** Whole transactions gathered for one batch. */
export interface Gathered {
  tables: GatheredChanges[]
  failed: { table: TableSchema; reason: string }[]
  position: Position
  changes: number
  transactions: number
  /** Source clock of the first commit in the batch: the one that has waited longest. */
  firstCommittedAtMs: number
  lastCommittedAtMs: number
}

/** What the apply loop is given to do; it alone moves the position, so that it never goes back. */
export type Work = { kind: "batch"; gathered: Gathered } | { kind: "advance"; position: Position }

interface Open {
  tables: Map<string, GatheredChanges>
  failed: { table: TableSchema; reason: string }[]
  sequence: Sequence
  transactions: number
  position: Position | undefined
  firstCommittedAtMs: number
  lastCommittedAtMs: number
}

function nothingYet(): Open {
  return {
    tables: new Map(),
    failed: [],
    sequence: { next: 0 },
    transactions: 0,
    position: undefined,
    firstCommittedAtMs: 0,
    lastCommittedAtMs: 0,
  }
}

/**
 * Gathers changes until the warehouse is free to take them: a slow warehouse makes larger batches, a fast one keeps
 * them small. A batch ends between transactions, never inside one.
 */
export class Collector implements ChangeSink {
  /** When the source last said that it has nothing more for us, by our clock; 0 before. */
  caughtUpAtMs = 0
  /** Source clock of the oldest commit handed over and not yet applied. */
  inFlightSinceMs: number | undefined
  #open = nothingYet()
  #inTransaction = false
  #closed = false
  #taker: ((work: Work | undefined) => void) | undefined
  #caughtUpPosition: Position | undefined
  readonly #hooks: CollectorHooks

  constructor(hooks: CollectorHooks) {
    this.#hooks = hooks
  }

  /** The next work, as soon as there is some; `undefined` after `close`. One caller at a time. */
  next(): Promise<Work | undefined> {
    this.inFlightSinceMs = undefined
    return new Promise((resolve) => {
      if (this.#closed) return resolve(undefined)
      this.#taker = resolve
      this.#handOver()
    })
  }

  /** Ends the apply loop after the work at hand. */
  close(): void {
    this.#closed = true
    this.#give(undefined)
  }

  /** Source clock of the oldest commit not visible yet, or of the last one known while a transaction is arriving. */
  get oldestWaitingMs(): number | undefined {
    if (this.inFlightSinceMs !== undefined) return this.inFlightSinceMs
    if (this.#open.transactions > 0) return this.#open.firstCommittedAtMs
    return this.#inTransaction ? this.caughtUpAtMs : undefined
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /** The tables being gathered, for spilling to staging. */
  get gathering(): Iterable<GatheredChanges> {
    return this.#open.tables.values()
  }

  /** If nothing waits to be applied, has the position moved to where the source has caught up. */
  advance(): void {
    const position = this.#caughtUpPosition
    if (position === undefined || this.#inTransaction || this.#open.transactions > 0) return
    if (this.#taker === undefined) return
    this.#caughtUpPosition = undefined
    this.#give({ kind: "advance", position })
  }

  begin(): void {
    this.#handOver()
    this.#inTransaction = true
  }

  commit(position: Position, committedAtMs: number): void {
    this.#inTransaction = false
    const open = this.#open
    if (open.transactions++ === 0) open.firstCommittedAtMs = committedAtMs
    open.lastCommittedAtMs = committedAtMs
    open.position = position
  }

  table(table: TableSchema): TableSink {
    const known = this.#open.tables.get(table.id)
    if (known !== undefined) return known
    const gathered = new GatheredChanges(table, this.#open.sequence)
    this.#open.tables.set(table.id, gathered)
    return gathered
  }

  truncate(table: TableSchema): void {
    ;(this.table(table) as GatheredChanges).truncate()
  }

  schemaChanged(table: TableSchema, what: string): void {
    throw new Problem("sourceSchemaChanged", `Table ${qualifiedName(table)} changed: ${what}.`)
  }

  failed(table: TableSchema, reason: string): void {
    this.#open.tables.delete(table.id)
    this.#open.failed.push({ table, reason })
  }

  caughtUp(position: Position): void {
    this.#caughtUpPosition = position
    this.caughtUpAtMs = Date.now()
  }

  chunkDecoded(): void {
    this.#handOver()
    this.#hooks.chunkDecoded()
  }

  #handOver(): void {
    const { position } = this.#open
    if (this.#taker === undefined || this.#inTransaction || position === undefined) return
    const { tables, failed, sequence, transactions, firstCommittedAtMs, lastCommittedAtMs } = this.#open
    this.#open = nothingYet()
    // What the source said before these changes no longer counts as "nothing for us".
    this.#caughtUpPosition = undefined
    this.inFlightSinceMs = firstCommittedAtMs
    const gathered: Gathered = {
      tables: [...tables.values()],
      failed,
      position,
      changes: sequence.next,
      transactions,
      firstCommittedAtMs,
      lastCommittedAtMs,
    }
    this.#give({ kind: "batch", gathered })
    this.#hooks.handedOver()
  }

  #give(work: Work | undefined): void {
    const give = this.#taker
    this.#taker = undefined
    give?.(work)
  }
}

export interface CollectorHooks {
  /** Nothing is half-decoded: the moment to look at memory. */
  chunkDecoded(): void
  /** A batch has left; gathering begins anew. */
  handedOver(): void
}
