import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Route } from "../route.ts"
import { attributeRoutes } from "./attribute-routes.ts"
import { groupRoutes } from "./group-routes.ts"
import { userRoutes } from "./user-routes.ts"

/** People, what is governed, who may see it: the routes beside those of integrations. */
export function resourceRoutes(store: GovernanceStore): Route[] {
  return [...userRoutes(store), ...groupRoutes(store), ...attributeRoutes(store)]
}
