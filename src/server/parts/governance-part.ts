import { createHmac } from "node:crypto"
import { governedServerTls } from "../../configuration/blocks/governed-server-tls.ts"
import { governanceKeys } from "../../configuration/secrets/governance-key.ts"
import { accountSafe } from "../../control-plane/governance/integrations/account.ts"
import { startIntegrationJobs } from "../../control-plane/governance/integrations/jobs.ts"
import type { IntegrationPlane } from "../../control-plane/governance/integrations/plane.ts"
import { startRevalidation } from "../../control-plane/governance/integrations/revalidate.ts"
import { newKeyRing } from "../../encryption/key-ring.ts"
import { integrationRoutes } from "../../front-doors/governance/integrations/routes.ts"
import type { Route } from "../../front-doors/governance/route.ts"
import type { Store } from "../../state/store.ts"
import type { Base } from "./base.ts"
import { temporaryPasswords } from "./temporary-passwords.ts"

/** What the governance API answers, and the work behind it; stopped with the process. */
export async function governanceRoutes(base: Base): Promise<Route[]> {
  const { configuration, onStop } = base
  const plane = await integrationPlane(base, base.store)
  const jobs = startIntegrationJobs({ plane })
  onStop(() => jobs.stop())
  const revalidation = startRevalidation({ plane, jobs }, configuration.governance.validateEveryMs)
  onStop(() => revalidation.stop())
  return integrationRoutes({ plane, jobs })
}

/** What the services of integrations work on. */
export async function integrationPlane(
  { configuration, log }: Pick<Base, "configuration" | "log">,
  store: Store,
): Promise<IntegrationPlane> {
  const safe = accountSafe(async () => {
    const { current, all } = await governanceKeys(configuration)
    return { ring: newKeyRing(all), keyArn: current.arn }
  })
  const installation = await store.sqlUsers.loginSecret()
  const secret = createHmac("sha256", installation).update("governance fingerprints").digest()
  return {
    store: store.governedIntegrations,
    policies: store,
    safe,
    secret,
    ownPort: configuration.listen.sql,
    tlsOf: (host) => governedServerTls(configuration.governance, host),
    temporaryPasswords: temporaryPasswords(configuration.governance.okta),
    log,
  }
}
