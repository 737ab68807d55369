import { type PeriodicTask, startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import type { GovernedIntegration } from "../../../governance/setup/integration.ts"
import { managedSchemas } from "../../../governance/setup/plan.ts"
import { fingerprintQuery, schemasQuery } from "../../../governance/setup/probes.ts"
import { type IntegrationPlane, opened } from "./plane.ts"
import { recordRecurring, schemasTest } from "./recurring.ts"
import { serverAccess } from "./server-access.ts"
import { ServerRefusal, type ServerSession } from "./server-connection.ts"

/**
 * Looks at each integration again every so often, by one process at a time: the account signs in and finds what the set-up has
 * made. What fails is `recurringValidationError` until it passes again.
 */
export function startRevalidation(plane: IntegrationPlane, everyMs: number): PeriodicTask {
  return startPeriodicTask({
    everyMs: Math.min(everyMs, lookEveryMs),
    onError: (error) => plane.log.warn({ reason: String(error) }, "integrations cannot be validated again"),
    async work() {
      const due = await plane.store.takeDue(everyMs)
      await Promise.all(due.map((integration) => revalidate(plane, integration)))
    },
  })
}

const lookEveryMs = 10_000

async function revalidate(plane: IntegrationPlane, integration: GovernedIntegration): Promise<void> {
  const message = await failureOf(plane, integration)
  await recordRecurring(plane, integration, { name: schemasTest, message })
}

async function failureOf(
  plane: IntegrationPlane,
  integration: GovernedIntegration,
): Promise<string | undefined> {
  try {
    const { plan, account } = await opened(plane, integration)
    const access = serverAccess(plane.temporaryPasswords, {
      config: integration.config,
      plan,
      account,
      credentials: undefined,
    })
    return await access.asSystem("managed", (session) => difference(session, plan.fingerprint))
  } catch (error) {
    if (error instanceof ServerRefusal) return error.message
    throw error
  }
}

async function difference(session: ServerSession, fingerprint: string): Promise<string | undefined> {
  const found = (await session.ask(schemasQuery)).map(({ name }) => name)
  const missing = managedSchemas.filter((name) => !found.includes(name))
  if (missing.length > 0) return `Schemas are missing: ${missing.join(", ")}.`
  const [row] = await session.ask(fingerprintQuery)
  return row?.fingerprint === fingerprint ? undefined : "The managed schemas were made by another payload."
}
