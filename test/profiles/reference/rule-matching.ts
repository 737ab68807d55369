/**
 * Rule-based matching once more, without keys, digests and sets: every profile is compared with every other, attribute by attribute, as
 * the published description says it. What a rule compares is written down anew here, so that a mistake in the product's list of values
 * shows.
 */
import type { RuleBasedMatching } from "../../../src/profiles/identity/rules/matching-rules.ts"

export interface ReferenceProfile {
  id: string
  fields: Readonly<Record<string, string | undefined>>
}

const typeFields: Record<string, string> = {
  Address: "Address",
  PhoneNumber: "PhoneNumber",
  EmailAddress: "EmailAddress",
}

/** Sets of two and more profiles that are linked, directly or by others, by a rule up to `level`; in the order of the profiles. */
export function referenceGroups(
  profiles: readonly ReferenceProfile[],
  matching: RuleBasedMatching,
  level: number,
): string[][] {
  const groupOf = profiles.map((_, at) => at)
  for (const [a, one] of profiles.entries())
    for (const [b, other] of profiles.entries()) {
      if (a >= b || !rulesUpTo(matching, level).some((rule) => matches(one, other, rule, matching))) continue
      const [from, to] = [groupOf[b], groupOf[a]]
      for (const [at, group] of groupOf.entries()) if (group === from) groupOf[at] = to ?? at
    }
  const groups = profiles.map((_, at) => profiles.filter((_, of) => groupOf[of] === at).map(({ id }) => id))
  return groups.filter((ids) => ids.length > 1)
}

function rulesUpTo(matching: RuleBasedMatching, level: number) {
  return (matching.MatchingRules ?? []).slice(0, level).map(({ Rule }) => Rule)
}

function matches(
  a: ReferenceProfile,
  b: ReferenceProfile,
  rule: readonly string[],
  matching: RuleBasedMatching,
): boolean {
  const parts = rule.filter((name) => name.startsWith("Address.")).map((name) => name.slice(8))
  const others = rule.filter((name) => !name.startsWith("Address."))
  const sameAddress = pairsOf("Address", matching).some(([x, y]) =>
    parts.every((part) => equal(addressPart(a, x, part), addressPart(b, y, part))),
  )
  return (parts.length === 0 || sameAddress) && others.every((name) => agree(a, b, name, matching))
}

function agree(a: ReferenceProfile, b: ReferenceProfile, name: string, matching: RuleBasedMatching): boolean {
  if (name === "PhoneNumber")
    return pairsOf(name, matching).some(([x, y]) => equal(digits(a.fields[x]), digits(b.fields[y])))
  if (name === "EmailAddress")
    return pairsOf(name, matching).some(([x, y]) => equal(plain(a.fields[x]), plain(b.fields[y])))
  return equal(plain(a.fields[name]), plain(b.fields[name]))
}

/** Which field of one profile is compared with which one of the other. */
function pairsOf(type: "Address" | "PhoneNumber" | "EmailAddress", matching: RuleBasedMatching) {
  const selector = matching.AttributeTypesSelector
  const fields = selector?.[type] ?? [typeFields[type] ?? type]
  const isAny = selector?.AttributeMatchingModel === "MANY_TO_MANY"
  return fields.flatMap((x) => fields.filter((y) => isAny || x === y).map((y): [string, string] => [x, y]))
}

function addressPart({ fields }: ReferenceProfile, address: string, part: string): string {
  if (part !== "Address") return plain(fields[`${address}.${part}`])
  const lines = [1, 2, 3, 4].map((number) => plain(fields[`${address}.Address${number}`]))
  return lines.filter((line) => line !== "").join(" ")
}

function equal(a: string, b: string): boolean {
  return a !== "" && a === b
}

function plain(value: string | undefined): string {
  return (value ?? "").toLowerCase().split(" ").filter(Boolean).join(" ")
}

/** Without the country: the numbers of the tests are of one. */
function digits(value: string | undefined): string {
  return [...plain(value)]
    .filter((letter) => letter >= "0" && letter <= "9")
    .slice(-10)
    .join("")
}
