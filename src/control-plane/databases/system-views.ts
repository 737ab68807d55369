import type { SourceConfiguration } from "../../domain/configuration.ts"
import type { Integration } from "../../domain/integration.ts"
import { type TableState, tableKey } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { Registry } from "../../engines/registry.ts"
import type { SourceEngine } from "../../engines/source-engine.ts"
import type { Phase } from "../../replication/pipeline.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { Activity, TableStateChange } from "../../state/history.ts"
import type { Store } from "../../state/store.ts"
import { type CopyFactSources, type CopyFacts, copyFacts, noCopyFacts } from "../copy-jobs/copy-facts.ts"
import { type ObservedPipeline, observedPipelines, unobserved } from "../pipelines/observed-pipelines.ts"
import { countsOrNone, type RowCounts } from "../pipelines/status.ts"

/** What the cloud's system views of integrations show, before their columns are made of it. */
export interface SystemViewFacts extends CopyFacts {
  integrations: IntegrationFacts[]
  tables: TableFacts[]
  activities: (Activity & { source: string | undefined })[]
  stateChanges: TableStateChange[]
}

/** A source database of an integration, and the database it goes to. */
export interface IntegrationFacts {
  integrationId: string
  /** What the cloud calls its kind of source. Undefined: the configuration no longer names it. */
  source: string | undefined
  sourceDatabase: string
  /** Undefined: none has been created. */
  database: DatabaseRecord | undefined
  state: "PendingDbConnectState" | "SchemaDiscoveryState" | "CdcRefreshState" | "ErrorState"
  lagMs: number | undefined
  position: string | undefined
  tablesReplicated: number
  tablesFailed: number
  /** Source clock: newest commit that has come here, and that can be seen here. */
  receivedAt: Date | undefined
  appliedAt: Date | undefined
}

export interface TableFacts {
  integrationId: string
  database: string
  schema: string
  name: string
  /** `Unknown`: the process that runs its pipeline has not reported for too long. */
  state: TableState | "Unknown"
  reason: string | undefined
  position: string | undefined
  updatedAt: Date
  rows: number | undefined
  keepsVersions: boolean
}

export interface SystemViewSources extends RowCounts {
  store: Store
  sources: readonly SourceConfiguration[]
  sourceEngines: Registry<SourceEngine>
  /** Absent: there is nothing of COPY to show. */
  copy?: CopyFactSources
}

/** Which of it is wanted: what nobody asks for is not gathered. */
export type SystemViewKind = keyof SystemViewFacts

/** Tables of other databases need not be looked at. */
export type WantsDatabase = (database: string) => boolean

/** As it is now. @throws Fault unavailable */
export async function systemViewFacts(
  from: SystemViewSources,
  kinds: ReadonlySet<SystemViewKind>,
  wants: WantsDatabase,
): Promise<SystemViewFacts> {
  const { store } = from
  const integrations = await store.integrations.all()
  const names = new Map(integrations.map(({ id, sourceArn }) => [id, sourceName(from, sourceArn)]))
  return {
    integrations: kinds.has("integrations") ? await integrationFacts(from, integrations, names) : [],
    tables: kinds.has("tables") ? await tableFacts(from, wants) : [],
    activities: kinds.has("activities")
      ? (await store.history.activities()).map((one) => ({ ...one, source: names.get(one.integrationId) }))
      : [],
    stateChanges: kinds.has("stateChanges") ? await store.history.stateChanges() : [],
    ...(from.copy === undefined ? noCopyFacts : await copyFacts(from.copy, kinds)),
  }
}

function sourceName({ sources, sourceEngines }: SystemViewSources, sourceArn: string): string | undefined {
  const source = sources.find(({ arn }) => arn === sourceArn)
  return source && (sourceEngines.named(source.engine)?.viewName ?? source.engine)
}

