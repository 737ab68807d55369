import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import { type Problem, problemKinds } from "../../domain/problems.ts"
import { qualifiedName } from "../../domain/table.ts"
import type { Protection, ProtectionOptions, RefusedTable } from "../../replication/contracts/source.ts"
import type { PipelineRecord } from "../../state/pipelines.ts"
import type { Store } from "../../state/store.ts"
import type { ReconcilerLog } from "../log.ts"
import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import { keyOf } from "./teardown.ts"

export interface SourceProtectionOptions {
  store: Pick<Store, "pipelines" | "integrations" | "leases">
  /** Of this process's leases. */
  owner: string
  /** Whether this process is the one that also protects what no process owns. */
  hasUnowned(): boolean
  running(): RunningPipeline[]
  /** `undefined`: the source is not configured any more, or nothing of ours can do it harm. */
  protect(sourceArn: string, database: string, options: ProtectionOptions): Protection | undefined
  /** What a source is configured as: another object when that has changed. */
  configured(sourceArn: string): object | undefined
  log: ReconcilerLog
}

/** One database of a source in which pipelines have something. */
interface Protected {
  sourceArn: string
  handles: Set<string>
  /** As it was configured when the protection began. */
  source: object | undefined
  protection: Protection | undefined
  /** Why it cannot be protected now, and since when. */
  trouble: { problem: Problem; sinceMs: number } | undefined
}

interface Place {
  sourceArn: string
  database: string
  handle: string
}

/** A place as it is recorded, if no other process has it. */
interface RecordedPlace extends Place {
  isOwned: boolean
}

/** What runs is known without asking; what is ending, or could not be started, is in the state database. */
const runningEveryMs = 200
const recordsEveryMs = 1_000
const passingMs = 10_000

/**
 * Protects each database of a source from when a pipeline may make something there until that is removed: while it
 * copies, waits, has failed or is being deleted, and while the warehouse is away. What a pipeline has at the source is
 * protected by its owner, so that the pipeline is told; what has no owner, by one process of all.
 */
export function protectSources(options: SourceProtectionOptions): { stop(): Promise<void> } {
  const { store, log } = options
  const kept = new Map<string, Protected>()
  const arns = new Map<string, string>()
  let recorded: RecordedPlace[] = []

  function follow(): void {
    const mine = recorded.filter(({ isOwned }) => isOwned || options.hasUnowned())
    const places = [...mine, ...options.running().map(placeOfRunning)]
    const wanted = Map.groupBy(places, ({ sourceArn, database }) => `${sourceArn}\n${database}`)
    for (const [key, one] of kept) {
      if (wanted.has(key) && one.source === options.configured(one.sourceArn)) continue
      kept.delete(key)
      one.protection?.stop().catch((error: unknown) => log.warn({ reason: String(error) }, "ending a watch"))
    }
    for (const [key, [first, ...more]] of wanted) {
      if (first === undefined) continue
      const handles = new Set([first, ...more].map(({ handle }) => handle))
      const one = kept.get(key)
      if (one !== undefined) one.handles = handles
      else kept.set(key, begin(first, handles))
      for (const handle of handles) runningOf(handle)?.monitor.harms(shownHarm(one))
    }
  }

  function begin({ sourceArn, database }: Place, handles: Set<string>): Protected {
    const one: Protected = {
      ...{ sourceArn, handles, protection: undefined, trouble: undefined },
      source: options.configured(sourceArn),
    }
    one.protection = options.protect(sourceArn, database, {
      handles: () => [...one.handles],
      onWithdrawn: (handle, tables) => withdrawn(one, handle, tables),
      onPartsChanged: (handle) => runningOf(handle)?.pipeline?.streaming()?.pollSoon(),
      onProblem(problem) {
        if (problem?.message === one.trouble?.problem.message) return
        one.trouble = problem && { problem, sinceMs: one.trouble?.sinceMs ?? performance.now() }
        if (problem === undefined) log.info({ sourceArn, database }, "the source is looked after again")
        else log.warn({ sourceArn, database, reason: problem.message }, "the source cannot be looked after")
      },
    })
    return one
  }

  function withdrawn({ sourceArn }: Protected, handle: string, tables: RefusedTable[]): void {
    if (tables.length === 0)
      log.warn({ sourceArn, handle }, "somebody had altered what is sent: that is taken back")
    else
      log.warn(
        {
          sourceArn,
          handle,
          tables: tables.map((table) => ({ table: qualifiedName(table), why: table.reason })),
        },
        "tables are sent no more: the source refused to update and delete their rows",
      )
    const one = runningOf(handle)
    for (const table of tables) one?.history.reporter.refused(table)
    one?.pipeline?.streaming()?.settingsChanged()
  }

  function runningOf(handle: string): RunningPipeline | undefined {
    return options.running().find(({ monitor }) => monitor.record.sourceHandle === handle)
  }

  async function readRecords(): Promise<void> {
    const records = await store.pipelines.all()
    if (records.some(({ integrationId }) => !arns.has(integrationId))) {
      arns.clear()
      for (const { id, sourceArn } of await store.integrations.all()) arns.set(id, sourceArn)
    }
    const placeOf = await ownership(options)
    recorded = records.flatMap((record) => {
      const { sourceDatabase: database, sourceHandle: handle } = record
      const sourceArn = arns.get(record.integrationId)
      const owned = placeOf(record)
      if (sourceArn === undefined || owned === "elsewhere") return []
      return [{ sourceArn, database, handle, isOwned: owned === "here" }]
    })
  }

  // What was read last stands.
  const onError = (error: unknown) =>
    log.info({ reason: String(error) }, "what is to be looked after is not known")
  void readRecords().catch(onError)
  const reading = startPeriodicTask({ everyMs: recordsEveryMs, work: readRecords, onError })
  const following = startTicks({ everyMs: runningEveryMs, tick: follow })
  return {
    async stop() {
      following.stop()
      // A state database that does not answer is not waited for.
      void reading.stop()
      await Promise.all([...kept.values()].map(({ protection }) => protection?.stop()))
      kept.clear()
    },
  }
}

/** What only a person can mend is shown at once; what mends itself, like a connection that breaks, when it has lasted. */
function shownHarm(one: Protected | undefined): Problem | undefined {
  if (one?.trouble === undefined) return undefined
  const { problem, sinceMs } = one.trouble
  const isForPerson = problemKinds[problem.kind].reaction === "person"
  return isForPerson || performance.now() - sinceMs > passingMs ? problem : undefined
}

/** Whose a pipeline is, by the leases that have not run out. */
async function ownership({
  store,
  owner,
}: SourceProtectionOptions): Promise<(record: PipelineRecord) => "here" | "elsewhere" | "nowhere"> {
  const leases = (await store.leases.all()).filter(({ isExpired }) => !isExpired)
  const owners = new Map(leases.map((lease) => [lease.pipeline, lease.owner]))
  return (record) => {
    const found = owners.get(keyOf(record))
    if (found === undefined) return "nowhere"
    return found === owner ? "here" : "elsewhere"
  }
}

function placeOfRunning({ sourceArn, monitor }: RunningPipeline): Place {
  const { sourceDatabase, sourceHandle } = monitor.record
  return { sourceArn, database: sourceDatabase, handle: sourceHandle }
}
