import { bucketOfArn } from "../control-plane/copy-jobs/buckets.ts"
import type { CopyFactSources } from "../control-plane/copy-jobs/copy-facts.ts"
import { type CopyPlane, copyFiles } from "../control-plane/copy-jobs/copy-files.ts"
import {
  alwaysHeld,
  copyJobsDuty,
  type JobRunner,
  newJobRunner,
} from "../control-plane/copy-jobs/job-runner.ts"
import { newCopyJobs } from "../control-plane/copy-jobs/jobs.ts"
import type { Duties } from "../control-plane/duties/duties.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { Configuration, SourceConfiguration } from "../domain/configuration.ts"
import type { Integration } from "../domain/integration.ts"
import type { Problem } from "../domain/problems.ts"
import type { CopyAdministration, LoadedWarehouse } from "../front-doors/sql/copy/context.ts"
import type { ObjectStore } from "../loading/object-store.ts"
import type { BucketEvent } from "../state/copy/bucket-events.ts"
import type { Store } from "../state/store.ts"
import type { Log } from "../wire/http/log.ts"
import type { Sources } from "./sources.ts"
import type { OpenWarehouses } from "./warehouses.ts"

export interface CopyParts {
  configuration: Configuration
  sources: Sources
  store: Store
  warehouses: OpenWarehouses
  users: SqlUsers
  /** This host's lasting id. */
  host: string
  log: Log
}

export interface RunningCopy {
  administration: CopyAdministration
  facts: CopyFactSources
  /** What keeps jobs of an integration's bucket from going on, in whichever process. @throws Fault unavailable */
  problemsOf(integration: Integration): Promise<Problem[]>
  /** Objects that came into buckets. @throws Fault unavailable */
  noticed(events: readonly BucketEvent[]): Promise<void>
  /** Has the jobs run here, those of warehouses that any host reaches while it is this process's duty. */
  runJobs(duties: Duties): Promise<void>
  stop(): Promise<void>
}

/** COPY and its jobs, on concrete buckets and warehouses. */
export function startCopy(parts: CopyParts): RunningCopy {
  const { store, log } = parts
  const plane = planeOf(parts)
  const runners = parts.warehouses.loaded.map(({ arn: targetArn, cluster, isFirst, isPinned, copies }) =>
    newJobRunner({
      plane: {
        ...plane,
        targetArn,
        host: isPinned ? parts.host : undefined,
        copies,
        users: parts.users,
        shown: (database) => (isFirst ? database : `${database}@${cluster}`),
      },
      log,
    }),
  )
  const ownWork: { stop(): Promise<void> }[] = []
  return {
    administration: {
      load: (request) => copyFiles(plane, request),
      jobs: newCopyJobs(plane, runners),
      placeOf: (database) => placeOf(parts, database),
    },
    facts: { plane, runners },
    problemsOf: (integration) => problemsOf(plane, integration),
    noticed: (events) => noticed(store, runners, events),
    async runJobs(duties) {
      for (const runner of runners) {
        if (runner.plane.host === undefined)
          duties.add(copyJobsDuty(runner.plane.targetArn), (held) => runner.begin(held))
        // No other process opens these files.
        else ownWork.push(runner.begin(alwaysHeld))
      }
    },
    async stop() {
      await Promise.all(ownWork.map((one) => one.stop()))
      await Promise.all(runners.map((one) => one.stop()))
    },
  }
}

function planeOf({ configuration: { sources, region }, sources: opened, store }: CopyParts): CopyPlane {
  return {
    sources,
    sourceEngines: opened.engines,
    store,
    openBucket: openedOnce((source) => opened.openFiles(source, region)),
  }
}

/** `name@cluster`: of the warehouse that is called so; without: of the first. */
function placeOf({ warehouses, store }: CopyParts, name: string): ReturnType<CopyAdministration["placeOf"]> {
  const { loaded, databases, targetOn } = warehouses
  const named = loaded.find(({ cluster, isFirst }) => !isFirst && name.endsWith(`@${cluster}`))
  const found = named ?? loaded.find(({ isFirst }) => isFirst)
  const database = named === undefined ? name : name.slice(0, -named.cluster.length - 1)
  const rights = found?.copies.rights
  const warehouse: LoadedWarehouse =
    found === undefined || rights === undefined
      ? { kind: "sessions", targetArn: databases.warehouseArn, targetOn }
      : {
          kind: "ownUsers",
          targetArn: found.arn,
          transact: found.copies.transact,
          rights,
          isReplicated: async (one) => (await store.databases.byName(found.arn, one)) !== undefined,
        }
  return { warehouse, database }
}

async function problemsOf(plane: CopyPlane, { sourceArn, targetArn }: Integration): Promise<Problem[]> {
  const bucket = bucketOfArn(plane, sourceArn)
  if (bucket === undefined) return []
  const jobs = await plane.store.copyJobs.all()
  return jobs.flatMap((job) =>
    job.bucket === bucket && job.targetArn === targetArn && job.problem !== undefined ? [job.problem] : [],
  )
}

/** Those whose jobs run here are told at once, others by the state database. */
async function noticed(
  store: Store,
  runners: readonly JobRunner[],
  events: readonly BucketEvent[],
): Promise<void> {
  const here = runners.filter((one) => one.takes() !== undefined)
  for (const runner of here) runner.noticed(events)
  const taken = here.flatMap((one) => one.takes() ?? [])
  await store.bucketEvents.add(events, taken)
}

function openedOnce(
  open: (source: SourceConfiguration) => ObjectStore,
): (source: SourceConfiguration) => ObjectStore {
  // By the entry itself: another one, with other keys, is opened anew.
  const opened = new WeakMap<SourceConfiguration, ObjectStore>()
  return (source) => {
    const bucket = opened.get(source) ?? open(source)
    opened.set(source, bucket)
    return bucket
  }
}
