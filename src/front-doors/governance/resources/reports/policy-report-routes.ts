import {
  everyReach,
  type PolicyReach,
  policiesOfSource,
  reachOfPolicy,
} from "../../../../control-plane/governance/policies/policy-reach.ts"
import { visibilityOf } from "../../../../control-plane/governance/policies/visibility.ts"
import type { GovernanceStore } from "../../../../state/governance/store.ts"
import type { Route } from "../../route.ts"
import { shownPolicy } from "../policy-shapes.ts"
import { choice, flag, idOf, pageOf, type RouteHead, reads } from "../wire.ts"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["GOVERNANCE"] }
}

/** Which policies are for which sources, and what they do to one person. (Fact: paths and members.) */
export function policyReportRoutes(store: GovernanceStore): Route[] {
  return [
    reads(head("SearchPolicies", "POST", "/policy/search"), async (call) => {
      const { query } = call
      const kind = query.has("type") ? choice(query, "type", ["data", "subscription"]) : undefined
      const text = (query.get("searchText") ?? "").toLowerCase()
      const excluded = new Set(query.getAll("excludedPolicies"))
      const found = (await everyReach(store)).filter(
        ({ policy }) =>
          (kind === undefined || policy.kind === kind) &&
          policy.name.toLowerCase().includes(text) &&
          !excluded.has(String(policy.id)),
      )
      const { offset, size } = pageOf(call, { usual: 25, most: 1_000 })
      const hits = flag(query, "countOnly") ? [] : found.slice(offset, offset + size).map(shownHit)
      return { count: found.length, hits }
    }),
    reads(head("ListSourcesOfPolicy", "GET", "/policy/global/appliedTo/{policyId}"), async (call) => {
      const { sources } = await reachOfPolicy(store, idOf(call, "policyId"))
      return sources.map(({ id, name }) => ({ dataSourceId: id, dataSourceName: name }))
    }),
    reads(head("ListPoliciesOfSource", "GET", "/policy/dataSourcePolicies/{dataSourceId}"), async (call) =>
      (await policiesOfSource(store, idOf(call, "dataSourceId"))).map(shownPolicy),
    ),
    reads(
      head("GetPolicyInfo", "GET", "/dataSource/{dataSourceId}/users/{profileId}/policyInfo"),
      async (call) => {
        const { rows, columns } = await visibilityOf(store, call.key, {
          sourceId: idOf(call, "dataSourceId"),
          personId: idOf(call, "profileId"),
        })
        const masked = columns.flatMap(({ name, masks }) =>
          masks.slice(0, 1).map((mask) => ({ name, ...published[mask] })),
        )
        return {
          visibilities: [],
          visibilityRuleApplies: rows === "some",
          masked,
          additionalFilters: {},
          rows,
        }
      },
    ),
  ]
}

/** (Fact: the words, as far as there are such masks.) */
const published = {
  null: { type: "Consistent Value", actionType: "Nullify" },
  constant: { type: "Consistent Value", actionType: "Constant" },
  hash: { type: "Consistent Value", actionType: "Hashing" },
  regex: { type: "Regular Expression", actionType: "Regex" },
  partial: { type: "Regular Expression", actionType: "Regex" },
  dateTrunc: { type: "Grouping", actionType: "Generalization" },
  round: { type: "Grouping", actionType: "Generalization" },
}

/** (Fact: its members.) */
function shownHit({ policy, sources }: PolicyReach): object {
  return {
    globalPolicyId: policy.id,
    policyKey: policy.key,
    policyId: policy.id,
    scope: "global",
    type: policy.kind,
    name: policy.name,
    createdAt: policy.createdAt,
    state: policy.isStaged ? "staged" : "active",
    createdByName: policy.createdBy,
    enforcedOn: policy.isStaged ? [] : sources.map(({ id, name }) => ({ id, name })),
    isNotApplied: policy.isStaged || sources.length === 0,
  }
}
