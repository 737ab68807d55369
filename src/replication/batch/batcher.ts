import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { ChangeSink, TableSink } from "../contracts/change-sink.ts"
import { comesAgain, insideTransaction, outsideTransaction } from "../contracts/delivery-order.ts"
import { type Alteration, type TableLoad, unaltered } from "../contracts/warehouse.ts"
import { staleByValue } from "../tables/stale-tables.ts"
import type { RowBuffer } from "../values/columns.ts"
import { type ApplyLoopState, type BatcherHooks, type SealedWork, workingOn } from "./batcher-hooks.ts"
import { type Adoption, forgetTable, hasContent, isChangesOnly, nothingYet, type Work } from "./open-batch.ts"
import { newRowBufferPool } from "./row-buffer-pool.ts"
import { GatheredChanges } from "./table-changes.ts"

/**
 * Gathers changes until the warehouse is free to take them: a slow warehouse makes larger batches, a fast one keeps
 * them small. A batch ends between transactions, never inside one. Changes of a table whose copy is being made are
 * held aside until the copy is complete.
 */
export class Batcher implements ChangeSink {
  /** When the source last reported that it has no more changes, in ms of this process's clock; 0: not yet. */
  caughtUpAtMs = 0
  /** Source clock of the newest commit that came; `undefined` before the first. */
  latestCommitMs: number | undefined
  inTransaction = false
  /** Everything committed at the source up to here is visible in the warehouse. */
  visible: Position
  #open = nothingYet()
  #sealed: SealedWork[] = []
  #loop: ApplyLoopState = { kind: "away" }
  #held = new Map<string, GatheredChanges>()
  #adopting: Adoption[] = []
  /** Called at the next moment between two transactions. */
  #turns: (() => void)[] = []
  /** Tables with versions that the transaction being decoded has changed. */
  #touched = new Set<GatheredChanges>()
  readonly #spares = newRowBufferPool()
  /**
   * A chunk ended inside a transaction while complete ones waited: they go at the next commit, not at the next chunk's end.
   */
  #isOverdue = false
  #closed = false
  #caughtUpPosition: Position | undefined
  #reached: Position
  readonly #hooks: BatcherHooks

  /** `from`: the position at which the stream begins. */
  constructor(hooks: BatcherHooks, from: Position) {
    this.#hooks = hooks
    this.#reached = from
    this.visible = from
  }

