import { bucketOfArn } from "../control-plane/copy-jobs/buckets.ts"
import type { CopyFactSources } from "../control-plane/copy-jobs/copy-facts.ts"
import { copyFiles } from "../control-plane/copy-jobs/copy-files.ts"
import { startJobRunner } from "../control-plane/copy-jobs/job-runner.ts"
import { newCopyJobs } from "../control-plane/copy-jobs/jobs.ts"
import type { JobPlane } from "../control-plane/copy-jobs/load-job.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { Configuration, SourceConfiguration } from "../domain/configuration.ts"
import type { Problem } from "../domain/problems.ts"
import type { CopyAdministration } from "../front-doors/sql/copy/context.ts"
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
  log: Log
}

export interface RunningCopy {
  administration: CopyAdministration
  facts: CopyFactSources
  problemsOf(sourceArn: string): Problem[]
  /** Objects that came into buckets. */
  noticed(events: readonly BucketEvent[]): void
  stop(): Promise<void>
}

/** COPY and its jobs, on concrete buckets and warehouses. */
export function startCopy({
  configuration,
  sources: opened,
  store,
  warehouses,
  users,
  log,
}: CopyParts): RunningCopy {
  const { copies, databases } = warehouses
  const { sources, region } = configuration
  const plane: JobPlane = {
    sources,
    sourceEngines: opened.engines,
    store,
    copies,
    users,
    openBucket: openedOnce((source) => opened.openFiles(source, region)),
    openTarget: (run, destination, options) => copies.targetOn(run, destination, options),
  }
  const { warehouseArn } = databases
  const runner = startJobRunner({ plane, warehouseArn, log })
  return {
    administration: {
      load: (request) => copyFiles(plane, request),
      jobs: newCopyJobs(plane, runner, warehouseArn),
    },
    facts: { plane, runner },
    problemsOf: (sourceArn) => runner.problemsOf(bucketOfArn(plane, sourceArn) ?? ""),
    noticed(events) {
      for (const { bucket, object } of events) runner.noticed(bucket, [object])
    },
    stop: () => runner.stop(),
  }
}

function openedOnce(
  open: (source: SourceConfiguration) => ObjectStore,
): (source: SourceConfiguration) => ObjectStore {
  const opened = new Map<string, ObjectStore>()
  return (source) => {
    const bucket = opened.get(source.arn) ?? open(source)
    opened.set(source.arn, bucket)
    return bucket
  }
}
