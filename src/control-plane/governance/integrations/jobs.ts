import { randomUUID } from "node:crypto"
import { within } from "../../../concurrency/deadline.ts"
import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { Problem } from "../../../domain/problems.ts"
import type { GovernedIntegration } from "../../../governance/setup/integration.ts"
import type { ServerCredentials } from "../../../governance/setup/payload.ts"
import {
  type JobEnd,
  type JobOwner,
  renewJobEveryMs,
} from "../../../state/governance/governed-integrations.ts"
import { resultsOf } from "./checks.ts"
import type { IntegrationPlane } from "./plane.ts"
import { runJob } from "./run-job.ts"
import { JobLost } from "./run-steps.ts"

export interface IntegrationJobs {
  /** The owner under which this process begins jobs. */
  readonly owner: string
  /** Does a job that was begun under `owner`. Returns at once; the credentials are dropped with its end. */
  start(integration: GovernedIntegration, credentials: ServerCredentials | undefined): void
  /** Ends what is at hand after its step; another process goes on with it. */
  stop(): Promise<void>
}

export interface JobOptions {
  plane: IntegrationPlane
  /** Told `<kind>/<step>/<event>` as it happens; tests end the process there. */
  observe?: (point: string) => void
  /** How often jobs are looked for whose process has ended. */
  lookEveryMs?: number
}

const usualLookMs = 2_000
const graceMs = 2_000

/** Does the jobs of this process, and those of others that have ended in the middle of one. */
export function startIntegrationJobs({
  plane,
  observe = () => undefined,
  lookEveryMs = usualLookMs,
}: JobOptions): IntegrationJobs {
  const owner = randomUUID()
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()
  const parts: JobParts = { plane, observe, owner, stopping: stopping.signal }

  function start(integration: GovernedIntegration, credentials: ServerCredentials | undefined): void {
    const work = doJob(parts, integration, credentials).finally(() => running.delete(work))
    running.add(work)
  }

  const looking = startPeriodicTask({
    everyMs: lookEveryMs,
    onError: (error) =>
      plane.log.info({ reason: String(error) }, "jobs of integrations cannot be looked for"),
    async work() {
      if (stopping.signal.aborted) return
      for (const integration of await plane.store.takeAbandoned(owner)) {
        plane.log.info({ integration: integration.id }, "a job of an integration is taken over")
        start(integration, undefined)
      }
    },
  })

  return {
    owner,
    start,
    async stop() {
      await looking.stop()
      // A set-up that is finished here keeps its one-time credentials until then.
      await within(graceMs, Promise.all(running))
      stopping.abort()
      await within(graceMs, Promise.all(running))
    },
  }
}

interface JobParts {
  plane: IntegrationPlane
  observe: (point: string) => void
  owner: string
  stopping: AbortSignal
}

/** Never rejects. */
async function doJob(
  { plane, observe, owner, stopping }: JobParts,
  integration: GovernedIntegration,
  credentials: ServerCredentials | undefined,
): Promise<void> {
  const { id, job } = integration
  if (job === undefined) return
  const mine: JobOwner = { integrationId: id, jobNumber: job.number, owner }
  const lost = new AbortController()
  const signal = AbortSignal.any([stopping, lost.signal])
  const renewing = keepLease(plane, mine, lost)
  const tell = async (step: string, event: "begun" | "done" | "failed" | "undone", message?: string) => {
    await plane.store.logStep(mine, { step, event, ...(message !== undefined && { message }) })
    observe(`${job.kind}/${step}/${event}`)
  }
  try {
    const end = await runJob(plane, { integration, credentials }, { signal, tell })
    if (!(await plane.store.endJob(mine, end))) return
    plane.log.info(
      { integration: id, job: job.kind, status: end.status },
      "a job of an integration has ended",
    )
  } catch (error) {
    await endBroken({ plane, integration, mine }, error)
  } finally {
    await renewing.stop()
  }
}

function keepLease({ store, log }: IntegrationPlane, mine: JobOwner, lost: AbortController): PeriodicTask {
  return startPeriodicTask({
    everyMs: renewJobEveryMs,
    onError: (error) => log.info({ reason: String(error) }, "the lease of a job cannot be prolonged"),
    async work() {
      if (!(await store.renew(mine))) lost.abort()
    },
  })
}

const errorStatus = {
  create: "createError",
  edit: "editError",
  migrate: "migrateError",
  delete: "deleteError",
} as const

/** What is of the server is told by the steps; this is of ourselves. A lost job is its next owner's; so is one whose end cannot be recorded. */
async function endBroken(
  { plane, integration, mine }: { plane: IntegrationPlane; integration: GovernedIntegration; mine: JobOwner },
  error: unknown,
): Promise<void> {
  const { id, job, validationResults } = integration
  if (error instanceof JobLost || job === undefined) return
  const reason = error instanceof Problem ? error.message : "an internal error; the log has it"
  plane.log.error(
    { integration: id, job: job.kind, err: error instanceof Problem ? error.message : error },
    "a job of an integration broke",
  )
  const test = { name: "Automatic Bootstrap: job", status: "failed", message: reason } as const
  const end: JobEnd = {
    status: errorStatus[job.kind],
    validationResults: resultsOf([...validationResults.validationTests, test]),
    then: "keep",
  }
  await plane.store
    .endJob(mine, end)
    .catch((failure: unknown) =>
      plane.log.info({ reason: String(failure) }, "the end of a job could not be recorded"),
    )
}
