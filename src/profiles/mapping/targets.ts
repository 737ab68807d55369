/** Where a field's value goes. */
export type Target =
  | { kind: "profile"; path: string; charactersAtMost: number }
  /** `object`: `_order`, `_asset`, `_case`, … */
  | { kind: "standard"; object: string; path: string; charactersAtMost: number }

const usualCharacters = 255
const longFields = new Map([["AdditionalInformation", 1_000]])

const texts = [
  "AccountNumber",
  "AdditionalInformation",
  "PartyType",
  "PartyTypeString",
  "BusinessName",
  "FirstName",
  "MiddleName",
  "LastName",
  "BirthDate",
  "Gender",
  "GenderString",
  "PhoneNumber",
  "MobilePhoneNumber",
  "HomePhoneNumber",
  "BusinessPhoneNumber",
  "EmailAddress",
  "PersonalEmailAddress",
  "BusinessEmailAddress",
  "ProfileType",
] as const

export const addressFields = ["Address", "ShippingAddress", "MailingAddress", "BillingAddress"] as const

export const addressParts = [
  "Address1",
  "Address2",
  "Address3",
  "Address4",
  "City",
  "County",
  "State",
  "Province",
  "Country",
  "PostalCode",
] as const

/** Paths of the standard profile, without `Attributes.*`. (Source: Profile of the customer-profiles service model.) */
export const profilePaths: ReadonlySet<string> = new Set([
  ...texts,
  ...addressFields.flatMap((address) => addressParts.map((part) => `${address}.${part}`)),
])

const attribute = /^Attributes\.[a-zA-Z0-9]+(?:[ _-]+[a-zA-Z0-9]+)*$/
const standard = /^(_[a-zA-Z]+)\.([a-zA-Z0-9]+(?:[._ -][a-zA-Z0-9]+)*)$/

/** Standard objects beside the profile that a type may fill. */
export const standardObjectKinds = [
  "_asset",
  "_case",
  "_order",
  "_communicationRecord",
  "_airBooking",
  "_airPreference",
  "_airSegment",
  "_hotelPreference",
  "_hotelReservation",
  "_hotelStayRevenue",
  "_loyalty",
  "_loyaltyTransaction",
  "_loyaltyPromotion",
  "_webAnalytics",
  "_device",
] as const

/** Undefined: nothing of that name can be filled. */
export function targetOf(target: string): Target | undefined {
  const [object = "", ...more] = target.split(".")
  const path = more.join(".")
  if (object === "_profile") {
    if (!profilePaths.has(path) && !isAttribute(path)) return undefined
    return { kind: "profile", path, charactersAtMost: longFields.get(path) ?? usualCharacters }
  }
  if (!standardObjectKinds.some((kind) => kind === object) || !standard.test(target)) return undefined
  return { kind: "standard", object, path, charactersAtMost: 1_000 }
}

/** The longest part of the pattern is bounded first: it meets what people send. */
function isAttribute(path: string): boolean {
  return path.length <= "Attributes.".length + usualCharacters && attribute.test(path)
}
