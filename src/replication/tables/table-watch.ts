import { newWakeablePause } from "../../concurrency/wakeable-pause.ts"
import type { Position } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Batcher } from "../batch/batcher.ts"
import type { StaleTable } from "../batch/open-batch.ts"
import type { ChangeStream, Source, TableSelection } from "../contracts/source.ts"
import {
  type TextColumn,
  type TextColumns,
  type UnrepresentableNote,
  widened,
  withTextColumns,
} from "../contracts/text-columns.ts"
import { type VersionModes, versionsObstacle } from "../contracts/versions.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { PipelineReporter } from "../pipeline.ts"
import { aborted } from "../signals.ts"
import { copyBesideStream, postpone } from "../snapshot/incremental-snapshot.ts"
import { caseClash } from "../snapshot/snapshot-copy.ts"
import type { WriteObserver } from "../write-order.ts"
import type { AskedResyncs } from "./asked-resyncs.ts"
import { type CatalogPollBackoff, newCatalogPollBackoff } from "./catalog-poll-backoff.ts"
import { newCatalogPollTimers } from "./catalog-poll-timers.ts"
import type { LeftBehind, TableRetry } from "./left-behind.ts"
import { newSelectionState, type SelectionState, settleSelection } from "./selection.ts"
import { letStaleLeave } from "./stale-tables.ts"
import { shapeOf } from "./table-shape.ts"
import { dueForSwitch, switchVersions } from "./version-switches.ts"

export interface TableWatchOptions {
  /** Names it at the source. */
  handle: string
  source: Source
  stream: ChangeStream
  destination: Destination
  batcher: Batcher
  select: TableSelection
  /** The tables that the stream carries at the start. */
  tables: readonly TableSchema[]
  /** Columns that the warehouse has recorded to be held as text. */
  texts: TextColumns
  modes: VersionModes
  /** Tables that need a re-snapshot. */
  asked: AskedResyncs
  /** Tables that wait before their copies are tried again. */
  leftBehind: LeftBehind
  reporter: PipelineReporter
  observe: WriteObserver
  lookEveryMs: number
  signal: AbortSignal
}

export interface TableWatch {
  /** A table that no longer streams: it is re-snapshotted. */
  onStale(stale: StaleTable): void
  /** Why the warehouse cannot alter a table to `to`; `undefined`: it can. */
  refusal(to: TableSchema): string | undefined
  /** A streaming table was altered to `to`. */
  onAltered(to: TableSchema): void
  onDropped(table: TableSchema): void
  /** Rows of a table came through a partition that was not known. */
  onNewPart(): void
  /**
   * Starts a resync of tables by id. The live tables stay readable and are not updated meanwhile. Resolves as
   * AskedResyncs.ask does.
   */
  resync(ids: readonly string[]): Promise<boolean>
  /** The selection has changed: the warehouse is brought to it now. */
  selectionChanged(): void
  /** The tables that stream or are being copied. */
  known(): TableSchema[]
  /** The selected tables as the source has them now. Throws Problem. */
  current(): Promise<CurrentTables>
  /** Poll now: what is wanted has changed. */
  wake(): void
  /** Poll soon: a wanted table may have changed. A source whose catalog is slow is spared. */
  pollSoon(): void
  /** Ends with the signal; rejects with what stops the whole pipeline. */
  readonly ended: Promise<void>
}

/** Milliseconds between polls while the warehouse does not have what is selected. */
const soonMs = 250

export interface Watching extends TableWatchOptions {
  /** Tables that stream or are being copied, by id. */
  known: Map<string, TableSchema>
  /** By table id: when a failed table is tried again. */
  retries: Map<string, TableRetry>
  /** Tables in the warehouse that are no longer updated, by id. */
  stale: Map<string, TableSchema>
  refused: Map<string, string>
  texts: Map<string, readonly TextColumn[]>
  /** Columns that are to be text and are not yet recorded in the warehouse. */
  unfit: UnrepresentableNote[]
  backoff: CatalogPollBackoff
  /** By table id: called when the warehouse has recorded the table as stale. */
  whenStale: Map<string, () => void>
  selection: SelectionState
}

/**
 * Keeps the set of tables right while the stream runs: re-snapshots new and changed ones beside it, drops those that
 * are gone.
 */
