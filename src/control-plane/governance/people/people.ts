import { isPermission, permissions as knownPermissions } from "../../../domain/api-key.ts"
import { Fault } from "../../../domain/faults.ts"
import { type Attributes, attributesOf, groupAttributesOf } from "../../../state/governance/attributes.ts"
import { type GroupRecord, groupsOfPeople } from "../../../state/governance/groups.ts"
import {
  insertPerson,
  type PersonOrder,
  type PersonRecord,
  type PersonSearch,
  patchPerson,
  personByName,
  removePerson,
  searchPeople,
} from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import { type Changed, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { checkedIam, checkedName } from "../names.ts"

/** A directory and a user id in it. */
export interface PersonName {
  iamId: string
  userId: string
}

/** A person with what others give the person. */
export interface PersonDetail {
  person: PersonRecord
  /** The person's own. */
  own: Attributes
  /** With those of the groups. */
  attributes: Attributes
  groups: GroupRecord[]
}

/** As given: every member is kept, and none means anything here. */
export type Profile = Record<string, unknown>

export interface ProfileInput {
  profile: Profile
  /** The account that the profile maps to warehouses; null: none, undefined: what was. */
  account?: string | null | undefined
}

/** The directory of people who are made here. (Fact) */
export const builtInIam = "bim"

/** The account by which warehouses know a person: what is mapped, or the user id; in lower case, as warehouses fold names. (Fact) */
function warehouseUserOf(userId: string, account: string | null | undefined): string {
  return checkedName("warehouse account", account ?? userId).toLowerCase()
}

/** @throws Fault validation, conflictingOperation */
export async function createPerson(
  store: GovernanceStore,
  input: PersonName &
    ProfileInput & { permissions?: readonly string[]; scim?: object | undefined; isDisabled?: boolean },
): Promise<Changed<PersonDetail>> {
  const iamId = checkedIam(input.iamId)
  const userId = checkedName("user id", input.userId)
  const account = warehouseUserOf(userId, input.account)
  const permissions = checkedPermissions(input.permissions ?? [])
  return refusingClashes(
    (constraint) => clashOf(constraint, userId, account),
    () =>
      store.change(async (change) => {
        const person = await insertPerson(change, {
          iamId,
          userId,
          warehouseUser: account,
          isDisabled: input.isDisabled === true,
          permissions,
          profile: input.profile,
          scim: input.scim,
        })
        const output = { person, own: new Map(), attributes: new Map(), groups: [] }
        return { output, resource: resourceOf(person), before: undefined, after: shownPerson(output) }
      }),
  )
}

function clashOf(constraint: string, userId: string, account: string): string | undefined {
  switch (constraint) {
    case "governed_people_user":
      return `There is a user ${userId} already.`
    case "governed_people_warehouse_user":
      return `The warehouse account ${account} belongs to another user: map one of them to another account in the profile.`
  }
  return undefined
}

/** @throws Fault resourceNotFound */
export function getPerson(store: GovernanceStore, name: PersonName): Promise<PersonDetail> {
  return store.read(async (db) => detailOf(db, await foundPerson(db, name)))
}

export function listPeople(
  store: GovernanceStore,
  search: PersonSearch,
  page: PageInput & { order: PersonOrder },
): Promise<{ people: PersonDetail[]; count: number }> {
  return store.read(async (db) => {
    const { people, count } = await searchPeople(db, search, page)
    return { people: await detailsOf(db, people), count }
  })
}

/** From now on the person sees nothing, and is forgotten. @throws Fault resourceNotFound */
export function deletePerson(store: GovernanceStore, name: PersonName): Promise<Changed<PersonRecord>> {
  return store.change(async (change) => {
    const person = await foundPerson(change.db, name)
    const before = shownPerson(await detailOf(change.db, person))
    await removePerson(change, person.id)
    return { output: person, resource: resourceOf(person), before, after: undefined }
  })
}

/** @throws Fault resourceNotFound */
export function disablePerson(
  store: GovernanceStore,
  name: PersonName,
  { isDisabled }: { isDisabled: boolean },
): Promise<Changed<PersonDetail>> {
  return changedPerson(store, name, () => ({ isDisabled }))
}

/** Members that are given replace those that are there. @throws Fault validation, resourceNotFound, conflictingOperation */
export function setProfile(
  store: GovernanceStore,
  name: PersonName,
  { profile: given, account }: ProfileInput,
): Promise<Changed<PersonDetail>> {
  return changedPerson(store, name, ({ userId, profile }) => ({
    profile: { ...profile, ...given },
    ...(account !== undefined && { warehouseUser: warehouseUserOf(userId, account) }),
  }))
}

/** @throws Fault validation, resourceNotFound */
export function setPermissions(
  store: GovernanceStore,
  name: PersonName,
  change: (permissions: readonly string[]) => readonly string[],
): Promise<Changed<PersonDetail>> {
  return changedPerson(store, name, ({ permissions }) => ({
    permissions: checkedPermissions(change(permissions)),
  }))
}

/** What `patchOf` makes of the person. @throws Fault resourceNotFound, conflictingOperation, what `patchOf` throws */
export async function changedPerson(
  store: GovernanceStore,
  name: PersonName,
  patchOf: (person: PersonRecord) => Parameters<typeof patchPerson>[2],
): Promise<Changed<PersonDetail>> {
  let wanted = { userId: name.userId, account: "" }
  return refusingClashes(
    (constraint) => clashOf(constraint, wanted.userId, wanted.account),
    () =>
      store.change(async (change) => {
        const person = await foundPerson(change.db, name)
        const before = shownPerson(await detailOf(change.db, person))
        const patch = patchOf(person)
        wanted = {
          userId: patch.userId ?? person.userId,
          account: patch.warehouseUser ?? person.warehouseUser,
        }
        const changed = await patchPerson(change, person.id, patch)
        const output = await detailOf(change.db, changed ?? person)
        return { output, resource: resourceOf(person), before, after: shownPerson(output) }
      }),
  )
}

/** @throws Fault resourceNotFound */
export async function foundPerson(db: Db, { iamId, userId }: PersonName): Promise<PersonRecord> {
  const person = await personByName(db, iamId, userId)
  if (person === undefined) throw notFound(`user of ${iamId}`, userId)
  return person
}

/**
 * The person as whom a key acts: the one of its name, made here or, where only one directory has the name, from there.
 * Undefined: the key is nobody's.
 */
export async function personOfKey(db: Db, keyName: string): Promise<PersonRecord | undefined> {
  const own = await personByName(db, builtInIam, keyName)
  if (own !== undefined) return own
  const { people } = await searchPeople(
    db,
    { exactUserId: keyName, includesDisabled: true },
    { offset: 0, size: 2, isDescending: false, order: "iamid" },
  )
  return people.length === 1 ? people[0] : undefined
}

/** @throws Fault accessDenied: the key is nobody's, or its person is disabled */
export async function actingPerson(db: Db, keyName: string): Promise<PersonRecord> {
  const person = await personOfKey(db, keyName)
  if (person !== undefined && !person.isDisabled) return person
  throw new Fault(
    "accessDenied",
    `This call acts for a person: make a user with the user id ${keyName}, the name of the API key, or use that person's key.`,
  )
}

export async function detailOf(db: Db, person: PersonRecord): Promise<PersonDetail> {
  const [detail] = await detailsOf(db, [person])
  if (detail === undefined) throw new Error("a person without detail")
  return detail
}

async function detailsOf(db: Db, people: readonly PersonRecord[]): Promise<PersonDetail[]> {
  const ids = people.map(({ id }) => id)
  const own = await attributesOf(db, "person", ids)
  const ofGroups = await groupAttributesOf(db, ids)
  const groups = await groupsOfPeople(db, ids)
  return people.map((person) => {
    const mine = own.get(person.id) ?? new Map<string, string[]>()
    const attributes = merged(mine, ofGroups.get(person.id) ?? new Map<string, string[]>())
    return { person, own: mine, attributes, groups: groups.get(person.id) ?? [] }
  })
}

function merged(a: Attributes, b: Attributes): Attributes {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort()
  return new Map(
    names.map((name) => [name, [...new Set([...(a.get(name) ?? []), ...(b.get(name) ?? [])])].sort()]),
  )
}

/** As the audit trail keeps it. */
export function shownPerson({ person, own, groups }: PersonDetail): object {
  return {
    userid: person.userId,
    iamid: person.iamId,
    warehouseUser: person.warehouseUser,
    disabled: person.isDisabled,
    permissions: person.permissions,
    profile: person.profile,
    attributes: Object.fromEntries(own),
    groups: groups.map(({ name }) => name),
  }
}

function resourceOf({ iamId, userId }: PersonName): string {
  return `user ${iamId}/${userId}`
}

/** Each once, in the order given. @throws Fault validation */
function checkedPermissions(given: readonly string[]): string[] {
  const unknown = given.find((one) => !isPermission(one))
  if (unknown === undefined) return [...new Set(given)]
  throw new Fault(
    "validation",
    `There is no permission ${unknown}; there are ${knownPermissions.join(", ")}.`,
  )
}