  /** Resolves with the next work as soon as there is some; with `undefined` after `close`. One caller at a time. */
  next(): Promise<Work | undefined> {
    if (this.#loop.kind === "working") this.#see(this.#loop.complete)
    this.#loop = { kind: "away" }
    if (this.#isEmpty()) this.#see(this.#open.complete)
    return new Promise((resolve) => {
      if (this.#closed) return resolve(undefined)
      this.#loop = { kind: "waiting", give: resolve }
      this.#handOver()
    })
  }

  /** Ends the apply loop after its present work. */
  close(): void {
    this.#closed = true
    if (this.#loop.kind === "waiting") {
      this.#loop.give(undefined)
      this.#loop = { kind: "away" }
    }
    for (const { done } of [...this.#adopting.splice(0), ...this.#open.adopted.splice(0)]) done(false)
    for (const { work } of this.#sealed.splice(0)) {
      if (work.kind === "standStill") work.givenUp()
      else if (work.kind === "batch") for (const { done } of work.gathered.adopted) done(false)
    }
    for (const turn of this.#turns.splice(0)) turn()
  }

  /** When the apply loop took its present work, in ms of the monotonic clock; `undefined`: it has none. */
  get workingSinceMs(): number | undefined {
    return this.#loop.kind === "working" ? this.#loop.sinceMs : undefined
  }

  /** Source clock of the oldest commit that is not visible yet; while a transaction arrives, of the last known one. */
  get oldestWaitingMs(): number | undefined {
    if (this.#loop.kind === "working" && this.#loop.oldestCommitMs !== undefined)
      return this.#loop.oldestCommitMs
    if (this.#open.transactions > 0) return this.#open.firstCommittedAtMs
    return this.inTransaction ? this.caughtUpAtMs : undefined
  }

  /** The batch interval has passed: what waited for it may go. */
  wake = (): void => this.#betweenTransactions()

  /** Everything up to here has been decoded. */
  get reached(): Position {
    return this.#reached
  }

  /** The tables being gathered, for spilling to staging. */
  *gathering(): Generator<GatheredChanges> {
    for (const { work } of this.#sealed) if (work.kind === "batch") yield* work.gathered.tables
    yield* this.#open.earlier
    yield* this.#open.tables.values()
    yield* this.#held.values()
  }

  /** If no changes wait, has the apply loop record the position to which the source has caught up. */
  advance(): void {
    this.#spares.age()
    const position = this.#caughtUpPosition
    if (position === undefined || this.inTransaction || !this.#isEmpty() || this.#loop.kind !== "waiting")
      return
    this.#caughtUpPosition = undefined
    this.#give({ work: { kind: "advance", position }, complete: undefined })
  }

  /**
   * Runs `work`, which must not throw, when the warehouse has all that was gathered and nothing later; until it ends nothing
   * is applied. Call it between transactions. `false`: the batcher was closed before.
   */
  standStill(work: () => Promise<void>): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    return new Promise((resolve) => {
      if (hasContent(this.#open)) this.#sealed.push(this.#takeOpen())
      const whole = () => work().then(() => resolve(true))
      const givenUp = () => resolve(false)
      this.#sealed.push({ work: { kind: "standStill", work: whole, givenUp }, complete: undefined })
      this.#handOver()
    })
  }

  /** As `standStill`, at the next moment between transactions, at which `turn` is called. */
  turn(turn: () => void, work: () => Promise<void>): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#turns.push(() => {
      resolve(this.standStill(work))
      turn()
    })
    this.#betweenTransactions()
    return promise
  }

  /** From here on this table's changes are held aside, because a copy of it is being made. */
  hold(table: TableSchema): void {
    this.#held.set(table.id, new GatheredChanges(table, { next: 0 }, this.#modeOf(table)))
  }

  /** Drops the changes that were held for a copy: it failed. */
  release(table: TableSchema): void {
    this.#held.delete(table.id)
  }

  /**
   * The copy is complete: it goes live with the changes held for it, once the stream has reached its position (earlier, a
   * restart would repeat changes that the copy has). `false`: the table changed meanwhile, and the copy is of no use.
   */
  adopt(table: TableSchema, load: TableLoad, snapshotPosition: Position): Promise<boolean> {
    const changes = this.#held.get(table.id)
    if (changes === undefined || this.#closed) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#adopting.push({ table, load, changes, snapshotPosition, done: resolve })
      this.#betweenTransactions()
    })
  }

  dropped(table: TableSchema): void {
    this.#held.delete(table.id)
    forgetTable(this.#open, table.id)
    this.#open.dropped.push(table)
    this.#hooks.dropped(table)
  }

  altered(alteration: Alteration<RowBuffer>): boolean {
    const { from, to } = alteration
    const reason = this.#obstacle(to)
    if (reason !== undefined) {
      this.schemaChanged(from, reason)
      return false
    }
    this.#become(alteration)
    return true
  }

  revised(table: TableSchema): void {
    this.#hooks.revised?.()
    const arriving = this.#arriving(table.id)
    if (arriving === undefined) return this.#become(unaltered(table))
    arriving.revised = table
    this.#hooks.altered(table)
  }

  #become(alteration: Alteration<RowBuffer>): void {
    const { from, to } = alteration
    const { tables, earlier, sequence } = this.#open
    const before = tables.get(from.id)
    if (before !== undefined) earlier.push(before)
    tables.set(to.id, new GatheredChanges(to, sequence, { alteration, before, ...this.#modeOf(to) }))
    this.#open.isAltered = true
    this.#hooks.altered(to)
  }

  /** Changes of a table whose complete copy is not live yet. */
  #arriving(id: string): GatheredChanges | undefined {
    return this.#held.get(id) ?? this.#open.adopted.find(({ table }) => table.id === id)?.changes
  }

  #obstacle(to: TableSchema): string | undefined {
    if (this.#arriving(to.id)) return "its definition changed while it was copied"
    return this.#hooks.refusal(to)
  }

  begin(): void {
    // A batch ends with a chunk, not with each commit: a chunk may hold dozens, and every batch costs about the same.
    if (this.#isOverdue) this.#betweenTransactions()
    if (this.inTransaction) throw insideTransaction()
    this.inTransaction = true
  }

  commit(position: Position, committedAtMs: number): void {
    if (this.#hasReached(this.#reached, position)) throw comesAgain(position, this.#reached)
    this.inTransaction = false
    const open = this.#open
    if (open.transactions++ === 0) open.firstCommittedAtMs = committedAtMs
    open.lastCommittedAtMs = committedAtMs
    this.latestCommitMs = committedAtMs
    open.position = position
    open.complete = position
    this.#reached = position
    for (const changes of this.#touched) changes.committed(committedAtMs)
    this.#touched.clear()
  }

  table(table: TableSchema): TableSink {
    return this.#gathered(table)
  }

  truncate(table: TableSchema): void {
    this.#gathered(table).truncate()
  }

  schemaChanged(table: TableSchema, reason: string): void {
    this.#held.delete(table.id)
    this.#open.stale.push({ table, reason, kind: "changed" })
  }

  /** As `schemaChanged`, also inside a transaction. */
  letGo(table: TableSchema, reason: string): void {
    this.schemaChanged(table, reason)
    this.#handOver()
  }

  unfit(table: TableSchema, column: string | undefined, what: string): void {
    this.#held.delete(table.id)
    const held = forgetTable(this.#open, table.id)
    this.#open.stale.push(staleByValue({ table, held }, column, what))
  }

  caughtUp(position: Position): void {
    // A server that reads its log again after a reconnect reports positions that were reached long ago.
    if (!this.#hasReached(position, this.#reached)) return
    this.#caughtUpPosition = position
    this.#reached = position
    this.#open.complete = position
    if (this.#loop.kind === "waiting" && this.#isEmpty()) this.#see(position)
    this.caughtUpAtMs = Date.now()
  }

  chunkDecoded(): void {
    this.#betweenTransactions()
    const isAwaited = hasContent(this.#open) || this.#adopting.length + this.#turns.length > 0
    this.#isOverdue = this.inTransaction && isAwaited
    this.#hooks.chunkDecoded(this)
  }

  #gathered(table: TableSchema): GatheredChanges {
    if (!this.inTransaction) throw outsideTransaction(table)
    const { tables, sequence } = this.#open
    let gathered = this.#held.get(table.id) ?? tables.get(table.id)
    if (gathered === undefined) {
      gathered = new GatheredChanges(table, sequence, this.#modeOf(table))
      tables.set(table.id, gathered)
    }
    if (gathered.commitTimes !== undefined) this.#touched.add(gathered)
    return gathered
  }

  #modeOf = ({ id }: TableSchema) => ({
    keepsVersions: this.#hooks.keepsVersions?.(id) ?? false,
    spares: this.#spares,
  })

  /** Called between two transactions: the only moments at which held changes are whole transactions and a batch may end. */
  #betweenTransactions(): void {
    if (this.inTransaction) return
    for (const adoption of this.#adopting.splice(0)) {
      if (!this.#hasReached(this.#reached, adoption.snapshotPosition)) this.#adopting.push(adoption)
      // The table was dropped or changed meanwhile: its held changes are gone, and the copy is of no use.
      else if (this.#held.get(adoption.table.id) !== adoption.changes) adoption.done(false)
      else {
        this.#held.delete(adoption.table.id)
        this.#open.adopted.push(adoption)
      }
    }
    for (const turn of this.#turns.splice(0)) turn()
    this.#handOver()
  }

  #hasReached = (at: Position, position: Position) => this.#hooks.compare(at, position) >= 0

  #isEmpty = (): boolean => this.#sealed.length === 0 && !hasContent(this.#open)

  #see(position = this.visible): void {
    if (this.#hasReached(position, this.visible)) this.visible = position
  }

  #handOver(): void {
    if (this.#loop.kind !== "waiting") return
    const sealed = this.#sealed.shift()
    if (sealed !== undefined) return this.#begin(sealed)
    if (this.inTransaction || !hasContent(this.#open)) return
    if (isChangesOnly(this.#open) && this.#hooks.rests()) return
    this.#begin(this.#takeOpen())
  }

  #takeOpen(): SealedWork {
    const { tables, earlier, sequence, complete, isAltered: _, ...rest } = this.#open
    this.#open = nothingYet()
    // A "caught up" that the source reported before these changes no longer holds.
    this.#caughtUpPosition = undefined
    const gathered = { ...rest, tables: [...earlier, ...tables.values()], changes: sequence.next }
    return { work: { kind: "batch", gathered }, complete }
  }

  #begin(sealed: SealedWork): void {
    this.#give(sealed)
    this.#hooks.handedOver()
  }

  #give(sealed: SealedWork): void {
    if (this.#loop.kind !== "waiting") return
    const { give } = this.#loop
    this.#loop = workingOn(sealed)
    give(sealed.work)
  }
}