export function watchTables(options: TableWatchOptions): TableWatch {
  const watching: Watching = {
    ...options,
    known: new Map(options.tables.map((table) => [table.id, table])),
    retries: options.leftBehind.retries(),
    stale: new Map(),
    refused: new Map(),
    texts: new Map(options.texts),
    unfit: [],
    backoff: newCatalogPollBackoff(options.lookEveryMs),
    whenStale: new Map(),
    selection: newSelectionState(),
  }
  let isWoken = false
  const resting = newWakeablePause(options.signal)
  const wake = () => {
    isWoken = true
    resting.wake()
  }
  const timers = newCatalogPollTimers(watching.backoff, wake, options.signal)

  async function run(): Promise<void> {
    while (!options.signal.aborted) {
      if (watching.backoff.isWorthIt(reached(watching), isWoken || isDue(watching))) {
        isWoken = false
        await look(watching, resting.pause)
      }
      // A change reported during the poll may be newer than what the poll read.
      if (isWoken) continue
      if (watching.asked.reasons.size + watching.unfit.length + dueForSwitch(watching).length > 0) continue
      await resting.pause(restMs(watching))
    }
  }

  return {
    onStale(stale) {
      // The table may have been re-snapshotted meanwhile.
      if (isSame(watching.known.get(stale.table.id), stale.table)) watching.known.delete(stale.table.id)
      watching.stale.set(stale.table.id, stale.table)
      if (stale.kind === "unfit") watching.unfit.push(stale)
      options.reporter.stale(stale)
      watching.whenStale.get(stale.table.id)?.()
      wake()
    },
    refusal(to) {
      const others = [...watching.known.values()].filter(({ id }) => id !== to.id)
      const obstacle = options.modes.kept.has(to.id) ? versionsObstacle(to) : undefined
      return (
        obstacle ?? options.destination.inspection.refusal(to) ?? caseClash(options.destination, to, others)
      )
    },
    onAltered: (to) => void watching.known.set(to.id, to),
    onDropped(table) {
      watching.known.delete(table.id)
      watching.stale.delete(table.id)
      options.reporter.dropped(table, options.modes.kept.delete(table.id))
      if (!watching.selection.isSettled()) wake()
    },
    resync(ids) {
      for (const id of ids) {
        watching.retries.delete(id)
        watching.leftBehind.asked(id)
      }
      const recorded = watching.asked.ask(ids, askedReason)
      wake()
      return recorded
    },
    selectionChanged() {
      watching.selection.ask()
      watching.retries.clear()
      wake()
    },
    known: () => [...watching.known.values()],
    current: () => options.source.tables(options.select),
    wake: () => wake(),
    pollSoon: timers.pollSoon,
    onNewPart: timers.pollAfterNewPartition,
    ended: run(),
  }
}

function isSame(a: TableSchema | undefined, b: TableSchema): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b)
}

const askedReason = "A resync was asked for."

/**
 * Takes tables for which a resync was asked out of the stream. The copy begins only when the warehouse has recorded
 * them as stale: otherwise a crash would lose the request. An attempt that ends before leaves them asked for.
 */
async function letGoOfAsked(watching: Watching): Promise<void> {
  const reasons = new Map(watching.asked.reasons)
  const ids = [...reasons.keys()]
  const leaving = ids.flatMap((id) => watching.known.get(id) ?? [])
  const known = leaving.map(({ id }) => new Promise<void>((resolve) => watching.whenStale.set(id, resolve)))
  for (const table of leaving) {
    watching.known.delete(table.id)
    watching.stream.exclude(table.id)
    watching.batcher.letGo(table, reasons.get(table.id) ?? askedReason)
  }
  await Promise.race([Promise.all(known), aborted(watching.signal)])
  watching.whenStale.clear()
  if (watching.signal.aborted) return
  for (const id of ids) {
    await forgetTexts(watching, id)
    watching.asked.recorded(id)
  }
  // Columns that an earlier copy found to need text are forgotten for these tables: the resync may have been asked
  // for because that was mended.
  const unfit = watching.unfit.splice(0).filter(({ table }) => !reasons.has(table.id))
  watching.unfit.push(...unfit)
}

/** A resync tries the exact types again. */
async function forgetTexts({ texts, destination }: Watching, id: string): Promise<void> {
  if (texts.delete(id)) await destination.notes.noteTextColumns(id, [])
}

/**
 * Records columns that are to be text before the copy is made: after a crash the copy must not begin with the exact
 * type again.
 */
async function noteUnrepresentable(watching: Watching): Promise<void> {
  const { texts, destination } = watching
  for (const unfit of watching.unfit.splice(0)) {
    const { table } = unfit
    const noted = widened(texts.get(table.id), unfit)
    if (noted === undefined) {
      postpone(watching, table, "table")
      continue
    }
    await destination.notes.noteTextColumns(table.id, noted)
    texts.set(table.id, noted)
  }
}

