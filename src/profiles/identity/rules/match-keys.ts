import { createHash } from "node:crypto"
import type { ComparePhone } from "../comparable-phone.ts"
import { type Comparable, comparableText, type ProfileFields } from "../comparable-values.ts"
import { type AttributeType, fieldOf, fieldsOfTypes, type RuleBasedMatching } from "./matching-rules.ts"

/** What a profile holds of one level's attributes: two profiles match by the level's rule if they have a key in common. */
export interface MatchKey {
  level: number
  /** 32 hexadecimal digits: a digest of the level and the values, in the order of the rule. */
  key: string
}

/** Where an attribute's value is in a profile, and the word that tells it from others of its type when types are compared one to one. */
interface Place {
  word: string
  value: Comparable
}

/**
 * All keys of a profile, for each level up to `levels`. A profile without a value for one of a rule's attributes has no key of that level.
 *
 * Attributes of the type Address are taken from one address at a time: a city and a postal code agree only if they stand in the same
 * address of a profile.
 */
export function matchKeysOf(
  profile: ProfileFields,
  { matching, levels, comparePhone }: MatchRules,
): MatchKey[] {
  const reading = { profile, matching, comparePhone }
  return (matching.MatchingRules ?? []).slice(0, levels).flatMap(({ Rule }, at) => {
    const level = at + 1
    return tuplesOf(reading, Rule).map((tuple) => ({ level, key: digestOf(level, tuple) }))
  })
}

/** Rules, and up to which level they are asked. */
export interface MatchRules {
  matching: RuleBasedMatching
  levels: number
  comparePhone: ComparePhone
}

interface Reading extends Omit<MatchRules, "levels"> {
  profile: ProfileFields
}

function digestOf(level: number, tuple: readonly string[]): string {
  return createHash("md5")
    .update(JSON.stringify([level, ...tuple]))
    .digest("hex")
}

/** One for each choice of fields among those of each type; equal ones once. */
function tuplesOf(reading: Reading, rule: readonly string[]): string[][] {
  let tuples: string[][] = [[]]
  for (const choices of choicesOf(reading, rule)) {
    tuples = tuples.flatMap((tuple) => choices.map((choice) => [...tuple, ...choice]))
    if (tuples.length === 0) return []
  }
  const different = new Map(tuples.map((tuple) => [JSON.stringify(tuple), tuple]))
  return [...different.values()]
}

/** For each attribute of the rule, and for all of the type Address together: what the profile has for it. */
function choicesOf(reading: Reading, rule: readonly string[]): string[][][] {
  const parts = rule.filter((name) => name.startsWith("Address.")).map((name) => name.slice(8))
  const others = rule.filter((name) => !name.startsWith("Address."))
  return [
    ...(parts.length === 0 ? [] : [addressesOf(reading, parts)]),
    ...others.map((name) => placesOf(reading, name).flatMap(wordsOf)),
  ]
}

function wordsOf({ word, value }: Place): string[][] {
  return value === undefined ? [] : [[word, value]]
}

function placesOf(reading: Reading, name: string): Place[] {
  if (name === "PhoneNumber") return ofType(reading, name, reading.comparePhone)
  if (name === "EmailAddress") return ofType(reading, name, comparableText)
  return [{ word: name, value: comparableText(reading.profile[name]) }]
}

function ofType(
  { profile, matching }: Reading,
  type: AttributeType,
  compared: (value: string | undefined) => Comparable,
): Place[] {
  return selected(type, matching).map((field) => ({
    word: wordOf(type, field, matching),
    value: compared(profile[field]),
  }))
}

function addressesOf({ profile, matching }: Reading, parts: readonly string[]): string[][] {
  return selected("Address", matching).flatMap((field) => {
    const values = parts.map((part) => comparableText(partOf(profile, field, part)))
    const known = values.filter((value) => value !== undefined)
    return known.length < parts.length ? [] : [[wordOf("Address", field, matching), ...known]]
  })
}

/** The street is written in up to four lines; where it is broken does not matter. */
function partOf(profile: ProfileFields, address: string, part: string): string | undefined {
  if (part !== "Address") return profile[`${address}.${part}`]
  return ["Address1", "Address2", "Address3", "Address4"]
    .flatMap((line) => profile[`${address}.${line}`] ?? [])
    .join(" ")
}

function selected(type: AttributeType, { AttributeTypesSelector: selector }: RuleBasedMatching): string[] {
  const named = selector?.[type]?.map(fieldOf)
  return named === undefined || named.length === 0 ? [fieldsOfTypes[type][0]] : named
}

function wordOf(type: AttributeType, field: string, matching: RuleBasedMatching): string {
  return matching.AttributeTypesSelector?.AttributeMatchingModel === "MANY_TO_MANY" ? type : field
}
