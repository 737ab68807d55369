import { createHmac } from "node:crypto"
import type { Duties } from "../../control-plane/duties/duties.ts"
import { startGovernanceWatch } from "../../control-plane/governance/enforcement/governance-watch.ts"
import { startHostPolicies } from "../../control-plane/governance/enforcement/host-policies.ts"
import { startWarehousePolicies } from "../../control-plane/governance/enforcement/warehouse-policies.ts"
import type { GovernedHost } from "../../engines/policy-server.ts"
import type { Store } from "../../state/store.ts"
import { errorFields } from "../../wire/http/log.ts"
import type { OpenWarehouses } from "../warehouses.ts"
import type { Base } from "./base.ts"
import { integrationPlane } from "./governance-part.ts"

/** That policies hold is proved each minute, or as often as integrations are validated. */
const probeAtLeastMs = 60_000

interface PolicyBase extends Pick<Base, "configuration" | "engines" | "log" | "onStop"> {
  ownStore: Store
}

/** Has policies applied where servers do that themselves, each by one worker of all: in warehouses, and in servers by host. */
export async function applyPolicies(
  base: PolicyBase,
  { policyServers }: OpenWarehouses,
  duties: Duties,
): Promise<void> {
  const { ownStore: store, engines, log, onStop } = base
  const startWatch = () =>
    startGovernanceWatch({
      store: store.governance,
      onError: (error) => log.warn(errorFields(error), "the policies could not be read again"),
    })
  const secret = await store.sqlUsers.loginSecret()
  const installation = createHmac("sha256", secret).update("policies").digest("hex").slice(0, 32)
  const plane = await integrationPlane(base, store)
  const policiesAt = (dialect: string) => {
    const open = engines.warehouses.named(dialect)?.policiesAt
    return open && ((host: GovernedHost) => open(host))
  }
  const probeEveryMs = Math.min(probeAtLeastMs, base.configuration.governance.validateEveryMs)
  duties.add("policies of governed servers", (held) =>
    startHostPolicies({ plane, store, installation, startWatch, policiesAt, log, held, probeEveryMs }),
  )
  if (policyServers.size === 0) return
  const watch = await startWatch()
  onStop(() => watch.stop())
  for (const [targetArn, server] of policyServers)
    duties.add(`policies of ${targetArn}`, (held) =>
      startWarehousePolicies({ targetArn, server, store, installation, watch, log, held }),
    )
}