async function look(watching: Watching, rest: (ms: number) => Promise<void>): Promise<void> {
  if (watching.asked.reasons.size > 0) await letGoOfAsked(watching)
  await noteUnrepresentable(watching)
  await switchVersions(watching)
  if (watching.signal.aborted) return
  const asked = watching.selection.asked
  const current = await watching.backoff.reading(reached(watching), () =>
    watching.source.tables(watching.select, watching.handle),
  )
  if (askForAltered(watching, current.altered ?? new Map())) return
  for (const refused of current.refused) {
    if (watching.refused.get(refused.id) === refused.reason) continue
    watching.refused.set(refused.id, refused.reason)
    watching.reporter.refused(refused)
  }
  forgetRetries(watching, current)
  letStaleLeave(watching, current)
  const isAsKnown = await followOrLetGo(watching, current)
  // Tables found to need a re-snapshot are copied together with new ones, and do not wait for those.
  if (!isAsKnown) await rest(soonMs)
  const wanted = current.tables.filter((table) => !watching.known.has(table.id) && mayTry(watching, table))
  if (wanted.length > 0 && !watching.signal.aborted) await copyBesideStream(watching, wanted)
  else if (isAsKnown) watching.backoff.foundNothing()
  await settleSelection(watching, current, asked)
}

/** The stream's position, where no change of a table can happen without moving it; else `undefined`. */
function reached({ stream, batcher }: Watching): Position | undefined {
  return stream.movesWithDefinitions ? batcher.reached : undefined
}

function isDue(watching: Watching): boolean {
  const { retries, selection } = watching
  const nowMs = performance.now()
  if (dueForSwitch(watching).length > 0) return true
  return !selection.isSettled() || selection.isWide || [...retries.values()].some(({ atMs }) => atMs <= nowMs)
}

/**
 * Milliseconds until the next regular poll. A table that is due to be tried again does not wait for a slow catalog.
 */
function restMs({ selection, backoff, retries }: Watching): number {
  if (!selection.isSettled()) return soonMs
  const firstDueMs = Math.min(...[...retries.values()].map(({ atMs }) => atMs - performance.now()))
  return Math.min(backoff.waitMs, Math.max(firstDueMs, backoff.soonestMs, soonMs))
}

/** Forgets retries of tables that stream, are gone or cannot be replicated. */
function forgetRetries({ retries, known }: Watching, { tables }: CurrentTables): void {
  const there = new Set(tables.map(({ id }) => id))
  for (const id of retries.keys()) if (known.has(id) || !there.has(id)) retries.delete(id)
}

export type CurrentTables = Pick<Awaited<ReturnType<Source["tables"]>>, "tables" | "refused">

/** Compares the catalog with what is known and acts on differences; `true`: there were none. */
async function followOrLetGo(watching: Watching, { tables, refused }: CurrentTables): Promise<boolean> {
  const { known, stream, texts } = watching
  const byId = new Map(tables.map((table) => [table.id, table]))
  const { followed } = stream
  if (followed !== undefined) {
    const doubtful = [...known.keys()].filter((id) => {
      const now = byId.get(id)
      return now === undefined || !followed.carries(now)
    })
    if (doubtful.length > 0) await followed.recheck(doubtful)
    return doubtful.length === 0
  }
  const stillThere = new Set([...tables, ...refused].map(({ id }) => id))
  let isAsKnown = true
  for (const [id, table] of known) {
    const now = byId.get(id)
    if (now !== undefined && isSame(withTextColumns(now, texts.get(id)), table)) continue
    letGoOf(watching, table, stillThere.has(id))
    isAsKnown = false
  }
  return isAsKnown
}

function letGoOf({ known, stream, batcher }: Watching, table: TableSchema, isThere: boolean): void {
  known.delete(table.id)
  stream.exclude(table.id)
  if (isThere) return batcher.letGo(table, "its definition changed")
  batcher.dropped(table)
  batcher.chunkDecoded()
}

/**
 * Asks for a re-snapshot of tables whose rows may be missing in the stream. They are marked stale first: rows that
 * were missed must not be taken for complete, whatever happens next.
 */
function askForAltered({ asked, known }: Watching, altered: ReadonlyMap<string, string>): boolean {
  for (const [id, reason] of altered) if (known.has(id)) void asked.ask([id], reason)
  return asked.reasons.size > 0
}

function mayTry({ retries }: Watching, table: TableSchema): boolean {
  const retry = retries.get(table.id)
  return retry === undefined || retry.atMs <= performance.now() || retry.shape !== shapeOf(table)
}
