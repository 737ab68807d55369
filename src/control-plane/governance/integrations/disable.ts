import { Fault } from "../../../domain/faults.ts"
import type { GovernedIntegration, GovernedStatus } from "../../../governance/setup/integration.ts"
import { brokenConstraint } from "../../../state/connection.ts"
import { begun, getIntegration, type IntegrationCalls, shownIntegration, type ToldChange } from "./calls.ts"

/** Those that no job is about to change. */
const restingStatuses: readonly GovernedStatus[] = [
  "enabled",
  "createError",
  "editError",
  "migrateError",
  "deleteError",
  "recurringValidationError",
]

/**
 * From now on Millrace does nothing on the server; what is there stays, with the people and policies of this moment. The host is
 * free for another integration. (Ours; fact: the status.) @throws Fault integrationNotFound, integrationInWrongState
 */
export async function disableIntegration(calls: IntegrationCalls, id: string): Promise<ToldChange> {
  return await changed(calls, id, { verb: "disable", from: restingStatuses, to: "disabled" })
}

/** Looked at again from now on, as any other. @throws Fault as above; integrationExists: another one has the host by now */
export async function enableIntegration(calls: IntegrationCalls, id: string): Promise<ToldChange> {
  return await changed(calls, id, { verb: "enable", from: ["disabled"], to: "enabled" })
}

interface StatusChange {
  verb: "disable" | "enable"
  from: readonly GovernedStatus[]
  to: "disabled" | "enabled"
}

async function changed(calls: IntegrationCalls, id: string, change: StatusChange): Promise<ToldChange> {
  const before = await getIntegration(calls, id)
  const after = await set(calls, before, change)
  if (after === undefined) {
    const { status } = await getIntegration(calls, id)
    const message = `Unable to ${change.verb} integration with ID ${id} in current state ${status}.`
    throw new Fault("integrationInWrongState", message)
  }
  return { answer: begun(after), before: shownIntegration(before), after: shownIntegration(after) }
}

async function set(
  { plane }: IntegrationCalls,
  { id, type, config }: GovernedIntegration,
  { from, to }: StatusChange,
): Promise<GovernedIntegration | undefined> {
  try {
    return await plane.store.changeStatus(id, { from, to })
  } catch (error) {
    if (brokenConstraint(error) !== "governance_integrations_host") throw error
    const other = await plane.store.idOnHost(type, config.host)
    throw new Fault(
      "integrationExists",
      `${type} integration already exists on host ${config.host} (id = ${other})`,
    )
  }
}
