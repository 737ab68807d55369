import { customerProfilesHandlers } from "../../resources/customer-profiles/handlers.ts"
import { integrationHandlers } from "../../resources/integrations/handler.ts"
import { profileEventHandlers } from "../../resources/profile-events/handlers.ts"
import { resources } from "../../resources/registry.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import { startRequestRunner } from "../../resources/requests/runner.ts"
import type { Base } from "./base.ts"
import { profilePlane } from "./profiles-part.ts"

/** Resources as the doors of this process see them. Whichever of its parts asks first has their requests carried out here. */
export function resourcePlane(base: Base): ResourcePlane {
  base.local.resources ??= startResources(base)
  return base.local.resources
}

function startResources(base: Base): ResourcePlane {
  const { plane, store, configuration, log, onStop } = base
  const profiles = profilePlane(base)
  const served = resources({
    handlers: {
      ...integrationHandlers(plane),
      ...customerProfilesHandlers(profiles),
      ...profileEventHandlers(profiles),
    },
  })
  const { account, region } = configuration
  const requests = store.resourceRequests
  const runner = startRequestRunner({ requests, resources: served, log })
  onStop(() => runner.stop())
  return { account, region, resources: served, requests, nudge: runner.nudge }
}
