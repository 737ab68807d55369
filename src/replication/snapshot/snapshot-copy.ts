import { newOneAhead } from "../../concurrency/one-ahead.ts"
import { Problem } from "../../domain/problems.ts"
import { type ColumnType, qualifiedName, type TableSchema, tableKey } from "../../domain/table.ts"
import { CopyYielded, SnapshotInvalidated } from "../contracts/snapshot-invalidated.ts"
import type { Chunk, Snapshot, SnapshotTable } from "../contracts/source.ts"
import { UnrepresentableColumn } from "../contracts/text-columns.ts"
import type { Destination, TableLoad } from "../contracts/warehouse.ts"
import { newRowBuffer, type RowBuffer, resetRows } from "../values/columns.ts"
import type { WriteObserver } from "../write-order.ts"

export interface SnapshotCopy {
  snapshot: Snapshot
  destination: Destination
  /** Chunks that are read at the same time. */
  readers: number
  observe: WriteObserver
  onTable(table: TableSchema, event: CopyEvent): void
  /**
   * Puts a complete copy in the live table's place; `false`: the table has changed meanwhile and the copy is
   * discarded.
   */
  goLive(table: TableSchema, load: TableLoad): Promise<boolean>
  /** Tables that are live already and stay: a warehouse without regard to case must tell new names from theirs. */
  beside: readonly TableSchema[]
  /**
   * What ends when a table changed while it was read: the whole snapshot, which begins again, or only this table's
   * copy.
   */
  onInvalidated: "endsAll" | "endsItsOwn"
  /** The time since when rows of this table are versions; `undefined`: the table keeps none. */
  versionsSince(table: TableSchema): Date | undefined
  signal: AbortSignal
}

export type CopyEvent =
  | { kind: "begun"; estimatedRows: number }
  | { kind: "rows"; rows: number }
  | { kind: "finished" }
  | { kind: "failed"; reason: string }
  /**
   * The copy gave way to a statement at the source that waited for the table; it is copied later, beside the stream.
   */
  | { kind: "yielded"; reason: string }
  /**
   * A value of `column` does not fit its type: with that column as text the table can be copied. `what`: the kind of
   * value.
   */
  | { kind: "unfit"; column: string; what: string }

interface Copying {
  table: SnapshotTable
  /** The load into the copy, begun by the table's first chunk and shared by all. */
  load: Promise<TableLoad> | undefined
  chunksLeft: number
  /** Aborted when one chunk finds that the table cannot be copied: the table's other chunks stop. */
  failed: AbortController
}

/** Copies every table of the snapshot, smallest first, and returns those that are now live. */
export async function copySnapshot(copy: SnapshotCopy): Promise<TableSchema[]> {
  const ordered = [...copy.snapshot.tables].sort((a, b) => a.estimatedRows - b.estimatedRows)
  const copying: Copying[] = ordered.map((table) => ({
    table,
    load: undefined,
    chunksLeft: table.chunks.length,
    failed: new AbortController(),
  }))
  const clashes = copy.destination.capabilities.caseSensitiveNames
    ? new Map()
    : caseClashes(
        ordered.map((table) => table.schema),
        copy.beside,
      )
  const tasks = copying.flatMap((one) => one.table.chunks.map((chunk) => ({ one, chunk })))
  const stop = new AbortController()
  const signal = AbortSignal.any([copy.signal, stop.signal])
  const reader = async () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      await copyChunk(copy, task.one, task.chunk, clashes.get(task.one.table.schema.id), signal)
    }
  }
  const breaks: unknown[] = []
  const stopAll = (error: unknown) => {
    tasks.length = 0
    stop.abort()
    breaks.push(error)
  }
  await Promise.all(Array.from({ length: copy.readers }, () => reader().catch(stopAll)))
  // Only the first failure has the cause; the others were stopped by it.
  if (breaks.length > 0) {
    await Promise.allSettled(copying.map(async (one) => (await one.load)?.abort()))
    throw breaks[0]
  }
  return copying.filter((one) => !one.failed.signal.aborted).map((one) => one.table.schema)
}

