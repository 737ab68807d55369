import { parse, YAMLParseError } from "yaml"
import type { Policy } from "../model/policy.ts"
import { readCircumstances } from "./circumstances.ts"
import { readRule, readSubscription } from "./own-form.ts"
import {
  DocumentError,
  flagOf,
  listOf,
  type Members,
  membersOf,
  needed,
  oneOf,
  type Place,
  textOf,
  wrongAt,
} from "./place.ts"
import { readDataActions } from "./reference-rules.ts"
import { readSubscriptionActions } from "./reference-subscription.ts"

const keys = [
  ...["policyKey", "name", "type", "circumstances", "circumstanceOperator", "staged"],
  ...["certification", "ownerRestrictions", "description", "template", "actions", "rules", "subscription"],
]
const longestDocument = 200_000

/** The same from YAML or JSON. @throws DocumentError */
export function policyOfText(text: string): Policy {
  if (text.length > longestDocument)
    throw new DocumentError("", `write at most ${longestDocument} characters`)
  try {
    return policyOfDocument(parse(text, { maxAliasCount: 0 }))
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError)
      throw new DocumentError("", `it is neither YAML nor JSON: ${error.message.split("\n")[0]}`)
    throw error
  }
}

/**
 * A policy document in our form (`rules`, `subscription`) or in that of the reference product (`actions`). What is not known is
 * refused, wherever it stands.
 *
 * @throws DocumentError with the JSON pointer of what is wrong, and what to write
 */
export function policyOfDocument(document: unknown): Policy {
  const place: Place = { value: document, pointer: "" }
  const members = membersOf(place, keys)
  const type = oneOf(needed(members, "type", place), ["subscription", "data"])
  refuseOwners(members.get("ownerRestrictions"))
  const head = {
    key: textOf(needed(members, "policyKey", place)),
    name: textOf(members.get("name") ?? needed(members, "policyKey", place)),
    isStaged: flagOf(members.get("staged")),
  }
  const circumstances = readCircumstances(members)
  const one = oneForm(members, place, type === "data" ? "rules" : "subscription")
  if (type === "data") {
    const rules = one.key === "actions" ? readDataActions(one.place) : listOf(one.place).map(readRule)
    if (rules.length === 0) throw wrongAt(one.place, "write at least one rule")
    return { ...head, kind: "data", rules, circumstances: circumstances ?? everywhere }
  }
  const rule = one.key === "actions" ? readSubscriptionActions(one.place) : readSubscription(one.place)
  if (circumstances === undefined)
    throw wrongAt(
      place,
      "a subscription policy says for which sources it is: write `circumstances`; [{type: everything}] is for all",
    )
  return { ...head, kind: "subscription", rule, circumstances }
}

/** A data policy can only hide: without circumstances it is for all sources. */
const everywhere = { operator: "any", of: [{ kind: "everything" }] } as const

function oneForm(members: Members, place: Place, own: string): { key: string; place: Place } {
  const [ours, theirs] = [members.get(own), members.get("actions")]
  const other = own === "rules" ? members.get("subscription") : members.get("rules")
  if (other !== undefined)
    throw wrongAt(other, `it does not belong to a policy of this type; write \`${own}\``)
  if (ours !== undefined && theirs !== undefined)
    throw wrongAt(place, `write either \`${own}\` or \`actions\``)
  if (ours !== undefined) return { key: own, place: ours }
  if (theirs !== undefined) return { key: "actions", place: theirs }
  throw wrongAt(place, `write \`${own}\` or \`actions\``)
}

/** Passing them over would make the policy hold for sources that it is not for. */
function refuseOwners(place: Place | undefined): void {
  if (place === undefined) return
  const members = membersOf(place, ["users", "groups"])
  for (const one of members.values())
    if (listOf(one).length > 0)
      throw wrongAt(one, "owner restrictions are not supported; name the sources by circumstances")
}
