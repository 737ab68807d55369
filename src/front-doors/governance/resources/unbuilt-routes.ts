import { Fault } from "../../../domain/faults.ts"
import type { Route } from "../route.ts"

/** Routes of the published API that clients may ask for and that are not built, and why or what to use. */
const unbuilt: readonly [method: Route["method"], path: string, instead: string][] = [
  ["GET", "/bim/iam", "Directories are told by the iamid of users and groups."],
  ["PUT", "/bim/iam/{iamid}/user/{userid}", "A user of a directory is changed by the directory."],
  ["GET", "/bim/iam/{iamid}/user/{userid}/apikeys", "Keys are listed by `millrace api-key list`."],
  ["GET", "/policy/global/appliedTo/{policyId}", ""],
  ["POST", "/policy/global/applyPolicy", "Policies are applied by their circumstances."],
  ["POST", "/policy/search", "Use GET /policy/global?searchText=…."],
  ["GET", "/policy/handler/{dataSourceId}", "Policies are global here."],
  ["POST", "/policy/handler/{dataSourceId}", "Policies are global here: POST /api/v2/policy."],
  ["PUT", "/policy/handler/{dataSourceId}", "Policies are global here: POST /api/v2/policy."],
  ["GET", "/policy/dataSourcePolicies/{dataSourceId}", ""],
  ["GET", "/policy/diff/{dataSourceId}", "The audit trail has what was before a change."],
  ["GET", "/dataSource/{dataSourceId}/users/{profileId}/policyInfo", ""],
  ["GET", "/dataSource/{dataSourceId}/test", ""],
  ["POST", "/dictionary/{dataSourceId}", "Columns are read from the warehouse."],
  [
    "PUT",
    "/dictionary/{dataSourceId}",
    "Columns are read from the warehouse; tag them by POST /tag/column/….",
  ],
  ["DELETE", "/dictionary/{dataSourceId}", "Columns are read from the warehouse."],
  ["GET", "/audit", "The trail is read by `millrace audit`."],
  ["GET", "/audit/{recordId}", "The trail is read by `millrace audit`."],
  ["GET", "/governance/reports/{entityType}", ""],
  ["GET", "/webhooks", ""],
  ["POST", "/webhooks", ""],
  ["GET", "/webhooks/{id}", ""],
  ["DELETE", "/webhooks/{id}", ""],
  ["GET", "/webhooks/actions", ""],
  ["GET", "/webhooks/history", ""],
]

/** They answer 501, so that nobody takes a missing route for a wrong path. */
export function unbuiltRoutes(): Route[] {
  return unbuilt.map(([method, path, instead]) => ({
    operation: "NotBuilt",
    method,
    path,
    permissions: [],
    audited: undefined,
    run: async () => {
      throw new Fault("unsupported", `${method} ${path} is not built here. ${instead}`.trim())
    },
  }))
}