async function integrationFacts(
  { store }: SystemViewSources,
  integrations: readonly Integration[],
  names: ReadonlyMap<string, string | undefined>,
): Promise<IntegrationFacts[]> {
  const databases = await store.databases.all()
  const waiting = await store.databases.waiting()
  const pipelines = await observedPipelines(store)
  const places = [
    ...databases.map((database) => ({ ...database, database })),
    ...waiting.map((one) => ({ ...one, database: undefined })),
  ]
  const order = new Map(integrations.map(({ id }, index) => [id, index]))
  return places
    .filter(({ integrationId }) => order.has(integrationId))
    .sort((a, b) => (order.get(a.integrationId) ?? 0) - (order.get(b.integrationId) ?? 0))
    .map(({ integrationId, sourceDatabase, database }) => ({
      integrationId,
      source: names.get(integrationId),
      sourceDatabase,
      database,
      ...progressOf(
        pipelines.find((one) => one.integrationId === integrationId && one.sourceDatabase === sourceDatabase),
        database,
      ),
    }))
}

type Progress = Omit<IntegrationFacts, "integrationId" | "source" | "sourceDatabase" | "database">

function progressOf(one: ObservedPipeline | undefined, database: DatabaseRecord | undefined): Progress {
  const known = one?.kind === "known" ? one : undefined
  const tables = known?.tables ?? []
  const dateOf = (ms: number | null | undefined) =>
    ms === null || ms === undefined ? undefined : new Date(ms)
  return {
    state: database === undefined ? "PendingDbConnectState" : stateOf(one),
    lagMs: known?.facts.lagMs ?? undefined,
    position: known?.facts.position ?? undefined,
    tablesReplicated: tables.filter(({ state }) => state === "Synced").length,
    tablesFailed: tables.filter(({ state }) => state === "Failed").length,
    receivedAt: dateOf(known?.facts.receivedAtMs),
    appliedAt: dateOf(known?.facts.appliedAtMs),
  }
}

function stateOf(one: ObservedPipeline | undefined): IntegrationFacts["state"] {
  switch (one?.kind) {
    case undefined:
    case "launched":
      return "SchemaDiscoveryState"
    case "unknown":
      return "ErrorState"
    case "known":
      return stateIn(one.facts.phase, one.facts.problem !== null)
    default:
      return unreachable(one)
  }
}

function stateIn(phase: Phase, hasProblem: boolean): IntegrationFacts["state"] {
  switch (phase) {
    case "starting":
    case "copying":
      return hasProblem ? "ErrorState" : "SchemaDiscoveryState"
    case "streaming":
      return "CdcRefreshState"
    case "waiting":
    case "stopped":
      return "ErrorState"
    default:
      return unreachable(phase)
  }
}

async function tableFacts(from: SystemViewSources, wants: WantsDatabase): Promise<TableFacts[]> {
  const observed = await observedPipelines(from.store)
  const ofEach = observed
    .filter(({ destinationDatabase }) => wants(destinationDatabase))
    .map((one) => tablesOf(from, one))
  const key = ({ database, schema, name }: TableFacts) => JSON.stringify([database, schema, name])
  return (await Promise.all(ofEach)).flat().sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

async function tablesOf(from: SystemViewSources, one: ObservedPipeline): Promise<TableFacts[]> {
  const { integrationId, destinationDatabase: database } = one
  if (one.kind === "launched") return []
  const counts = one.kind === "known" ? await countsOrNone(from, one) : new Map<string, number>()
  return one.tables.map(({ schema, name, state, reason, updatedAt, keepsVersions }) => ({
    integrationId,
    database,
    schema,
    name,
    updatedAt: new Date(updatedAt),
    rows: counts.get(tableKey({ schema, name })),
    keepsVersions: keepsVersions || state === "DroppedSource",
    ...(one.kind === "known"
      ? {
          state,
          reason: reason ?? undefined,
          position: state === "Synced" ? (one.facts.position ?? undefined) : undefined,
        }
      : { state: "Unknown" as const, reason: unobserved(one.silentMs).message, position: undefined }),
  }))
}
