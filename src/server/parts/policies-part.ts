import { createHmac } from "node:crypto"
import type { Duties } from "../../control-plane/duties/duties.ts"
import { startGovernanceWatch } from "../../control-plane/governance/enforcement/governance-watch.ts"
import { startWarehousePolicies } from "../../control-plane/governance/enforcement/warehouse-policies.ts"
import type { Store } from "../../state/store.ts"
import { errorFields } from "../../wire/http/log.ts"
import type { OpenWarehouses } from "../warehouses.ts"
import type { Base } from "./base.ts"

/** Has policies applied in the warehouses whose own servers do that, each by one worker of all. */
export async function applyPolicies(
  { ownStore: store, log, onStop }: Pick<Base, "log" | "onStop"> & { ownStore: Store },
  { policyServers }: OpenWarehouses,
  duties: Duties,
): Promise<void> {
  if (policyServers.size === 0) return
  const watch = await startGovernanceWatch({
    store: store.governance,
    onError: (error) => log.warn(errorFields(error), "the policies could not be read again"),
  })
  onStop(() => watch.stop())
  const secret = await store.sqlUsers.loginSecret()
  const installation = createHmac("sha256", secret).update("policies").digest("hex").slice(0, 32)
  for (const [targetArn, server] of policyServers)
    duties.add(`policies of ${targetArn}`, (held) =>
      startWarehousePolicies({ targetArn, server, store, installation, watch, log, held }),
    )
}
