import type { TableSchema } from "../../domain/table.ts"
import type { TableChanges } from "../../replication/contracts/warehouse.ts"
import { applyChange, applyMoves, type Change, liveRows, ofRun, stagedChanges } from "./changes.ts"
import type { Staging } from "./staging.ts"
import type { Version } from "./state.ts"
import type { Row } from "./values.ts"

/** A transaction: the number of its last change of the table, and its commit in microseconds since 1970-01-01 UTC. */
interface Commit {
  last: number
  atMicros: bigint
}

/** One thing that happens to the table, with the number it has in the batch. */
type Event = { seq: number; kind: "truncate" } | { seq: number; kind: "changes" | "moves"; changes: Change[] }

/** Each state in which a transaction left a row is a version, from that commit to the next that changes the row. */
export function changedVersions(
  changes: TableChanges,
  versions: readonly Version[],
  staging: Staging,
): Version[] {
  const commits = commitsOf(changes, staging)
  let all = [...versions]
  let first = 0
  for (const commit of commits) {
    const events = eventsOf(changes, staging, first, commit.last)
    all = afterTransaction(changes.table, all, events, commit.atMicros)
    first = commit.last + 1
  }
  return all
}

function commitsOf({ commits }: TableChanges, staging: Staging): Commit[] {
  if (commits === undefined) return []
  return staging
    .read(commits)
    .map(([last, at]) => ({ last: Number(last), atMicros: microsOf(at ?? "") }))
    .sort((a, b) => a.last - b.last)
}

/** Of a timestamp's canonical text. */
function microsOf(text: string): bigint {
  const [seconds = "", fraction = ""] = text.split(".")
  return BigInt(Date.parse(`${seconds.replace(" ", "T")}Z`)) * 1_000n + BigInt(fraction.padEnd(6, "0"))
}

/** What the transaction of the changes `first` to `last` did, in order. Moves of one run happen all at once. */
function eventsOf(table: TableChanges, staging: Staging, first: number, last: number): Event[] {
  const changes = stagedChanges(table, staging).filter(({ seq }) => seq >= first && seq <= last)
  return table.runs.flatMap((run): Event[] => {
    if (run.kind === "truncate") {
      const seq = run.at ?? 0
      return seq >= first && seq <= last ? [{ kind: "truncate", seq }] : []
    }
    const own = ofRun(changes, run)
    return own.length === 0 ? [] : [{ kind: run.kind, seq: own[0]?.seq ?? 0, changes: own }]
  })
}

function afterTransaction(
  table: TableSchema,
  versions: readonly Version[],
  events: readonly Event[],
  atMicros: bigint,
): Version[] {
  const nameOf = (row: Row) => JSON.stringify((table.key ?? []).map((index) => row[index] ?? null))
  const active = versions.filter(({ deletedMicros }) => deletedMicros === undefined).map(({ row }) => row)
  const live = liveRows(table, active)
  const touched = new Set<string>()
  for (const event of events) {
    if (event.kind === "truncate") {
      for (const row of live.all()) touched.add(nameOf(row))
      live.clear()
      continue
    }
    for (const { values } of event.changes) touched.add(nameOf(values))
    if (event.kind === "moves") applyMoves(live, event.changes)
    else for (const change of event.changes) applyChange(live, change)
  }
  const closed = versions.map((version) =>
    version.deletedMicros === undefined && touched.has(nameOf(version.row))
      ? close(version, atMicros)
      : version,
  )
  const begun = live.all().filter((row) => touched.has(nameOf(row)))
  return [...closed, ...begun.map((row) => ({ row, createdMicros: atMicros, deletedMicros: undefined }))]
}

/** Never before it began, whatever the source's clock did. */
export function close(version: Version, atMicros: bigint): Version {
  return { ...version, deletedMicros: atMicros > version.createdMicros ? atMicros : version.createdMicros }
}

export function microsOfDate(at: Date): bigint {
  return BigInt(at.getTime()) * 1_000n
}