async function copyChunk(
  copy: SnapshotCopy,
  one: Copying,
  chunk: Chunk,
  clash: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (one.failed.signal.aborted) return
  const { schema } = one.table
  try {
    if (clash !== undefined) throw new Problem("tableFailed", clash)
    one.load ??= begin(copy, one)
    const load = await one.load
    const types = schema.columns.map((column) => column.type)
    const writer = newDoubleBuffer(types, async (rows) => {
      const count = rows.rows
      await load.write(rows)
      copy.onTable(schema, { kind: "rows", rows: count })
    })
    const either = AbortSignal.any([signal, one.failed.signal])
    await copy.snapshot.read(schema, chunk, newRowBuffer(types), writer.write, either)
    await writer.settled()
    copy.observe("chunkLoaded")
    if (--one.chunksLeft > 0 || one.failed.signal.aborted) return
    await load.untilClear?.(signal)
    signal.throwIfAborted()
    if (!(await copy.goLive(schema, load))) return
    copy.observe("tableSwapped")
    copy.onTable(schema, { kind: "finished" })
  } catch (error) {
    // This chunk was stopped because another chunk of the table failed.
    if (one.failed.signal.aborted) return
    if (error instanceof SnapshotInvalidated && copy.onInvalidated === "endsItsOwn") {
      one.failed.abort()
      return await abortLoad(one)
    }
    if (error instanceof CopyYielded) {
      one.failed.abort()
      await abortLoad(one)
      return copy.onTable(schema, { kind: "yielded", reason: error.message })
    }
    if (!(error instanceof Problem) || error.kind !== "tableFailed") throw error
    one.failed.abort()
    await abortLoad(one)
    copy.onTable(schema, failureOf(error))
  }
}

function failureOf(problem: Problem): CopyEvent {
  if (problem instanceof UnrepresentableColumn)
    return { kind: "unfit", column: problem.column, what: problem.what }
  return { kind: "failed", reason: problem.message }
}

async function abortLoad(one: Copying): Promise<void> {
  // A load that could not begin has nothing to discard.
  const load = await one.load?.catch(() => undefined)
  await load?.abort()
}

async function begin(copy: SnapshotCopy, one: Copying): Promise<TableLoad> {
  copy.onTable(one.table.schema, { kind: "begun", estimatedRows: one.table.estimatedRows })
  const load = await copy.destination.copies.begin(one.table.schema, copy.versionsSince(one.table.schema))
  copy.observe("copyBegun")
  return load
}

interface DoubleBuffer {
  /** Takes a full buffer and returns an empty one; waits while the one before is still being written. */
  write(rows: RowBuffer): Promise<RowBuffer>
  /** Resolves when all is written; throws what writing threw. */
  settled(): Promise<void>
}

/** Two buffers: one is written while the other is filled. */
function newDoubleBuffer(types: ColumnType[], write: (rows: RowBuffer) => Promise<void>): DoubleBuffer {
  let spare = newRowBuffer(types)
  const ahead = newOneAhead()
  return {
    async write(rows) {
      let next = rows
      await ahead.begin(async () => {
        next = spare
        await write(rows)
        resetRows(rows)
        spare = rows
      })
      return next
    },
    settled: ahead.settled,
  }
}

/** Why a warehouse without regard to case cannot keep a table's names apart from one another and from others'. */
export function caseClash(
  { capabilities }: Destination,
  table: TableSchema,
  others: readonly TableSchema[],
): string | undefined {
  if (capabilities.caseSensitiveNames) return undefined
  const columns = new Set(table.columns.map((column) => column.name.toLowerCase()))
  if (columns.size < table.columns.length)
    return "Two of its columns differ only in case, which this warehouse cannot keep apart."
  const key = tableKey(table)
  const other = others.find(
    (one) => tableKey(one) !== key && tableKey(one).toLowerCase() === key.toLowerCase(),
  )
  return (
    other &&
    `Its name differs only in case from ${qualifiedName(other)}, which this warehouse cannot keep apart.`
  )
}

/** Names that a warehouse without regard to case cannot keep apart: the tables concerned, and what to tell people. */
function caseClashes(tables: TableSchema[], beside: readonly TableSchema[]): Map<string, string> {
  const clashes = new Map<string, string>()
  const ids = new Set(tables.map((table) => table.id))
  const others = beside.filter((table) => !ids.has(table.id))
  const seen = new Map(others.map((table) => [tableKey(table).toLowerCase(), table]))
  for (const table of tables) {
    const twins = alikeButForCase(table.columns.map((column) => column.name))
    if (twins !== undefined)
      clashes.set(
        table.id,
        `Columns ${twins.join(" and ")} differ only in case, which this warehouse cannot keep apart. Rename one of them.`,
      )
    const folded = tableKey(table).toLowerCase()
    const other = seen.get(folded)
    if (other === undefined) seen.set(folded, table)
    else if (tableKey(other) !== tableKey(table))
      clashes.set(
        table.id,
        `Its name differs only in case from ${qualifiedName(other)}, which this warehouse cannot keep apart. Rename one of them, or leave it out with the data filter.`,
      )
  }
  return clashes
}

function alikeButForCase(names: readonly string[]): [string, string] | undefined {
  const seen = new Map<string, string>()
  for (const name of names) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) return [other, name]
    seen.set(name.toLowerCase(), name)
  }
  return undefined
}
