import type { Caller } from "../../control-plane/control-plane.ts"
import { requireReader } from "../../control-plane/sql-users/roles.ts"
import type { DomainContents } from "../../state/profiles/profile-store.ts"
import type { ContentType, KeyPair, ObjectTypeRecord, ProfileRecord } from "../../state/profiles/records.ts"
import { profileIdKey } from "../ingest/attach.ts"
import { comparable, keyValue } from "../mapping/comparable-values.ts"
import { mappingLibraries } from "../mapping/libraries.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"
import { reservedContentTypes } from "./own-keys.ts"

/** Any of the values. */
export interface SearchKey {
  name: string
  /** As people write them; the parts of a key of several fields are joined by `|`. */
  values: readonly string[]
}

export interface SearchInput extends PageAsked {
  domain: string
  keys: readonly SearchKey[]
  /** Whether a profile must have all of the keys, or any. */
  operator: "AND" | "OR"
}

/** Profiles by their keys, in the order of their ids. @throws Fault accessDenied, resourceNotFound */
export async function searchProfiles(
  { store }: ProfilePlane,
  caller: Caller,
  { domain, keys, operator, after, limit }: SearchInput,
): Promise<PageFound<ProfileRecord>> {
  requireReader(caller, "read customer profiles")
  const contents = await store.read(domain)
  const types = await contents.types.all()
  const groups = await Promise.all(keys.map((key) => wantedOf(contents, types, key)))
  const ids = await contents.keys.search(operator === "AND" ? groups : [groups.flat()], {
    after,
    limit: limit + 1,
  })
  const page = pageFound(ids, limit, (id) => id)
  return { items: await contents.profiles.find(page.items), next: page.next }
}

async function wantedOf(
  contents: DomainContents,
  types: readonly ObjectTypeRecord[],
  { name, values }: SearchKey,
): Promise<(KeyPair | { profile: string })[]> {
  if (name === profileIdKey) {
    const ids = values.filter((value) => /^[a-f0-9]{32}$/.test(value))
    return [...(await contents.profiles.existing(ids))].map((profile) => ({ profile }))
  }
  return await wantedPairs(types, { name, values })
}

/** The key in every form in which objects of these types may have it. */
export async function wantedPairs(
  types: readonly ObjectTypeRecord[],
  { name, values }: SearchKey,
): Promise<KeyPair[]> {
  const libraries = await mappingLibraries()
  const forms = formsOf(types, name)
  const texts = new Set(
    values.flatMap((value) =>
      forms.map((form) => {
        if (form.length === 1) return keyValue([comparable(libraries, value, form[0] ?? "STRING")])
        return keyValue(value.split("|").map((part, at) => comparable(libraries, part, form[at] ?? "STRING")))
      }),
    ),
  )
  return [...texts].map((value) => ({ name, value }))
}

/** How values of a key of this name are compared: a list of content types for each definition that there is. */
function formsOf(types: readonly ObjectTypeRecord[], name: string): ContentType[][] {
  const forms = types.flatMap(({ fields, keys }) =>
    (keys[name] ?? []).map(({ fieldNames }) =>
      fieldNames.map((field): ContentType => fields[field]?.contentType ?? "STRING"),
    ),
  )
  const reserved = reservedContentTypes.get(name)
  const all = [...forms, [reserved ?? "STRING"]]
  return [...new Map(all.map((form) => [form.join(), form])).values()]
}
