import { startRemover } from "../../profiles/removal.ts"
import type { ProfilePlane } from "../../profiles/services/context.ts"
import type { Base } from "./base.ts"

/** Customer profiles as the doors of this process see them. */
export function profilePlane(base: Base): ProfilePlane {
  base.local.profiles ??= startProfiles(base)
  return base.local.profiles
}

function startProfiles({ store, configuration, log, onStop }: Base): ProfilePlane {
  const { account, region } = configuration
  const remover = startRemover({ removals: store.profiles.removals, log })
  onStop(() => remover.stop())
  const integrations = { account, region, store }
  return {
    account,
    region,
    store: store.profiles,
    integrations,
    identity: store.profileIdentity,
    events: store.profileEvents,
    webhooks: configuration.profileWebhooks,
    nudge: remover.nudge,
  }
}
