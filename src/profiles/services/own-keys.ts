import type { HeldKey } from "../../state/profiles/key-rows.ts"
import {
  byPeople,
  type ContentType,
  type KeyPair,
  keyHolder,
  type ProfileRecord,
} from "../../state/profiles/records.ts"
import { comparable, keyValue } from "../mapping/comparable-values.ts"
import type { MappingLibraries } from "../mapping/libraries.ts"

/** Reserved search keys that values of the profile itself have. (Source: the service's administrator guide, "key definitions".) */
const keysOfFields: ReadonlyMap<string, { name: string; contentType: ContentType }> = new Map([
  ["AccountNumber", { name: "_account", contentType: "STRING" }],
  ["EmailAddress", { name: "_email", contentType: "EMAIL_ADDRESS" }],
  ["PersonalEmailAddress", { name: "_email", contentType: "EMAIL_ADDRESS" }],
  ["BusinessEmailAddress", { name: "_email", contentType: "EMAIL_ADDRESS" }],
  ["PhoneNumber", { name: "_phone", contentType: "PHONE_NUMBER" }],
  ["MobilePhoneNumber", { name: "_phone", contentType: "PHONE_NUMBER" }],
  ["HomePhoneNumber", { name: "_phone", contentType: "PHONE_NUMBER" }],
  ["BusinessPhoneNumber", { name: "_phone", contentType: "PHONE_NUMBER" }],
])

/** How values of reserved keys are compared, whatever the object types say. */
export const reservedContentTypes: ReadonlyMap<string, ContentType> = new Map([
  ["_fullName", "NAME"],
  ...[...keysOfFields.values()].map(({ name, contentType }) => [name, contentType] as const),
])

/** The keys that a profile has by values which people set. Those of objects come from the keys of their types only. */
export function ownKeys(
  libraries: MappingLibraries,
  { id, fields, provenance }: Pick<ProfileRecord, "id" | "fields" | "provenance">,
): HeldKey[] {
  const isOwn = (path: string) => provenance[path]?.[0] === byPeople
  const pairs = new Map<string, KeyPair>()
  const add = (name: string, contentType: ContentType, text: string) => {
    const value = keyValue([comparable(libraries, text, contentType)])
    pairs.set(`${name}\n${value}`, { name, value })
  }
  for (const [path, text] of Object.entries(fields)) {
    const key = keysOfFields.get(path)
    if (key !== undefined && isOwn(path)) add(key.name, key.contentType, text)
  }
  const names = ["FirstName", "LastName"].flatMap((path) => (isOwn(path) ? (fields[path] ?? []) : []))
  if (names.length === 2) add("_fullName", "NAME", names.join(" "))
  return [...pairs.values()].map((pair) => ({ ...pair, profile: id, holder: keyHolder.valuesByPeople }))
}
