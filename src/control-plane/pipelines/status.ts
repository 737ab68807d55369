import { Problem } from "../../domain/problems.ts"
import { tableKey } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { LeaseRecord } from "../../state/leases.ts"
import type {
  ObservedTable,
  PipelineTotals,
  ReliefFacts,
  RetentionFacts,
} from "../../state/pipelines/observed-facts.ts"
import type { Store } from "../../state/store.ts"
import type { ProcessState } from "../../supervisor/messages.ts"
import { shownStatus } from "../integrations/shown-status.ts"
import { type KnownPipeline, type ObservedPipeline, observedPipelines } from "./observed-pipelines.ts"

/** What `millrace status` shows. Times in ms; ISO 8601 in UTC. */
export interface StatusReport {
  integrations: IntegrationReport[]
  /** Databases of the warehouses whose file cannot be opened; the others can be used. */
  unopenedDatabases: UnopenedReport[]
  /** ARNs of warehouses that no process has reported on for too long: whether their databases can be opened is not known. */
  unobservedWarehouses: string[]
  /** Those whose rows are asked at a server of their own, and not at the SQL port. */
  directWarehouses: DirectWarehouseReport[]
  /** The process with the SQL port and the pipelines; null: no supervisor keeps it for the process that answers. */
  engine: EngineReport | null
}

export interface DirectWarehouseReport {
  arn: string
  /** As people call the engine. */
  engine: string
  host: string
  port: number
  /** The one that the configuration names. */
  database: string
}

export interface EngineReport {
  isUp: boolean
  /** Since the supervisor was started. */
  replacements: number
  /** Why the one before ended, in a few words, and when; null: none has ended. */
  lastEnd: { reason: string; at: string } | null
}

export interface WarehousesReport {
  unopened: readonly UnopenedReport[]
  /** ARNs. */
  unobserved: readonly string[]
}

export interface UnopenedReport {
  name: string
  /** The engine's. */
  reason: string
  /** What a person can do. */
  remedy: string
}

export interface IntegrationReport {
  id: string
  arn: string
  name: string
  status: string
  errors: { code: string; message: string }[]
  /** Source databases that wait for CREATE DATABASE. */
  waiting: string[]
  pipelines: PipelineReport[]
}

export interface PipelineReport {
  sourceDatabase: string
  destinationDatabase: string
  /** `unknown`: the process that runs it has not reported for too long; then nothing else is told. */
  phase: string
  /** Who runs it, or ran it last; null: nobody has yet. */
  owner: OwnerReport | null
  /** How long ago that process reported. */
  observedMsAgo: number
  /** Age of the oldest commit not visible yet; null while unknown. */
  lagMs: number | null
  lagP50Ms: number | null
  lagP99Ms: number | null
  /** Nothing while unknown. */
  totals: PipelineTotals
  retention: RetentionFacts | null
  relief: ReliefFacts | null
  tables: TableReport[]
}

export interface OwnerReport {
  /** Lasting id of the host; it is in the file `host` of its data folder. */
  host: string
  hostName: string
  /** At that host; null: an earlier version of Millrace owned it last. */
  processId: number | null
  /** The pipeline runs at this host only: its rows are in a file there. */
  isPinned: boolean
  /** That file; null: it is not pinned, or an earlier version of Millrace owned it last. */
  file: string | null
  /** How many owners there have been. */
  generation: number
  /** The owner has not given it up, and its lease has not run out. */
  isOwned: boolean
}

export interface TableReport {
  schema: string
  name: string
  /** `unknown` with the pipeline's phase. */
  state: string
  reason: string | null
  /** Rows in the warehouse now; while copying, rows copied so far; null when that cannot be told. */
  rows: number | null
  estimatedRows: number
  changes: number
  /** From commit to visible, of the table's latest change; the pipeline's lag where that is more now; null where it has none. */
  lagMs: number | null
  /** The latest comparison with the source, and the rows that differed then; null when there was none since it was copied. */
  verified: { position: string; at: string; differences: number } | null
}

/** Which database of which integration. */
export interface CountedDatabase {
  integrationId: string
  sourceDatabase: string
  destinationDatabase: string
}

export interface RowCounts {
  /** Rows of the live tables, by `tableKey`. Throws Problem. */
  countRows(database: CountedDatabase): Promise<Map<string, number>>
}

export interface StatusSources extends RowCounts {
  store: Store
  /** Absent: every database is open. */
  warehouses?(): Promise<WarehousesReport>
  /** Absent: none. */
  directWarehouses?: readonly DirectWarehouseReport[]
  /** How the supervisor says that the engine is; absent or `undefined`: it is no process of its own. */
  engine?(): ProcessState | undefined
}

