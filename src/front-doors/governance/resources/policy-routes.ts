import { randomUUID } from "node:crypto"
import { z } from "zod"
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  putPolicy,
  updatePolicy,
} from "../../../control-plane/governance/policies/policies.ts"
import type { PolicyRecord } from "../../../state/governance/policies.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { parameter, type Route } from "../route.ts"
import { bodyAs, changes, choice, flag, idOf, pageOf, type RouteHead, reads, textOf } from "./wire.ts"

/** What is looked at here; the document is kept whole. (Fact: the members.) */
const v2Policy = z.looseObject({
  policyKey: z.string(),
  /** Absent: the key. */
  name: z.string().optional(),
  type: z.enum(["subscription", "data"]),
  staged: z.boolean().optional(),
})
const globalPolicy = v2Policy.extend({ policyKey: z.string().optional(), name: z.string() })

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
        const document = bodyAs(call, v2Policy)
        const { policyKey, name = policyKey, type, staged } = document
        return putPolicy(store, call.key, {
          fields: { key: policyKey, name, kind: type, form: "v2", document, isStaged: staged === true },
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

/** (Fact: its members.) */
function shownPolicy(policy: PolicyRecord): object {
  return {
    ...policy.document,
    id: policy.id,
    policyKey: policy.key,
    name: policy.name,
    type: policy.kind,
    staged: policy.isStaged,
    template: false,
    systemGenerated: false,
    deleted: false,
    createdByName: policy.createdBy,
    createdAt: policy.createdAt,
    updatedAt: policy.updatedAt,
  }
}
