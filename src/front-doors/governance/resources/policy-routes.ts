import { randomUUID } from "node:crypto"
import type { z } from "zod"
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  putPolicy,
  updatePolicy,
} from "../../../control-plane/governance/policies/policies.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { parameter, type Route } from "../route.ts"
import { globalPolicy, shownPolicy, v2Fields, v2Policy } from "./policy-shapes.ts"
import { bodyAs, changes, choice, flag, idOf, pageOf, type RouteHead, reads, textOf } from "./wire.ts"

const one = "/policy/global/{policyId}"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["GOVERNANCE"] }
}

/** Policies as documents. (Fact: paths and members.) */
export function policyRoutes(store: GovernanceStore): Route[] {
  return [...readingRoutes(store), ...globalRoutes(store), ...keyedRoutes(store)]
}

function readingRoutes(store: GovernanceStore): Route[] {
  return [
    reads(head("ListPolicies", "GET", "/policy/global"), async (call) => {
      const { query } = call
      const kind = query.has("type") ? { kind: choice(query, "type", ["subscription", "data"]) } : {}
      const { policies } = await listPolicies(
        store,
        {
          ...textOf(query, "searchText", "text"),
          ...kind,
          ...(flag(query, "ignoreStaged") && { isStaged: false }),
        },
        {
          ...pageOf(call, { usual: 1_000, most: 1_000, isDescending: true }),
          order: choice(query, "sortField", ["createdAt", "name"]),
        },
      )
      const isBrief = flag(query, "nameOnly")
      return policies.map((policy) => (isBrief ? { id: policy.id, name: policy.name } : shownPolicy(policy)))
    }),
    reads(head("GetPolicy", "GET", one), async (call) =>
      shownPolicy(await getPolicy(store, idOf(call, "policyId"))),
    ),
  ]
}

function globalRoutes(store: GovernanceStore): Route[] {
  const fieldsOf = (given: z.infer<typeof globalPolicy>, key: string) => ({
    key,
    name: given.name,
    kind: given.type,
    form: "global" as const,
    document: { ...documentOf(given), policyKey: key },
    isStaged: given.staged === true,
  })
  return [
    changes(
      head("CreatePolicy", "POST", "/policy/global"),
      (call) => {
        const given = bodyAs(call, globalPolicy)
        return createPolicy(store, call.key, fieldsOf(given, given.policyKey ?? randomUUID()))
      },
      shownPolicy,
    ),
    changes(
      head("UpdatePolicy", "PUT", one),
      (call) => {
        const given = bodyAs(call, globalPolicy)
        return updatePolicy(store, idOf(call, "policyId"), (key) => fieldsOf(given, key))
      },
      shownPolicy,
    ),
    changes(
      head("DeletePolicy", "DELETE", one),
      (call) => deletePolicy(store, { id: idOf(call, "policyId") }),
      (policy) => ({ ...shownPolicy(policy), deleted: true }),
    ),
  ]
}

/** What answers say beside the document; clients send it back. (Fact: the members.) */
const told = new Set([
  ...["id", "template", "createdBy", "createdByName", "createdAt", "updatedAt", "metadata", "clonedFrom"],
  ...["systemGenerated", "deleted"],
])

function documentOf(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !told.has(name)))
}

function keyedRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("PutPolicy", "POST", "/api/v2/policy"),
      (call) => {
        return putPolicy(store, call.key, {
          fields: v2Fields(bodyAs(call, v2Policy)),
          isDryRun: flag(call.query, "dryRun"),
          isCertified: flag(call.query, "reCertify"),
        })
      },
      ({ policy, isNew }, { query }) => ({
        dryRun: flag(query, "dryRun"),
        creating: isNew,
        updating: !isNew,
        ...(policy !== undefined && { policyId: policy.id }),
      }),
    ),
    changes(
      head("DeletePolicy", "DELETE", "/api/v2/policy/{policyKey}"),
      (call) => deletePolicy(store, { key: parameter(call, "policyKey") }),
      ({ id, key }) => ({ policyId: id, policyKey: key }),
    ),
  ]
}
