import type { Condition } from "../model/condition.ts"
import type { SubscriptionRule } from "../model/policy.ts"
import {
  flagOf,
  listOf,
  type Members,
  membersOf,
  needed,
  oneOf,
  type Place,
  textOf,
  textsOf,
  wrongAt,
} from "./place.ts"
import { readPersonExpression } from "./where-texts.ts"

const keys = [
  ...[
    "type",
    "automaticSubscription",
    "allowDiscovery",
    "entitlements",
    "advanced",
    "approvals",
    "description",
  ],
  "shareResponsibility",
]

/**
 * `actions` of a subscription policy of the reference product. Whoever is entitled is subscribed:
 * `automaticSubscription` and `allowDiscovery` are read and have no effect on what is shown.
 *
 * @throws DocumentError
 */
export function readSubscriptionActions(place: Place): SubscriptionRule {
  const members = membersOf(place, keys)
  for (const key of ["automaticSubscription", "allowDiscovery"]) flagOf(members.get(key))
  const type = oneOf(needed(members, "type", place), ["anyone", "approval", "entitlements", "manual"])
  switch (type) {
    case "anyone":
    case "manual":
      return { kind: type }
    case "approval":
      return { kind: "approval", permissions: approvalsOf(members.get("approvals")) }
    case "entitlements":
      return { kind: "entitlements", condition: entitled(members, place) }
  }
}

function approvalsOf(place: Place | undefined): string[] {
  if (place === undefined) return []
  return listOf(place).flatMap((one) => {
    const members = membersOf(one, ["specificApproverRequired", "requiredPermission", "requiredPermissions"])
    if (flagOf(members.get("specificApproverRequired")))
      throw wrongAt(one, "an approver cannot be named by each request; name the permission that approves")
    const [single, several] = [members.get("requiredPermission"), members.get("requiredPermissions")]
    return [
      ...(single === undefined ? [] : [textOf(single)]),
      ...(several === undefined ? [] : textsOf(several)),
    ]
  })
}

function entitled(members: Members, place: Place): Condition {
  const [listed, advanced] = [members.get("entitlements"), members.get("advanced")]
  const conditions = [
    ...(listed === undefined ? [] : [readEntitlements(listed)]),
    ...(advanced === undefined ? [] : [readPersonExpression(advanced)]),
  ]
  const [first, ...more] = conditions
  if (first === undefined) throw wrongAt(place, "write `entitlements` or `advanced`")
  return more.length === 0 ? first : { kind: "all", of: conditions }
}

/** `operator`, `groups`, `attributes` and, of exceptions, `purposes`. At least one thing must be in it. */
export function readEntitlements(place: Place): Condition {
  const members = membersOf(place, ["operator", "groups", "attributes", "purposes"])
  const operator = members.get("operator")
  const lists = (key: string) => listOf(members.get(key) ?? { value: [], pointer: place.pointer })
  const of: Condition[] = [
    ...lists("groups").map((one): Condition => ({ kind: "group", name: nameOf(one) })),
    ...lists("attributes").map(readAttribute),
    ...lists("purposes").map((one): Condition => ({ kind: "purpose", name: nameOf(one) })),
  ]
  if (of.length === 0) throw wrongAt(place, "write at least one group, attribute or purpose")
  return { kind: operator === undefined ? "any" : oneOf(operator, ["any", "all"]), of }
}

/** A name, or an object with `name`. */
function nameOf(place: Place): string {
  return typeof place.value === "string"
    ? textOf(place)
    : textOf(needed(membersOf(place, ["name", "id", "iamid"]), "name", place))
}

function readAttribute(place: Place): Condition {
  const members = membersOf(place, ["name", "value"])
  return {
    kind: "attribute",
    name: textOf(needed(members, "name", place)),
    value: textOf(needed(members, "value", place)),
  }
}
