import { Fault } from "../../../domain/faults.ts"
import type { Route } from "../route.ts"

/** Routes of the published API that clients may ask for and that are not built, and why or what to use. */
const unbuilt: readonly [method: Route["method"], path: string, instead: string][] = [
  ["PUT", "/bim/iam/{iamid}/user/{userid}", "A user of a directory is changed by the directory."],
  ["GET", "/bim/iam/{iamid}/user/{userid}/apikeys", "Keys are listed by `millrace api-key list`."],
  ["POST", "/policy/global/applyPolicy", "Policies are applied by their circumstances."],
  ["GET", "/policy/handler/{dataSourceId}", "Policies are global here."],
  ["POST", "/policy/handler/{dataSourceId}", "Policies are global here: POST /api/v2/policy."],
  ["PUT", "/policy/handler/{dataSourceId}", "Policies are global here: POST /api/v2/policy."],
  ["GET", "/policy/diff/{dataSourceId}", "The audit trail has what was before a change."],
  ["DELETE", "/dictionary/{dataSourceId}", "Columns are read from the warehouse."],
  ["GET", "/governance/reports/{entityType}", "Reports are not kept: ask POST /policy/search, GET /audit."],
  ["GET", "/webhooks", "Nothing is sent on changes: GET /audit has them."],
  ["POST", "/webhooks", "Nothing is sent on changes: GET /audit has them."],
  ["GET", "/webhooks/{id}", "Nothing is sent on changes: GET /audit has them."],
  ["DELETE", "/webhooks/{id}", "Nothing is sent on changes: GET /audit has them."],
  ["GET", "/webhooks/actions", "Nothing is sent on changes: GET /audit has them."],
  ["GET", "/webhooks/history", "Nothing is sent on changes: GET /audit has them."],
]

/** Method, path, and why or what to use instead. */
export function unbuiltReasons(): readonly (readonly [method: string, path: string, instead: string])[] {
  return unbuilt
}

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