/** Integrations, their pipelines and tables, as their owners see them now. @throws Fault unavailable */
export async function statusReport(sources: StatusSources): Promise<StatusReport> {
  const { store } = sources
  const integrations = await store.integrations.all()
  const waiting = await store.databases.waiting()
  const shown = await shownStatus(store, integrations)
  const pipelines = await observedPipelines(store)
  const owners = new Map((await store.leases.all()).map((lease) => [lease.pipeline, ownerReport(lease)]))
  const { unopened, unobserved } = (await sources.warehouses?.()) ?? { unopened: [], unobserved: [] }
  return {
    unopenedDatabases: [...unopened],
    unobservedWarehouses: [...unobserved],
    directWarehouses: [...(sources.directWarehouses ?? [])],
    engine: engineReport(sources.engine?.()),
    integrations: await Promise.all(
      shown.map(async ({ id, arn, name, status, errors }) => {
        const mine = pipelines.filter((one) => one.integrationId === id)
        return {
          id,
          arn,
          name,
          status,
          errors,
          waiting: waiting.filter((one) => one.integrationId === id).map((one) => one.sourceDatabase),
          pipelines: await Promise.all(
            mine.map(async (one) => ({
              ...(await pipelineReport(sources, one)),
              owner: owners.get(`${id}/${one.sourceDatabase}`) ?? null,
            })),
          ),
        }
      }),
    ),
  }
}

export function engineReport(engine: ProcessState | undefined): EngineReport | null {
  if (engine === undefined) return null
  const { isReady, replacements, lastEnd, lastEndAtMs } = engine
  const isKnown = lastEnd !== undefined && lastEndAtMs !== undefined
  return {
    isUp: isReady,
    replacements,
    lastEnd: isKnown ? { reason: lastEnd, at: new Date(lastEndAtMs).toISOString() } : null,
  }
}

const nothingDone = {
  changes: 0,
  transactions: 0,
  batches: 0,
  stagedBytes: 0,
  copiedRows: 0,
  remediedTables: 0,
}
const nothingKnown = {
  lagMs: null,
  lagP50Ms: null,
  lagP99Ms: null,
  totals: nothingDone,
  retention: null,
  relief: null,
}

function ownerReport({ isExpired, ...lease }: LeaseRecord): OwnerReport {
  const { host, hostName, processId, isPinned, file, generation } = lease
  return { host, hostName, processId, isPinned, file, generation, isOwned: !isExpired }
}

async function pipelineReport(
  sources: RowCounts,
  one: ObservedPipeline,
): Promise<Omit<PipelineReport, "owner">> {
  const { sourceDatabase, destinationDatabase } = one
  const place = { sourceDatabase, destinationDatabase }
  switch (one.kind) {
    case "launched":
      return { ...place, ...nothingKnown, phase: "starting", observedMsAgo: 0, tables: [] }
    case "unknown": {
      const tables = sorted(one.tables).map(unknownTable)
      return { ...place, ...nothingKnown, phase: "unknown", observedMsAgo: Math.round(one.silentMs), tables }
    }
    case "known":
      return await knownReport(sources, one, place)
    default:
      return unreachable(one)
  }
}

async function knownReport(
  sources: RowCounts,
  one: KnownPipeline,
  place: Pick<PipelineReport, "sourceDatabase" | "destinationDatabase">,
): Promise<Omit<PipelineReport, "owner">> {
  const { phase, lagMs, lagP50Ms, lagP99Ms, totals, retention, relief } = one.facts
  return {
    ...place,
    phase,
    observedMsAgo: Math.round(one.ageMs),
    lagMs,
    lagP50Ms,
    lagP99Ms,
    totals,
    retention,
    relief,
    tables: tableReports(one, await countsOrNone(sources, one)),
  }
}

/** A warehouse that does not answer must not hide the rest of the status. */
export async function countsOrNone(
  sources: RowCounts,
  database: CountedDatabase,
): Promise<Map<string, number>> {
  try {
    return await sources.countRows(database)
  } catch (error) {
    if (error instanceof Problem) return new Map()
    throw error
  }
}

function tableReports({ facts, tables }: KnownPipeline, counts: Map<string, number>): TableReport[] {
  return sorted(tables).map((table) => ({
    schema: table.schema,
    name: table.name,
    state: table.state,
    reason: table.reason,
    rows: counts.get(tableKey(table)) ?? (facts.phase === "copying" ? table.copiedRows : null),
    estimatedRows: table.estimatedRows,
    changes: table.changes,
    lagMs: tableLagMs(table, facts.lagMs),
    verified: table.verified,
  }))
}

/** A table is never nearer to its source than its pipeline is now; while that does not stream, neither can be told. */
function tableLagMs({ state, lagMs }: ObservedTable, pipelineLagMs: number | null): number | null {
  if (state !== "Synced" || lagMs === null || pipelineLagMs === null) return null
  return Math.max(lagMs, pipelineLagMs)
}

function unknownTable({ schema, name, estimatedRows, verified }: ObservedTable): TableReport {
  return {
    schema,
    name,
    state: "unknown",
    reason: null,
    rows: null,
    estimatedRows,
    changes: 0,
    lagMs: null,
    verified,
  }
}

function sorted(tables: readonly ObservedTable[]): ObservedTable[] {
  return [...tables].sort((a, b) => (a.schema + a.name < b.schema + b.name ? -1 : 1))
}
