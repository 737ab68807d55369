import { shownPosition } from "../../domain/position.ts"
import { isGone, type TableName, type TableSchema, type TableState, tableKey } from "../../domain/table.ts"
import type { Applied } from "../../replication/batch/apply-loop.ts"
import type { PipelineReporter } from "../../replication/pipeline.ts"
import type { Activity, PipelineEvents, TableStateChange } from "../../state/history.ts"
import type { PipelineMonitor } from "./pipeline-monitor.ts"
import type { TableProgress } from "./table-progress.ts"

/** What a pipeline did and how its tables fared, until somebody records it. */
export interface PipelineHistory {
  /** Tells the monitor, and remembers. */
  readonly reporter: PipelineReporter
  /** What happened since the last call; `undefined`: nothing. */
  take(): PipelineEvents | undefined
  /** What was taken could not be recorded. */
  putBack(events: PipelineEvents): void
}

/** While nobody can record them, the newest are kept. */
const maxWaiting = 5_000

export function newPipelineHistory(
  monitor: PipelineMonitor,
  /** Where the warehouse is in the source's history. */
  position: () => string | undefined,
): PipelineHistory {
  const { integrationId, sourceDatabase, destinationDatabase: targetDatabase } = monitor.record
  const states = new Map<string, { table: TableName; state: TableState }>()
  let activities: Activity[] = []
  let stateChanges: TableStateChange[] = []
  let batches: Batches | undefined
  let latestMs = 0
  let copyingSince: Date | undefined
  const copyBegun = new Map<string, Date>()

  for (const progress of monitor.tables.values()) states.set(progress.id, stateOf(progress))

  function noteTable(id: string): void {
    const progress = monitor.tables.get(id)
    const before = states.get(id)
    if (progress === undefined) {
      states.delete(id)
      if (before !== undefined && !isGone(before.state)) push(before.table, "Deleted", null)
      return
    }
    if (before?.state === progress.state && tableKey(before.table) === tableKey(progress)) return
    states.set(id, stateOf(progress))
    push(progress, progress.state, progress.reason)
  }

  function noteAll(): void {
    for (const id of new Set([...states.keys(), ...monitor.tables.keys()])) noteTable(id)
  }

  function push({ schema, name }: TableName, state: TableState, reason: string | null): void {
    stateChanges.push({
      integrationId,
      targetDatabase,
      schema,
      name,
      state,
      reason,
      position: position() ?? null,
      recordedAt: laterThanBefore(),
    })
    if (stateChanges.length > maxWaiting) stateChanges.shift()
  }

  /** Their times tell their order. */
  function laterThanBefore(): Date {
    latestMs = Math.max(Date.now(), latestMs + 1)
    return new Date(latestMs)
  }

  function copied(startedAt: Date, tables: number): void {
    activities.push({
      integrationId,
      sourceDatabase,
      targetDatabase,
      kind: "snapshot",
      position: position() ?? null,
      bytes: null,
      lastCommitAt: null,
      tables,
      startedAt,
      endedAt: new Date(),
    })
    if (activities.length > maxWaiting) activities.shift()
  }

  function endBatches(): void {
    if (batches === undefined || !hasEnded(batches)) return
    const { tables, ...rest } = batches
    activities.push({
      integrationId,
      sourceDatabase,
      targetDatabase,
      kind: "cdc",
      ...rest,
      tables: tables.size,
    })
    batches = undefined
  }

  const inner = monitor.reporter
  const reporter: PipelineReporter = {
    ...inner,
    phase(phase) {
      inner.phase(phase)
      if (phase === "copying") copyingSince = new Date()
      if (phase !== "streaming" || copyingSince === undefined) return
      copied(copyingSince, [...monitor.tables.values()].filter(({ state }) => state === "Synced").length)
      copyingSince = undefined
    },
    snapshot(wanted, refused) {
      inner.snapshot(wanted, refused)
      noteAll()
    },
    copied(table, event) {
      inner.copied(table, event)
      if (event.kind === "rows") return
      noteTable(table.id)
      if (event.kind === "begun") return void copyBegun.set(table.id, new Date())
      const begun = copyBegun.get(table.id)
      copyBegun.delete(table.id)
      if (event.kind === "finished" && copyingSince === undefined && begun !== undefined) copied(begun, 1)
    },
    streaming(tables) {
      inner.streaming(tables)
      noteAll()
    },
    applied(applied) {
      inner.applied(applied)
      batches = withBatch(batches, applied)
    },
    stale(stale) {
      inner.stale(stale)
      noteTable(stale.table.id)
    },
    dropped(table: TableSchema, keepsVersions) {
      inner.dropped(table, keepsVersions)
      noteTable(table.id)
    },
    versions(kept, dropped) {
      inner.versions?.(kept, dropped)
      noteAll()
    },
    refused(table) {
      inner.refused(table)
      noteTable(table.id)
    },
    selected(ids) {
      inner.selected(ids)
      noteAll()
    },
  }

  return {
    reporter,
    take() {
      endBatches()
      if (activities.length + stateChanges.length === 0) return undefined
      const taken = { activities, stateChanges }
      activities = []
      stateChanges = []
      return taken
    },
    putBack(events) {
      activities = [...events.activities, ...activities].slice(-maxWaiting)
      stateChanges = [...events.stateChanges, ...stateChanges].slice(-maxWaiting)
    },
  }
}

/** Batches come by the hundred a second: so long, or until none comes, they are one activity. */
const longestMs = 10_000
const quietMs = 500

function hasEnded({ startedAt, endedAt }: Batches): boolean {
  const now = Date.now()
  // The distance also where the clock has been set back meanwhile.
  return Math.abs(now - endedAt.getTime()) >= quietMs || Math.abs(now - startedAt.getTime()) >= longestMs
}

interface Batches extends Pick<Activity, "position" | "bytes" | "lastCommitAt" | "startedAt" | "endedAt"> {
  tables: Set<string>
}

function stateOf({ schema, name, state }: TableProgress) {
  return { table: { schema, name }, state }
}

function withBatch(before: Batches | undefined, applied: Applied): Batches {
  const tables = before?.tables ?? new Set()
  for (const { table } of applied.tables) tables.add(table.id)
  return {
    tables,
    position: applied.position === undefined ? (before?.position ?? null) : shownPosition(applied.position),
    bytes: (before?.bytes ?? 0) + applied.stagedBytes,
    lastCommitAt:
      applied.lastCommittedAtMs === undefined
        ? (before?.lastCommitAt ?? null)
        : new Date(applied.lastCommittedAtMs),
    startedAt: before?.startedAt ?? new Date(applied.visibleAtMs - applied.tookMs),
    endedAt: new Date(applied.visibleAtMs),
  }
}
