/** Rule-based matching of a domain, as its API and its resource type name the members. */
export interface RuleBasedMatching {
  readonly Enabled: boolean
  /** Level 1 first: the strongest rule. */
  readonly MatchingRules?: readonly MatchingRule[]
  /** Profiles are matched by the rules up to this level. */
  readonly MaxAllowedRuleLevelForMatching?: number
  /** Profiles are merged by the rules up to this level. */
  readonly MaxAllowedRuleLevelForMerging?: number
  readonly AttributeTypesSelector?: AttributeTypesSelector
  readonly ConflictResolution?: ConflictResolution
}

export interface MatchingRule {
  /** Names of attributes; two profiles match by the rule when they agree in each of them. */
  readonly Rule: readonly string[]
}

/** Which fields of a profile stand for the types Address, PhoneNumber and EmailAddress, and how they are compared. */
export interface AttributeTypesSelector {
  readonly AttributeMatchingModel: "ONE_TO_ONE" | "MANY_TO_MANY"
  readonly Address?: readonly string[]
  readonly PhoneNumber?: readonly string[]
  readonly EmailAddress?: readonly string[]
}

/** Whose value a merged profile has where its profiles differ: the newest, or that of a source. */
export interface ConflictResolution {
  readonly ConflictResolvingModel: "RECENCY" | "SOURCE"
  /** Of SOURCE: an object type. Where none of its values is there, the newest value counts. */
  readonly SourceName?: string | undefined
}

/** Fields of a profile that an attribute type may name; the first one is meant when a domain names none. */
export const fieldsOfTypes = {
  Address: ["Address", "ShippingAddress", "MailingAddress", "BillingAddress"],
  PhoneNumber: ["PhoneNumber", "HomePhoneNumber", "MobilePhoneNumber", "BusinessPhoneNumber"],
  EmailAddress: ["EmailAddress", "PersonalEmailAddress", "BusinessEmailAddress"],
} as const

export type AttributeType = keyof typeof fieldsOfTypes

const mostFields: Readonly<Record<AttributeType, number>> = { Address: 4, PhoneNumber: 4, EmailAddress: 3 }
const mostRules = 15
const mostAttributes = 15

/** Attributes of a rule beside `Attributes.<name>`. `Address.Address` is the street: the lines 1 to 4. */
const ruleAttributes = new Set([
  "AccountNumber",
  "Address.Address",
  "Address.City",
  "Address.Country",
  "Address.County",
  "Address.PostalCode",
  "Address.Province",
  "Address.State",
  "BirthDate",
  "BusinessName",
  "EmailAddress",
  "FirstName",
  "Gender",
  "LastName",
  "MiddleName",
  "PhoneNumber",
])
const customAttribute = /^Attributes\.[a-zA-Z0-9]+([ _-]+[a-zA-Z0-9]+)*$/

/** Fields as the published documents of the selector write them, which the standard profile names otherwise. */
const spellings: ReadonlyMap<string, string> = new Map([
  ["MaillingAddress", "MailingAddress"],
  ["BusinessAddress", "BillingAddress"],
])

/** The field of a profile that a selector's word names. */
export function fieldOf(word: string): string {
  return spellings.get(word) ?? word
}

/** What is wrong with a configuration, one sentence each; none: it can be used. */
export function mistakesInMatching(matching: RuleBasedMatching): string[] {
  const rules = matching.MatchingRules ?? []
  return [
    ...(matching.Enabled && rules.length === 0
      ? ["RuleBasedMatching that is enabled needs MatchingRules."]
      : []),
    ...(rules.length > mostRules ? [`MatchingRules has ${rules.length} rules; at most ${mostRules}.`] : []),
    ...rules.flatMap(({ Rule }, at) => mistakesInRule(Rule, at + 1)),
    ...mistakesInLevels(matching, rules.length),
    ...mistakesInSelector(matching.AttributeTypesSelector),
    ...mistakesInResolution(matching.ConflictResolution),
  ]
}

function mistakesInRule(rule: readonly string[], level: number): string[] {
  const unknown = rule.filter((name) => !ruleAttributes.has(name) && !customAttribute.test(name))
  const twice = rule.filter((name, at) => rule.indexOf(name) !== at)
  return [
    ...(rule.length === 0 ? [`The rule of level ${level} names no attribute.`] : []),
    ...(rule.length > mostAttributes
      ? [`The rule of level ${level} names ${rule.length} attributes; at most ${mostAttributes}.`]
      : []),
    ...unknown.map(
      (name) => `The rule of level ${level} names ${name}, by which profiles cannot be matched.`,
    ),
    ...twice.map((name) => `The rule of level ${level} names ${name} twice.`),
  ]
}

function mistakesInLevels(matching: RuleBasedMatching, rules: number): string[] {
  const { MaxAllowedRuleLevelForMatching: most, MaxAllowedRuleLevelForMerging: merging } = matching
  const mistakes = Object.entries({
    MaxAllowedRuleLevelForMatching: most,
    MaxAllowedRuleLevelForMerging: merging,
  }).flatMap(([name, level]) =>
    level === undefined || (Number.isInteger(level) && level >= 1 && level <= mostRules)
      ? []
      : [`${name} is a whole number from 1 to ${mostRules}.`],
  )
  if (mistakes.length > 0 || rules === 0) return mistakes
  if (merging !== undefined && merging > matchingLevel(matching))
    return ["MaxAllowedRuleLevelForMerging is greater than the level up to which profiles are matched."]
  return []
}

function mistakesInSelector(selector: AttributeTypesSelector | undefined): string[] {
  if (selector === undefined) return []
  return (Object.keys(fieldsOfTypes) as AttributeType[]).flatMap((type) => {
    const named = (selector[type] ?? []).map(fieldOf)
    const known: readonly string[] = fieldsOfTypes[type]
    const isTwice = new Set(named).size < named.length
    return [
      ...(named.length > mostFields[type]
        ? [`AttributeTypesSelector.${type} names ${named.length} fields; at most ${mostFields[type]}.`]
        : []),
      ...(isTwice ? [`AttributeTypesSelector.${type} names a field twice.`] : []),
      ...named
        .filter((name) => !known.includes(name))
        .map((name) => `AttributeTypesSelector.${type} names ${name}; it may name ${known.join(", ")}.`),
    ]
  })
}

export function mistakesInResolution(resolution: ConflictResolution | undefined): string[] {
  if (resolution === undefined) return []
  const { ConflictResolvingModel: model, SourceName: source } = resolution
  if (model === "SOURCE" && source === undefined)
    return ["ConflictResolution by SOURCE needs SourceName, an object type."]
  if (model === "RECENCY" && source !== undefined)
    return ["ConflictResolution by RECENCY takes no SourceName."]
  return []
}

/** The last level by which profiles are matched. */
export function matchingLevel(matching: RuleBasedMatching): number {
  const rules = matching.MatchingRules?.length ?? 0
  return Math.min(rules, matching.MaxAllowedRuleLevelForMatching ?? rules)
}

/** The last level by which profiles are merged; a domain that names none merges nothing. */
export function mergingLevel(matching: RuleBasedMatching): number {
  return Math.min(matchingLevel(matching), matching.MaxAllowedRuleLevelForMerging ?? 0)
}
