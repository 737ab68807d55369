import { setTimeout as sleep } from "node:timers/promises"
import { notCleanedEvent } from "../../domain/events.ts"
import type { Integration } from "../../domain/integration.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { Store } from "../../state/store.ts"
import type { ReconcilerLog } from "../log.ts"
import type { PipelineLauncher } from "../running-pipelines/pipeline-launcher.ts"

export interface EndingOptions {
  store: Store
  launcher: PipelineLauncher
  log: ReconcilerLog
  /** How long an ending waits for a source that is gone; its slot is then named in the log. */
  patienceMs: number
  /** Stops the pipeline of this record, if it runs. */
  stop(record: PipelineRecord): Promise<void>
}

export interface Endings {
  /**
   * Stops a pipeline, takes away its database when that was dropped, gives back its place at the source and forgets it.
   * False: not done yet, try again. Each step may be repeated after a crash.
   */
  end(integration: Integration, record: PipelineRecord, database: "kept" | "dropped"): Promise<boolean>
}

/** One attempt at a source that takes connections and answers nothing. */
const attemptMs = 15_000

export function newEndings(options: EndingOptions): Endings {
  const { store, launcher, log } = options
  const since = new Map<string, number>()

  async function clean(integration: Integration, record: PipelineRecord): Promise<"cleaned" | Error> {
    try {
      const cleaning = launcher.cleanSource(integration, record)
      if ((await within(attemptMs, cleaning)) === "late") return new Error("The source does not answer.")
      return "cleaned"
    } catch (error) {
      return error as Error
    }
  }

  /** Whether to go on without: a source that is gone for good must not hold up a deletion for ever. */
  async function isGivenUp(integration: Integration, record: PipelineRecord, error: Error): Promise<boolean> {
    const begun = since.get(keyOf(record)) ?? Number.NEGATIVE_INFINITY
    const fields = { integration: integration.id, handle: record.sourceHandle, reason: error.message }
    if (performance.now() - begun < options.patienceMs) {
      log.warn(fields, "the source cannot be cleaned yet; trying again")
      return false
    }
    const unknown = `Drop the replication slot and the publication named ${record.sourceHandle}, if there are any.`
    const remedy = launcher.removal(integration, record) ?? unknown
    const { sourceDatabase, sourceHandle } = record
    await store.sourceRemains.put({ sourceArn: integration.sourceArn, sourceDatabase, sourceHandle })
    await store.events.append([notCleanedEvent(integration, remedy)])
    log.error(
      { ...fields, remedy },
      "the source was not cleaned, which is tried again when it answers; if it is gone for good, drop the replication slot and the publication named by `handle` by hand",
    )
    return true
  }

  return {
    async end(integration, record, database) {
      if (!since.has(keyOf(record))) since.set(keyOf(record), performance.now())
      await options.stop(record)
      if (database === "dropped") await dropDatabase(options, integration, record)
      const outcome = await clean(integration, record)
      if (outcome !== "cleaned" && !(await isGivenUp(integration, record, outcome))) return false
      if (database === "dropped") await store.tables.replaceAll(integration.id, record.sourceDatabase, [])
      await store.pipelines.remove(record.integrationId, record.sourceDatabase)
      since.delete(keyOf(record))
      return true
    },
  }
}

/** Unless a database of that name has been asked for again: then it is that one's, rows and all, to take over. */
async function dropDatabase(
  { store, launcher, log }: EndingOptions,
  integration: Integration,
  record: PipelineRecord,
): Promise<void> {
  const name = record.destinationDatabase
  if ((await store.databases.byName(integration.targetArn, name)) !== undefined) return
  await launcher.dropDatabase(integration, name)
  log.info({ integration: integration.id, database: name }, "database dropped")
}

export function keyOf(record: PipelineRecord): string {
  return `${record.integrationId}/${record.sourceDatabase}`
}

/** Waits for the work or for so long; what is not done by then goes on by itself. */
export async function within(limitMs: number, work: Promise<unknown> | undefined): Promise<"done" | "late"> {
  const over = new AbortController()
  const late = sleep(limitMs, "late" as const, { signal: over.signal })
  try {
    return await Promise.race([Promise.resolve(work).then(() => "done" as const), late])
  } finally {
    over.abort()
  }
}
