import { atMost } from "../concurrency/deadline.ts"
import { SetupError } from "../configuration/setup-error.ts"
import type { Configuration } from "../domain/configuration.ts"
import { Problem, reportOf } from "../domain/problems.ts"
import type { Finding, Source } from "../replication/contracts/source.ts"
import type { Store } from "../state/store.ts"
import type { Log } from "../wire/http/log.ts"
import { holdInstallation } from "./parts/installation.ts"
import { engines } from "./registries.ts"
import { loadSources, type Sources } from "./sources.ts"
import { openStateStore } from "./state-database.ts"

/** What an installation has at sources and elsewhere, while it does not run. */
export interface Uninstall {
  atSources: AtSource[]
  /** Named as ours, of no integration here, and read by nobody: another installation's, perhaps. */
  ofOthers: Finding[]
  /** Sentences: what stays, and how it is removed. */
  stays: string[]
  /** Removes it from its source. Repeatable. @throws Problem */
  remove(one: Removable): Promise<void>
  close(): Promise<void>
}

export type AtSource = Removable | Unremovable

interface Left {
  sourceArn: string
  database: string
  /** Of a replication slot and a publication. */
  handle: string
  /** The integration's name; undefined: it is deleted. */
  integration: string | undefined
}

export interface Removable extends Left {
  kind: "removable"
  /** What the source keeps for it; undefined: there is no slot. */
  retainedBytes: number | undefined
  source: Source
}

interface Unremovable extends Left {
  kind: "unremovable"
  why: string
  remedy: string
}

/** A source that takes connections and answers nothing. */
const answerMs = 15_000

/**
 * Takes the place of the Millrace that is configured, and looks what it has left at sources. Changes nothing.
 *
 * @throws SetupError while it runs
 */
export async function openUninstall(configuration: Configuration, log: Log): Promise<Uninstall> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const one of closers.splice(0)) await one()
  }
  try {
    const { stateUrl } = await holdInstallation(configuration, log, (one) => void closers.unshift(one))
    const store = await openStateStore(stateUrl, configuration, log)
    closers.unshift(() => store.close())
    await refuseRunning(store)
    const sources = await loadSources(engines.sources, configuration.sources)
    const atSources = await leftAtSources(store, sources)
    return {
      atSources,
      ofOthers: await leftByOthers(sources, new Set(atSources.map(({ handle }) => handle))),
      stays: await staying(store, configuration),
      remove: (one) => removeFrom(store, one),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Processes at other hosts hold no lock of this data folder. */
async function refuseRunning({ leases }: Store): Promise<void> {
  const running = (await leases.all()).find(({ isExpired }) => !isExpired)
  if (running === undefined) return
  throw new SetupError(
    `Millrace runs at ${running.hostName}${running.processId === null ? "" : ` (process ${running.processId})`}. Stop it there first.`,
  )
}

async function leftAtSources(store: Store, sources: Sources): Promise<AtSource[]> {
  const integrations = new Map((await store.integrations.all()).map((one) => [one.id, one]))
  const ofPipelines = (await store.pipelines.all()).map((record): Left => {
    const { name, sourceArn = "" } = integrations.get(record.integrationId) ?? { name: undefined }
    return {
      sourceArn,
      database: record.sourceDatabase,
      handle: record.sourceHandle,
      integration: name,
    }
  })
  const ofDeleted = (await store.sourceRemains.all()).map(
    ({ sourceArn, sourceDatabase, sourceHandle }): Left => {
      return { sourceArn, database: sourceDatabase, handle: sourceHandle, integration: undefined }
    },
  )
  const found: AtSource[] = []
  // One after the other: sources may have few connections to spare.
  for (const left of [...ofPipelines, ...ofDeleted]) {
    const one = await lookAt(left, sources)
    if (one !== undefined) found.push(one)
  }
  return found
}

/** Undefined: nothing of ours stays at such a source. */
async function lookAt(left: Left, sources: Sources): Promise<AtSource | undefined> {
  const configuration = sources.byArn(left.sourceArn)
  if (configuration === undefined) {
    const why = "The source is not configured any more."
    const remedy = `Put it back into millrace.yaml, or drop the replication slot and the publication named ${left.handle} there, if there are any.`
    return { ...left, kind: "unremovable", why, remedy }
  }
  const source = sources.open(configuration, { database: left.database })
  const remedy = source.removal?.(left.handle)
  if (remedy === undefined) return undefined
  try {
    const kept = await answered(source.retention([left.handle]))
    return { ...left, kind: "removable", retainedBytes: kept.get(left.handle)?.retainedBytes, source }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { ...left, kind: "unremovable", why: error.message, remedy }
  }
}

function answered<T>(work: Promise<T>): Promise<T> {
  return atMost(answerMs, work, () => {
    throw new Problem("sourceUnreachable", "The source does not answer.")
  })
}

async function removeFrom(store: Store, { source, handle }: Removable): Promise<void> {
  await answered(source.remove(handle))
  await store.sourceRemains.remove(handle)
}

async function leftByOthers(sources: Sources, own: ReadonlySet<string>): Promise<Finding[]> {
  const found: Finding[] = []
  for (const configuration of sources.configurations) {
    const engine = sources.engines.of(configuration)
    if (engine.delivery === "files") continue
    const source = sources.open(configuration, { database: engine.checkedDatabase(configuration) })
    try {
      found.push(...(await answered(source.abandoned?.((handle) => own.has(handle)) ?? Promise.resolve([]))))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const { message } = reportOf(error)
      found.push({
        severity: "warning",
        concerns: "source",
        what: `Not looked at: ${configuration.arn}`,
        remedy: message,
      })
    }
  }
  return found
}

async function staying(store: Store, { warehouses, dataDir }: Configuration): Promise<string[]> {
  const databases = (await store.databases.all()).map(({ name, targetArn }) => {
    const warehouse = warehouses.find(({ arn }) => arn === targetArn)
    const file = warehouse && engines.warehouses.of(warehouse).fileOf?.(warehouse, name)
    return file === undefined
      ? `destination database ${name} in warehouse ${targetArn}, with its schema millrace`
      : `destination database ${name}: its file ${file}`
  })
  const servers = warehouses
    .filter((one) => engines.warehouses.of(one).direct !== undefined)
    .map(
      ({ arn }) =>
        `in warehouse ${arn}: the role millrace_reader, if it is there: DROP OWNED BY millrace_reader; DROP ROLE millrace_reader;`,
    )
  const governed = (await store.governedIntegrations.all()).map(
    ({ id, type }) =>
      `governed server of integration ${id} (${type}): what its set-up made; docs/governance/governed-servers.md says what`,
  )
  return [
    ...databases,
    ...servers,
    ...governed,
    `the data folder ${dataDir}, with the state and what it kept`,
  ]
}
