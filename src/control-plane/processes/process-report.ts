import type { LeaseRecord } from "../../state/leases.ts"
import type { KnownDuty, KnownWorker } from "../../state/processes/known-processes.ts"
import type { Store } from "../../state/store.ts"
import { unknownAfterMs } from "../pipelines/observed-pipelines.ts"
import { type EngineReport, engineReport, type StatusSources } from "../pipelines/status.ts"

/** Every process that told the state database of itself within a day, what it runs, and how old that is. Ages in ms. */
export interface ProcessReport {
  processes: ProcessFacts[]
  /** Pipelines that no process runs now. */
  unowned: UnownedPipeline[]
  /** Duties that no process has now. */
  unheldDuties: string[]
  warehouses: WarehouseObserved[]
  /** Of the process that answers; null: no supervisor keeps it. */
  engine: EngineReport | null
  /** Without a word for so long, nobody knows how a process is. */
  unknownAfterMs: number
}

export interface ProcessFacts {
  /** Names one start of one process. */
  owner: string
  /** Lasting id of its host. */
  host: string
  /** What people call the host; null: the process has had no pipeline. */
  hostName: string | null
  /** At that host; null: as above. */
  processId: number | null
  /** Since it said for the first time that it is there; null: it has said so no more. */
  ageMs: number | null
  /** Since it said so last; null: as above. */
  silentMs: number | null
  /** Since it told how its pipelines are; null: it has not told. */
  observedMsAgo: number | null
  /** ARNs of sources and warehouses that it cannot reach. */
  unreachable: string[]
  pipelines: OwnedPipelineFacts[]
  /** What it does for the whole installation. */
  duties: string[]
}

export interface OwnedPipelineFacts {
  integration: string
  /** Null: the integration is gone. */
  integrationName: string | null
  sourceDatabase: string
  /** How many owners there have been. */
  generation: number
  isPinned: boolean
}

export interface UnownedPipeline extends OwnedPipelineFacts {
  /** Where it ran last. */
  host: string
  hostName: string
  file: string | null
}

export interface WarehouseObserved {
  arn: string
  /** Since a process that has it open told. */
  silentMs: number
  unopened: number
}

/** @throws Fault unavailable */
export async function processReport({ store, engine }: StatusSources): Promise<ProcessReport> {
  const [workers, observers, duties, leases, warehouses, names] = await Promise.all([
    store.knownProcesses.workers(),
    store.knownProcesses.observers(),
    store.knownProcesses.duties(),
    store.leases.all(),
    store.warehouseObservations.all(),
    integrationNames(store),
  ])
  const owned = leases.filter(({ isExpired }) => !isExpired)
  const held = duties.filter(({ leftMs }) => leftMs > 0)
  return {
    processes: ownersOf({ workers, owned, held }).map((owner) =>
      factsOf(owner, { workers, observers, leases, owned, held, names }),
    ),
    unowned: leases
      .filter(({ isExpired, pipeline }) => isExpired && names.has(integrationOf(pipeline)))
      .map((lease) => unownedOf(lease, names)),
    unheldDuties: duties.filter(({ leftMs }) => leftMs <= 0).map(({ name }) => name),
    warehouses: warehouses.map(({ targetArn, silentMs, unopened }) => ({
      arn: targetArn,
      silentMs: Math.round(silentMs),
      unopened: unopened.length,
    })),
    engine: engineReport(engine?.()),
    unknownAfterMs,
  }
}

async function integrationNames({ integrations }: Store): Promise<Map<string, string>> {
  return new Map((await integrations.all()).map(({ id, name }) => [id, name]))
}

interface Known {
  workers: readonly KnownWorker[]
  observers: ReadonlyMap<string, number>
  leases: readonly LeaseRecord[]
  owned: readonly LeaseRecord[]
  held: readonly KnownDuty[]
  /** Of integrations, by id. */
  names: ReadonlyMap<string, string>
}

function ownersOf({ workers, owned, held }: Pick<Known, "workers" | "owned" | "held">): string[] {
  return [...new Set([...workers, ...owned, ...held].map(({ owner }) => owner))]
}

function factsOf(owner: string, { workers, observers, leases, owned, held, names }: Known): ProcessFacts {
  const isOwn = (one: { owner: string }) => one.owner === owner
  const worker = workers.find(isOwn)
  const lease = leases.find(isOwn)
  const duties = held.filter(isOwn)
  const host = worker?.host ?? lease?.host ?? duties[0]?.host ?? ""
  const atHost = lease ?? leases.find((one) => one.host === host)
  return {
    owner,
    host,
    hostName: atHost?.hostName ?? null,
    processId: lease?.processId ?? null,
    ageMs: rounded(worker?.ageMs),
    silentMs: rounded(worker?.silentMs),
    observedMsAgo: rounded(observers.get(owner)),
    unreachable: worker?.unreachable ?? [],
    pipelines: owned.filter(isOwn).map((one) => pipelineOf(one, names)),
    duties: duties.map(({ name }) => name),
  }
}

function pipelineOf(
  { pipeline, generation, isPinned }: LeaseRecord,
  names: Known["names"],
): OwnedPipelineFacts {
  const integration = integrationOf(pipeline)
  return {
    integration,
    integrationName: names.get(integration) ?? null,
    sourceDatabase: pipeline.slice(integration.length + 1),
    generation,
    isPinned,
  }
}

function unownedOf(lease: LeaseRecord, names: Known["names"]): UnownedPipeline {
  const { host, hostName, file } = lease
  return { ...pipelineOf(lease, names), host, hostName, file }
}

/** Of `<integration id>/<source database>`. */
function integrationOf(pipeline: string): string {
  return pipeline.slice(0, pipeline.indexOf("/"))
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.max(0, Math.round(ms))
}
