/** `actions` of a data policy of the reference product: rules with exceptions, and inclusions with an "otherwise". */
import type { Condition } from "../model/condition.ts"
import { mostConditionLevels } from "../model/condition.ts"
import type { DataRule } from "../model/policy.ts"
import { levelsOf } from "./conditions.ts"
import {
  listOf,
  membersOf,
  needed,
  numberOf,
  oneOf,
  type Place,
  textsOf,
  wholeNumberOf,
  wrongAt,
} from "./place.ts"
import { readMaskingRule } from "./reference-masks.ts"
import { readEntitlementMatches } from "./reference-matches.ts"
import { readEntitlements } from "./reference-subscription.ts"
import { readWhereText } from "./where-texts.ts"

const types = [
  ...(["Masking", "Minimization", "Purpose Restriction", "Time Restriction"] as const),
  ...(["Row Restriction By User Entitlements", "Row Restriction by Custom Where Clause"] as const),
]

/** @throws DocumentError */
export function readDataActions(place: Place): DataRule[] {
  return listOf(place).flatMap((action) => {
    const members = membersOf(action, ["rules", "description", "type"])
    return readRules(needed(members, "rules", action))
  })
}

/**
 * A rule with inclusions is for these groups only, and the rule behind it for all others. An exception exempts from its own
 * rule.
 */
function readRules(place: Place): DataRule[] {
  let before: Condition[] = []
  return listOf(place).flatMap((one) => {
    const members = membersOf(one, ["type", "config", "exceptions", "inclusions", "description"])
    const [exceptions, inclusions] = [members.get("exceptions"), members.get("inclusions")]
    const included = inclusions === undefined ? undefined : readEntitlements(inclusions)
    const unless: Condition[] = [
      ...(exceptions === undefined ? [] : [readEntitlements(exceptions)]),
      ...before,
      ...(included === undefined ? [] : [{ kind: "not" as const, of: included }]),
    ]
    // What follows a rule without inclusions is a rule of its own.
    before = included === undefined ? [] : [...before, included]
    return exempted(one, readRule(one, members), unless)
  })
}

function exempted(place: Place, rules: readonly DataRule[], unless: readonly Condition[]): DataRule[] {
  const [first, ...more] = unless
  if (first === undefined) return [...rules]
  const condition: Condition = more.length === 0 ? first : { kind: "any", of: unless }
  if (levelsOf(condition) > mostConditionLevels)
    throw wrongAt(place, "exceptions and inclusions lie too deep")
  return rules.map((rule) => ({ ...rule, unless: condition }))
}

function readRule(place: Place, members: ReadonlyMap<string, Place>): DataRule[] {
  const type = oneOf(needed(members, "type", place), types)
  const config = needed(members, "config", place)
  switch (type) {
    case "Masking":
      return [readMaskingRule(config)]
    case "Minimization":
      return [
        {
          kind: "minimize",
          percent: numberOf(needed(membersOf(config, ["percent"]), "percent", config), {
            least: 0,
            most: 100,
          }),
        },
      ]
    case "Purpose Restriction":
      return readPurposes(config)
    case "Time Restriction":
      return [readTime(config)]
    case "Row Restriction By User Entitlements":
      return readEntitlementMatches(config)
    case "Row Restriction by Custom Where Clause": {
      const keys = membersOf(config, ["predicate", "where"])
      const where = keys.get("predicate") ?? needed(keys, "where", config)
      return [{ kind: "rowFilter", filter: { kind: "where", text: readWhereText(where) } }]
    }
  }
}

/** `operator: all`: each purpose is a rule of its own. */
function readPurposes(config: Place): DataRule[] {
  const members = membersOf(config, ["purposes", "operator"])
  const place = needed(members, "purposes", config)
  const purposes = textsOf(place)
  if (purposes.length === 0) throw wrongAt(place, "write at least one purpose")
  const operator = members.get("operator")
  const isAny = operator === undefined || oneOf(operator, ["any", "all"]) === "any"
  return isAny
    ? [{ kind: "purpose", anyOf: purposes }]
    : purposes.map((one): DataRule => ({ kind: "purpose", anyOf: [one] }))
}

/** Seconds back from now. (Fact: the published members `filterSeconds` and `isOlderOrNewer`.) */
function readTime(config: Place): DataRule {
  const members = membersOf(config, ["isOlderOrNewer", "filterSeconds"])
  const keeps = members.get("isOlderOrNewer")
  return {
    kind: "time",
    keeps: keeps === undefined ? "newer" : oneOf(keeps, ["newer", "older"]),
    than: {
      count: wholeNumberOf(needed(members, "filterSeconds", config), { least: 1, most: 2_000_000_000 }),
      unit: "second",
    },
  }
}
