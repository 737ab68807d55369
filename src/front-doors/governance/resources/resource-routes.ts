import type { DataPlane } from "../../../control-plane/governance/data/declarations.ts"
import type { AuditStore } from "../../../state/audit.ts"
import type { Route } from "../route.ts"
import { scimRoutes } from "../scim/discovery.ts"
import { attributeRoutes } from "./attribute-routes.ts"
import { explainRoutes } from "./explain-routes.ts"
import { groupRoutes } from "./group-routes.ts"
import { policyRoutes } from "./policy-routes.ts"
import { projectRoutes } from "./project-routes.ts"
import { purposeRoutes } from "./purpose-routes.ts"
import { auditRoutes } from "./reports/audit-routes.ts"
import { policyReportRoutes } from "./reports/policy-report-routes.ts"
import { sourceRoutes } from "./source-routes.ts"
import { subscriptionRoutes } from "./subscription-routes.ts"
import { tagRoutes } from "./tag-routes.ts"
import { unbuiltRoutes } from "./unbuilt-routes.ts"
import { userRoutes } from "./user-routes.ts"
import { visibilityRoutes } from "./visibility-routes.ts"

/** People, what is governed, who may see it: the routes beside those of integrations. */
export function resourceRoutes(store: DataPlane & { audit: AuditStore }): Route[] {
  const { governance } = store
  return [
    ...userRoutes(governance),
    ...groupRoutes(governance),
    ...attributeRoutes(governance),
    ...tagRoutes(governance),
    ...purposeRoutes(governance),
    ...projectRoutes(governance),
    ...sourceRoutes(store),
    ...subscriptionRoutes(governance),
    ...policyRoutes(governance),
    ...explainRoutes(governance),
    ...policyReportRoutes(governance),
    ...auditRoutes(store.audit),
    ...visibilityRoutes(governance),
    ...scimRoutes(governance),
    ...unbuiltRoutes(),
  ]
}
