import type { ComparePhone } from "../comparable-phone.ts"
import { comparableText, type ProfileFields } from "../comparable-values.ts"
import { fieldsOfTypes } from "../rules/matching-rules.ts"
import { similarity } from "./similarity.ts"

/** What batch matching compares of a profile. Made once for each profile, since a profile is compared with many. */
export interface Traits {
  emails: ReadonlySet<string>
  phones: ReadonlySet<string>
  /** Street and postal code. */
  addresses: ReadonlySet<string>
  /** First, middle and last name. */
  name: string | undefined
  birthDate: string | undefined
}

/** Of each trait; their sum is 1. */
const weights = { emails: 0.35, phones: 0.25, name: 0.2, birthDate: 0.1, addresses: 0.1 } as const

/** Below it two profiles are no match. */
export const leastConfidence = 0.5

export function traitsOf(profile: ProfileFields, comparePhone: ComparePhone): Traits {
  const name = ["FirstName", "MiddleName", "LastName"].flatMap(
    (field) => comparableText(profile[field]) ?? [],
  )
  return {
    emails: valuesOf(profile, fieldsOfTypes.EmailAddress, comparableText),
    phones: valuesOf(profile, fieldsOfTypes.PhoneNumber, comparePhone),
    addresses: new Set(fieldsOfTypes.Address.flatMap((field) => addressOf(profile, field) ?? [])),
    name: name.length === 0 ? undefined : name.join(" "),
    birthDate: comparableText(profile.BirthDate),
  }
}

/**
 * How surely two profiles are of one person, from 0 to 1: the agreement of each trait that both have (1 for a common e-mail address, phone
 * number, address or birth date, else 0; for names how much of the letters is equal), weighted. A trait that one of them lacks says
 * nothing and does not count. Profiles without a common trait: 0.
 */
export function confidenceOf(a: Traits, b: Traits): number {
  const agreements = [
    { weight: weights.emails, agreement: overlap(a.emails, b.emails) },
    { weight: weights.phones, agreement: overlap(a.phones, b.phones) },
    { weight: weights.addresses, agreement: overlap(a.addresses, b.addresses) },
    { weight: weights.name, agreement: both(a.name, b.name, similarity) },
    { weight: weights.birthDate, agreement: both(a.birthDate, b.birthDate, (x, y) => Number(x === y)) },
  ].flatMap(({ weight, agreement }) => (agreement === undefined ? [] : [{ weight, agreement }]))
  const possible = agreements.reduce((sum, { weight }) => sum + weight, 0)
  if (possible === 0) return 0
  const reached = agreements.reduce((sum, { weight, agreement }) => sum + weight * agreement, 0)
  return Math.round((reached / possible) * 10_000) / 10_000
}

/** Two profiles are compared if they have one of these in common: all pairs of a domain would be too many. */
export function blocksOf({ emails, phones, addresses, name, birthDate }: Traits): string[] {
  return [
    ...[...emails].map((one) => `e ${one}`),
    ...[...phones].map((one) => `p ${one}`),
    ...[...addresses].map((one) => `a ${one}`),
    ...(name !== undefined && birthDate !== undefined ? [`b ${birthDate} ${name.slice(0, 1)}`] : []),
  ]
}

function valuesOf(
  profile: ProfileFields,
  fields: readonly string[],
  compared: (value: string | undefined) => string | undefined,
): Set<string> {
  return new Set(fields.flatMap((field) => compared(profile[field]) ?? []))
}

function addressOf(profile: ProfileFields, field: string): string | undefined {
  const street = ["Address1", "Address2"].flatMap((line) => comparableText(profile[`${field}.${line}`]) ?? [])
  const code = comparableText(profile[`${field}.PostalCode`])
  return street.length === 0 || code === undefined ? undefined : `${street.join(" ")}, ${code}`
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number | undefined {
  if (a.size === 0 || b.size === 0) return undefined
  return [...a].some((one) => b.has(one)) ? 1 : 0
}

function both<T>(a: T | undefined, b: T | undefined, compare: (a: T, b: T) => number): number | undefined {
  return a === undefined || b === undefined ? undefined : compare(a, b)
}
