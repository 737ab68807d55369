import { z } from "zod"
import {
  type ExplainedPerson,
  explainPolicies,
  type PolicyExplanation,
} from "../../../control-plane/governance/policies/explain-policy.ts"
import type { PolicyFields } from "../../../state/governance/policies.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Route, RouteCall } from "../route.ts"
import { v2Fields, v2Policy } from "./policy-shapes.ts"
import { bodyAs, reads, textLists } from "./wire.ts"

const names = z.array(z.string()).max(1_000)
/**
 * Whose facts are tried, and what on. (Fact: `userAuthorizations`, `userAttributes`, `groups`, `purposes`, `jsonPolicies`; the
 * published page does not say of which data source, so `dataSource`, `userid`, `subscribed` and `row` are ours.)
 */
const trial = z.looseObject({
  dataSource: z.union([z.number().int(), z.string()]),
  /** A user who is there, instead of assumed facts. */
  userid: z.string().optional(),
  iamProfile: z.looseObject({ iamid: z.string().optional(), userid: z.string().optional() }).optional(),
  userAuthorizations: textLists.optional(),
  userAttributes: textLists.optional(),
  groups: names.optional(),
  purposes: names.optional(),
  subscribed: z.boolean().optional(),
  policies: z.array(v2Policy).max(200).optional(),
  jsonPolicies: z.array(v2Policy).max(200).optional(),
  row: z.record(z.string(), z.unknown()).optional(),
})

/** What policies would show somebody. (Fact: the path.) */
export function explainRoutes(store: GovernanceStore): Route[] {
  return [
    reads(
      { operation: "TestPolicy", method: "POST", path: "/policy/testPolicy", permissions: ["GOVERNANCE"] },
      async (call) => shownTrial(await explainPolicies(store, inputOf(call))),
    ),
  ]
}

function inputOf(call: RouteCall) {
  const given = bodyAs(call, trial)
  const { dataSource, policies = [], jsonPolicies = [], row } = given
  const tried: PolicyFields[] = [...policies, ...jsonPolicies].map(v2Fields)
  const source = typeof dataSource === "number" ? { id: dataSource } : { name: dataSource }
  return { source, person: personOf(given), tried, row }
}

function personOf(given: z.infer<typeof trial>): ExplainedPerson {
  const { iamProfile, userAuthorizations, userAttributes, groups, purposes, subscribed } = given
  const name = given.userid ?? iamProfile?.userid
  if (name !== undefined)
    return { kind: "named", name: iamProfile?.iamid === undefined ? name : `${iamProfile.iamid}/${name}` }
  const attributes = new Map<string, Set<string>>()
  for (const [key, values] of [...(userAuthorizations ?? []), ...(userAttributes ?? [])])
    attributes.set(key, new Set([...(attributes.get(key) ?? []), ...values]))
  return {
    kind: "assumed",
    iamId: iamProfile?.iamid ?? "bim",
    isSubscribed: subscribed === true,
    groups: new Set(groups),
    attributes,
    purposes: new Set(purposes),
  }
}

/** (Fact: the members before `rows`.) */
export function shownTrial({ source, explanation, row }: PolicyExplanation): object {
  const { rows, why, rules, columns, refusals, warnings } = explanation
  const isNothing = rows === "none" || rows === "closed"
  const applied = rules.filter(({ effect }) => effect === "applies")
  const what = (beginning: string) => applied.filter((rule) => rule.what.startsWith(beginning))
  return {
    noVisibilities: isNothing,
    hasVisibilityException: rules.some(({ effect }) => effect === "exempt"),
    hasPrerequisites: false,
    hasPurposeRule: rules.some((rule) => rule.what.startsWith("purposes ")),
    hasUnmatchedTags: warnings.some(({ message }) => message.includes("tag")),
    userCanSee: isNothing ? [] : [source.id],
    additionalFilters: {
      ...(what("rows where ").length > 0 && { customWhere: { rules: what("rows where ") } }),
    },
    ...(isNothing && { denialReason: why }),
    policySet: [...new Set(rules.map(({ policyKey }) => policyKey))].join(" "),
    masked: [columns.flatMap(({ shown }, at) => (shown === "clear" ? [] : [at]))],
    dataSource: source.id,
    dataSourceName: source.name,
    ...{ rows, why, rules, columns, refusals, warnings },
    ...(row !== undefined && { row }),
  }
}
