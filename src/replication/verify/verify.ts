import { atMost } from "../../concurrency/deadline.ts"
import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { isSameDefinition, qualifiedName, type TableSchema } from "../../domain/table.ts"
import type { Batcher } from "../batch/batcher.ts"
import { compareTable, type RowKey, type TableComparison } from "../contracts/comparison.ts"
import type { ChangeStream, Snapshot, Source } from "../contracts/source.ts"
import type { Destination, DestinationView, StagedPart } from "../contracts/warehouse.ts"
import { aborted } from "../signals.ts"
import { newRowBuffer, resetRows } from "../values/columns.ts"

export interface VerifyParts {
  source: Source
  stream: ChangeStream
  destination: Destination
  batcher: Batcher
  /** Given when the pipeline no longer streams. */
  ended: AbortSignal
}

export type Verdict =
  | ({ kind: "compared"; position: Position } & TableComparison)
  | { kind: "skipped"; reason: string }

/** Until the warehouse has come to where the source's snapshot was taken. */
const reachLimitMs = 5 * 60_000
const tableLimitMs = 30 * 60_000
/** Nothing is applied while rows are mended. */
const mendLimitMs = 10_000

/**
 * Compares tables at one and the same place of the source's history, while rows go on flowing: the apply loop stands
 * still at that place for as long as it takes to open a view. Throws Problem.
 */
export async function verifyTables(
  parts: VerifyParts,
  ids: ReadonlySet<string>,
  onVerdict: (id: string, verdict: Verdict) => void,
  signal: AbortSignal,
): Promise<void> {
  const view = (_: Promise<Snapshot>) => parts.destination.inspection.view()
  const { snapshot, outcome } = await atGlimpse(parts, ids, view, (late) => late.close(), signal)
  try {
    if (parts.source.compare(outcome.position, snapshot.position) > 0)
      throw new Problem("internal", "The warehouse was already past the place of the comparison.")
    const stop = AbortSignal.any([signal, parts.ended])
    for (const id of ids) onVerdict(id, await judge(snapshot, outcome, id, stop))
  } finally {
    await outcome.close()
    await snapshot.close()
  }
}

async function judge(
  snapshot: Snapshot,
  view: DestinationView,
  id: string,
  signal: AbortSignal,
): Promise<Verdict> {
  const here = snapshot.tables.find(({ schema }) => schema.id === id)?.schema
  const there = view.tables.find((table) => table.id === id)
  if (here === undefined) return { kind: "skipped", reason: "It is gone at the source." }
  if (there === undefined) return { kind: "skipped", reason: "It is being copied." }
  if (!isSameDefinition(here, there))
    return { kind: "skipped", reason: "Its definition changed at the source; it is about to be resynced." }
  const limited = AbortSignal.any([signal, AbortSignal.timeout(tableLimitMs)])
  try {
    const comparison = await compareTable(snapshot, view, here, await view.countRows(here), limited)
    return { kind: "compared", position: snapshot.position, ...comparison }
  } catch (error) {
    if (signal.aborted || !limited.aborted) throw error
    return { kind: "skipped", reason: `It could not be compared within ${tableLimitMs / 60_000} minutes.` }
  }
}

/**
 * Puts the source's rows in the place of all rows with these keys, exactly where the source's snapshot was taken: later
 * changes come on top. Throws Problem, and has then changed nothing.
 */
export async function mendRows(
  parts: VerifyParts,
  table: TableSchema,
  keys: readonly RowKey[],
  signal: AbortSignal,
): Promise<void> {
  const { destination } = parts
  const mend = async (snapshot: Promise<Snapshot>) => {
    const staging = stagedRows(destination, await snapshot, table, keys, signal)
    const rows = await atMost(mendLimitMs, staging, () => unanswered(mendLimitMs))
    const live = await destination.inspection.tables()
    if (!live.some((one) => isSameDefinition(one, table))) throw changed(table)
    await destination.rows.mend(table, keys, rows)
  }
  const { snapshot } = await atGlimpse(parts, new Set([table.id]), mend, async () => undefined, signal)
  await snapshot.close()
}

function changed(table: TableSchema): Problem {
  return new Problem("tableFailed", `Table ${qualifiedName(table)} changed meanwhile.`)
}

async function stagedRows(
  destination: Destination,
  snapshot: Snapshot,
  table: TableSchema,
  keys: readonly RowKey[],
  signal: AbortSignal,
): Promise<StagedPart[]> {
  const [found] = snapshot.tables
  if (!isSameDefinition(found?.schema, table)) throw changed(table)
  const parts: StagedPart[] = []
  const rows = newRowBuffer(table.columns.map((column) => column.type))
  const write = async (full: typeof rows) => {
    parts.push(await destination.rows.stageRows(table, full))
    resetRows(full)
    return full
  }
  await snapshot.readKeys(table, keys, rows, write, signal)
  return parts
}

function unanswered(limitMs: number): never {
  throw new Problem("sourceBusy", `The source did not answer within ${limitMs / 1000} s.`)
}

/**
 * Runs `work` while the apply loop stands still at exactly the place of a new snapshot of the source. The caller closes
 * the snapshot. An outcome that comes too late for the caller goes to `dispose`.
 */
async function atGlimpse<T>(
  { stream, batcher, ended }: VerifyParts,
  ids: ReadonlySet<string>,
  work: (snapshot: Promise<Snapshot>) => Promise<T>,
  dispose: (outcome: T) => Promise<void>,
  signal: AbortSignal,
): Promise<{ snapshot: Snapshot; outcome: T }> {
  const outcome = Promise.withResolvers<T>()
  const opened = Promise.withResolvers<Snapshot>()
  for (const { promise } of [outcome, opened]) promise.catch(() => undefined)
  const givenUp = AbortSignal.any([signal, ended, AbortSignal.timeout(reachLimitMs)])
  const standing = async () => {
    if (givenUp.aborted) return
    try {
      const result = await work(opened.promise)
      if (givenUp.aborted) await dispose(result)
      else outcome.resolve(result)
    } catch (error) {
      outcome.reject(error)
    }
  }
  const reached = () => void batcher.standStill(standing)
  const snapshot = await stream.glimpse(ids, reached)
  opened.resolve(snapshot)
  try {
    const late = aborted(givenUp).then(() => {
      throw new Problem("sourceBusy", "The comparison was given up: the pipeline stopped or is far behind.")
    })
    return { snapshot, outcome: await Promise.race([outcome.promise, late]) }
  } catch (error) {
    await snapshot.close()
    throw error
  }
}
