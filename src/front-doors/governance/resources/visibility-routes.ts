import { type Visibility, visibilityOf } from "../../../control-plane/governance/policies/visibility.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Route } from "../route.ts"
import { idOf, reads } from "./wire.ts"

const one = "/dataSource/{dataSourceId}"

/** What a person sees of a data source, by the policies of now. (Fact: paths and members.) */
export function visibilityRoutes(store: GovernanceStore): Route[] {
  return [
    reads(
      { operation: "GetOwnVisibility", method: "GET", path: `${one}/visibilityReport`, permissions: [] },
      async (call) =>
        shown(
          await visibilityOf(store, call.key, {
            sourceId: idOf(call, "dataSourceId"),
            personId: undefined,
          }),
        ),
    ),
    reads(
      {
        operation: "GetVisibility",
        method: "GET",
        path: `${one}/users/{profileId}/visibilityReport`,
        permissions: ["GOVERNANCE"],
      },
      async (call) =>
        shown(
          await visibilityOf(store, call.key, {
            sourceId: idOf(call, "dataSourceId"),
            personId: idOf(call, "profileId"),
          }),
        ),
    ),
  ]
}

/** (Fact: its members.) `rows` is ours: all, some, none, or closed where a policy cannot be kept. */
function shown({ source, rows, reason, columns, policyKeys }: Visibility): object {
  return {
    noVisibilities: rows === "none" || rows === "closed",
    ...(reason !== undefined && { denialReason: reason }),
    additionalFilters: {},
    subscriptionPolicyMet: rows === "some" || rows === "all",
    masked: columns.filter(({ masks }) => masks.length > 0).map(({ name, masks }) => ({ name, masks })),
    dataSource: source.id,
    dataSourceName: source.name,
    columnNames: columns.map(({ name }) => name),
    database: source.table.database,
    schemaName: source.view.schema,
    tableName: source.view.name,
    policySet: policyKeys.join(" "),
    rows,
  }
}
