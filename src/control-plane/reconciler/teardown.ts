import { within } from "../../concurrency/deadline.ts"
import { notCleanedEvent } from "../../domain/events.ts"
import type { Integration } from "../../domain/integration.ts"
import { TakenOver } from "../../replication/contracts/taken-over.ts"
import type { Lease } from "../../state/leases.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { Store } from "../../state/store.ts"
import type { ReconcilerLog } from "../log.ts"
import type { PipelineLauncher } from "../running-pipelines/pipeline-launcher.ts"
import type { OwnedPipelines } from "./owned-pipelines.ts"

export interface EndingOptions {
  store: Store
  launcher: PipelineLauncher
  log: ReconcilerLog
  /** How long an ending waits for a source that is gone; its slot is then named in the log. */
  patienceMs: number
  /** The pipelines of this process: an ending is its owner's work. */
  owned: Pick<OwnedPipelines, "own" | "stop" | "release" | "passOver">
}

export interface Endings {
  /**
   * Stops a pipeline, takes away its database when that was dropped, gives back its place at the source and forgets it.
   * False: not done yet, or another process owns the pipeline; try again. Each step may be repeated after a crash.
   */
  end(integration: Integration, record: PipelineRecord, database: "kept" | "dropped"): Promise<boolean>
}

/** One attempt at a source that takes connections and answers nothing. */
const attemptMs = 15_000

export function newEndings(options: EndingOptions): Endings {
  const { store, launcher, log, owned } = options
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

  /** The next try is made by a newer owner than the one that the warehouse knows. */
  const passingOver = (key: string) => async (error: unknown) => {
    if (error instanceof TakenOver) await owned.passOver(key, error.newest)
    throw error
  }

  return {
    async end(integration, record, database) {
      const key = keyOf(record)
      const lease = await owned.own(key, launcher.place(integration, record))
      if (lease === undefined) return false
      if (!since.has(key)) since.set(key, performance.now())
      await owned.stop(key)
      if (database === "dropped")
        await dropDatabase(options, { integration, record, lease }).catch(passingOver(key))
      const outcome = await clean(integration, record)
      if (outcome !== "cleaned" && !(await isGivenUp(integration, record, outcome))) return false
      const { integrationId, sourceDatabase } = record
      if (database === "dropped") await store.tables.replaceAll(integrationId, sourceDatabase, [], lease)
      await store.pipelines.remove(integrationId, sourceDatabase, lease)
      await owned.release(key)
      since.delete(key)
      return true
    },
  }
}

/** Unless a database of that name has been asked for again: then it is that one's, rows and all, to take over. */
async function dropDatabase(
  { store, launcher, log }: EndingOptions,
  { integration, record, lease }: { integration: Integration; record: PipelineRecord; lease: Lease },
): Promise<void> {
  const name = record.destinationDatabase
  if ((await store.databases.byName(integration.targetArn, name)) !== undefined) return
  await launcher.dropDatabase(integration, record, lease.generation)
  log.info({ integration: integration.id, database: name }, "database dropped")
}

export function keyOf(record: PipelineRecord): string {
  return `${record.integrationId}/${record.sourceDatabase}`
}
