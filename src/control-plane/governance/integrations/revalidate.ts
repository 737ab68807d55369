import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { GovernedIntegration } from "../../../governance/setup/integration.ts"
import { hasOwners, managedSchemas, objectsVersion, type SetupPlan } from "../../../governance/setup/plan.ts"
import { fingerprintQuery, schemasQuery, versionOfObjectsQuery } from "../../../governance/setup/probes.ts"
import type { IntegrationCalls } from "./calls.ts"
import { type IntegrationPlane, opened } from "./plane.ts"
import { recordRecurring, schemasTest } from "./recurring.ts"
import { serverAccess } from "./server-access.ts"
import { ServerRefusal, type ServerSession } from "./server-connection.ts"

/**
 * Looks at each integration again every so often, by one process at a time: the account signs in and finds what the set-up has
 * made. What fails is `recurringValidationError` until it passes again; what an earlier version has made is `migrating`.
 */
export function startRevalidation({ plane, jobs }: IntegrationCalls, everyMs: number): PeriodicTask {
  return startPeriodicTask({
    everyMs: Math.min(everyMs, lookEveryMs),
    onError: (error) => plane.log.warn({ reason: String(error) }, "integrations cannot be validated again"),
    async work() {
      const due = await plane.store.takeDue(everyMs)
      await Promise.all(due.map((integration) => revalidate({ plane, jobs }, integration)))
    },
  })
}

const lookEveryMs = 10_000

async function revalidate(
  { plane, jobs }: IntegrationCalls,
  integration: GovernedIntegration,
): Promise<void> {
  const found = await lookAt(plane, integration)
  if (found.kind === "outdated") return await beginMigration({ plane, jobs }, integration)
  await recordRecurring(plane, integration, {
    name: schemasTest,
    message: found.kind === "failed" ? found.message : undefined,
  })
}

/** `outdated`: all is as set up, by an earlier version of Millrace. */
type Look = { kind: "asSetUp" } | { kind: "outdated" } | { kind: "failed"; message: string }

/** What another process has begun meanwhile is not begun. */
async function beginMigration(
  { plane, jobs }: IntegrationCalls,
  { id, validationResults }: GovernedIntegration,
): Promise<void> {
  const begun = await plane.store.beginJob(id, {
    from: ["enabled", "recurringValidationError", "migrateError"],
    to: "migrating",
    kind: "migrate",
    owner: jobs.owner,
    validationResults,
  })
  if (begun === undefined) return
  plane.log.info({ integration: id, version: objectsVersion }, "managed objects are brought to this version")
  jobs.start(begun, undefined)
}

async function lookAt(plane: IntegrationPlane, integration: GovernedIntegration): Promise<Look> {
  try {
    const { plan, account } = await opened(plane, integration)
    const access = serverAccess(plane, {
      config: integration.config,
      plan,
      account,
      credentials: undefined,
    })
    return await access.asSystem("managed", (session) => difference(session, plan))
  } catch (error) {
    if (error instanceof ServerRefusal) return { kind: "failed", message: error.message }
    throw error
  }
}

async function difference(session: ServerSession, { fingerprint, dialect }: SetupPlan): Promise<Look> {
  const found = (await session.ask(schemasQuery)).map(({ name }) => name)
  const missing = managedSchemas.filter((name) => !found.includes(name))
  if (missing.length > 0) return { kind: "failed", message: `Schemas are missing: ${missing.join(", ")}.` }
  const [row] = await session.ask(fingerprintQuery)
  if (row?.fingerprint !== fingerprint)
    return { kind: "failed", message: "The managed schemas were made by another payload." }
  const [made] = await session.ask(versionOfObjectsQuery)
  // Where nothing has an owner, the account may not change what is there, and nothing of it has a version yet.
  const isOld = hasOwners(dialect) && Number(made?.version) < objectsVersion
  return { kind: isOld ? "outdated" : "asSetUp" }
}
