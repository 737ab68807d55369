import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { type UnrepresentableNote, widened } from "../contracts/text-columns.ts"
import { wantsVersions } from "../contracts/versions.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { PipelineOptions } from "../pipeline.ts"
import { optionsOf } from "../tables/database-options.ts"
import { type CopyEvent, copySnapshot } from "./snapshot-copy.ts"

/** Two readers keep both the source and the loading busy. */
const snapshotReaders = 2

/**
 * Copies all selected tables, when there is no position to stream from; `onRows` is told of rows as they are copied. Returns the
 * snapshot's position. Throws Problem.
 */
export async function takeSnapshot(
  options: PipelineOptions,
  destination: Destination,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<Position> {
  const { reporter, source, handle } = options
  reporter.phase("copying")
  await refuseIfUnprepared(options)
  const texts = await destination.notes.textColumns()
  let waits = false
  const since = new Date()
  const snapshot = await source.openSnapshot(handle, options.select, texts, (problem) => {
    waits = true
    reporter.problem(problem)
  })
  if (waits) reporter.problem(undefined)
  try {
    signal.throwIfAborted()
    options.observe("sourcePrepared")
    const later = snapshot.later ?? []
    reporter.snapshot([...snapshot.tables.map((table) => table.schema), ...later], snapshot.refused)
    const unfit: UnrepresentableNote[] = []
    const onTable = (table: TableSchema, event: CopyEvent) => {
      if (event.kind === "unfit") unfit.push({ ...event, table })
      reporter.copied(table, event)
      if (event.kind === "rows") onRows(event.rows)
    }
    const tables = await copySnapshot({
      snapshot,
      destination,
      readers: snapshotReaders,
      observe: options.observe,
      onTable,
      beside: [],
      onInvalidated: "endsAll",
      versionsSince: (table) => (wantsVersions(optionsOf(options), table) ? since : undefined),
      goLive: (_, load) => load.finish().then(() => true),
      signal,
    })
    // Tables with an unrepresentable value are copied again beside the stream, with the column as text: the others do
    // not wait.
    for (const one of unfit) {
      const noted = widened(texts.get(one.table.id), one)
      if (noted !== undefined) await destination.notes.noteTextColumns(one.table.id, noted)
    }
    await destination.copies.completeSnapshot([...tables, ...later], snapshot.position)
    options.observe("positionRecorded")
    return snapshot.position
  } finally {
    await snapshot.close()
  }
}

async function refuseIfUnprepared({ source, select }: PipelineOptions): Promise<void> {
  const errors = (await source.preflight(select)).filter(
    ({ severity, concerns }) => severity === "error" && concerns === "source",
  )
  if (errors.length === 0) return
  const list = errors.map((finding) => `${finding.what} ${finding.remedy}`).join(" ")
  throw new Problem("sourceSettings", list)
}
