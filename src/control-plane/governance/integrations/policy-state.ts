import { databaseAt } from "../../../governance/model/server-database.ts"
import type { GovernedIntegration } from "../../../governance/setup/integration.ts"
import { holdsByItself } from "../../../governance/setup/plan.ts"
import { enforcementKey, silentAtMostMs } from "../enforcement/enforcement-problems.ts"
import type { IntegrationPlane } from "./plane.ts"

/**
 * How policies hold on the server of an integration. `byPort`: it is an SQL port, which applies them to each statement.
 * `notGoverned`: no data source is there. `pending`: the views show an earlier version of the policies, or there are none yet.
 */
export interface PolicyState {
  state: "byPort" | "notGoverned" | "pending" | "enforced" | "failed"
  /** Of a failure; each a sentence. */
  problems: string[]
}

/** @throws Fault unavailable */
export async function policyStateOf(
  { policies: { governance, policyEnforcement } }: IntegrationPlane,
  integration: GovernedIntegration,
): Promise<PolicyState> {
  if (holdsByItself(integration.dialect)) return { state: "byPort", problems: [] }
  const { config } = integration
  const version = await governance.version()
  const name = databaseAt(config, config.database.toLowerCase())
  const seen = (await policyEnforcement.of(enforcementKey(integration))).find(
    ({ database }) => database === name,
  )
  if (seen === undefined) return { state: "pending", problems: [] }
  const silentSeconds = Math.floor(seen.silentMs / 1_000)
  const problems =
    seen.silentMs > silentAtMostMs
      ? [`it was not proved for ${silentSeconds} s that policies hold`, ...seen.problems]
      : [...seen.problems]
  if (problems.length > 0)
    return { state: "failed", problems: problems.map((one) => `${one.replace(/\.$/, "")}.`) }
  if (seen.version === undefined || seen.version < version) return { state: "pending", problems: [] }
  return { state: seen.isGoverned ? "enforced" : "notGoverned", problems: [] }
}
