import { createHash } from "node:crypto"
import type { GovernedConfig, GovernedIntegration } from "../../../governance/setup/integration.ts"
import type { IntegrationPayload } from "../../../governance/setup/payload.ts"
import { isSetupDialect, type SetupDialect, type SetupPlan } from "../../../governance/setup/plan.ts"
import type { ServerPlace } from "../../../governance/setup/probes.ts"
import type { GovernedIntegrationStore } from "../../../state/governance/governed-integrations.ts"
import type { Store } from "../../../state/store.ts"
import { type AccountSafe, type SystemAccount, secretDigest, systemUserOf } from "./account.ts"
import type { ServerEntrances } from "./server-access.ts"

export interface IntegrationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the services of the integrations API work on. */
export interface IntegrationPlane extends ServerEntrances {
  store: GovernedIntegrationStore
  /** What is governed, and how policies hold. */
  policies: Pick<Store, "governance" | "policyEnforcement">
  safe: AccountSafe
  /** Of the installation: by it secrets are compared without being kept. */
  secret: Buffer
  /** Where the SQL port of this installation listens. */
  ownPort: ServerPlace
  log: IntegrationLog
}

export function planOf(
  { config, dialect, fingerprint }: { config: GovernedConfig; dialect: SetupDialect; fingerprint: string },
  systemUser: string,
): SetupPlan {
  const { enabled, role } = config.impersonation
  return {
    dialect,
    database: config.database.toLowerCase(),
    initialDatabase: config.initialDatabase.toLowerCase(),
    systemUser: systemUser.toLowerCase(),
    impersonationRole: enabled ? role?.toLowerCase() : undefined,
    fingerprint,
  }
}

/** An integration with its account at hand. */
export interface OpenedIntegration {
  integration: GovernedIntegration
  account: SystemAccount
  plan: SetupPlan
}

/** @throws Problem keyNotAccessible */
export async function opened(
  { safe }: Pick<IntegrationPlane, "safe">,
  integration: GovernedIntegration,
): Promise<OpenedIntegration> {
  const { id, account: sealed, config, dialect, fingerprint } = integration
  if (sealed === undefined || !isSetupDialect(dialect))
    throw new Error(`integration ${id} has no account, or a dialect of another version`)
  const account = await safe.open(sealed, config)
  const plan = planOf({ config, dialect, fingerprint }, systemUserOf(account, id))
  return { integration, account, plan }
}

/**
 * What tells one payload from another: SHA-256 of its members, defaults filled in, names folded as servers fold them, secrets
 * replaced by a digest that only this installation can make. The one-time credentials of an automatic set-up are not in it.
 */
export function fingerprintOf(
  secret: Buffer,
  { type, autoBootstrap, config, credentials }: IntegrationPayload,
): string {
  const { host, port, database, initialDatabase, impersonation, authentication } = config
  const { username, password } = credentials
  const canonical = [
    type,
    autoBootstrap,
    [host, database, initialDatabase].map((name) => name.toLowerCase()),
    port,
    impersonation.enabled ? impersonation.role?.toLowerCase() : null,
    Object.entries(authentication).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    autoBootstrap ? null : secretDigest(secret, username, password),
  ]
  return `sha256:${createHash("sha256").update(JSON.stringify(canonical)).digest("hex")}`
}
