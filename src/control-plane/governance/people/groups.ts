import type { Attributes } from "../../../state/governance/attributes.ts"
import { attributesOf } from "../../../state/governance/attributes.ts"
import {
  addMember,
  type GroupFields,
  type GroupOrder,
  type GroupPatch,
  type GroupRecord,
  type GroupSearch,
  groupById,
  groupByName,
  insertGroup,
  type Membership,
  membershipById,
  membershipsOf,
  membersPage,
  patchGroup,
  removeGroup,
  removeMember,
  searchGroups,
} from "../../../state/governance/groups.ts"
import { type PersonRecord, personById } from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { checkedIam, checkedName } from "../names.ts"
import { foundPerson, type PersonName } from "./people.ts"

export interface GroupDetail {
  group: GroupRecord
  attributes: Attributes
}

export interface Member {
  membership: Membership
  person: PersonRecord
}

type GroupInput = Pick<GroupFields, "iamId" | "name"> & Partial<GroupFields>

/** @throws Fault validation, conflictingOperation */
export function createGroup(store: GovernanceStore, input: GroupInput): Promise<Changed<GroupDetail>> {
  const { gid, email, description, scim } = input
  const iamId = checkedIam(input.iamId)
  const name = checkedName("group's name", input.name)
  return refusingClashes(clashOf(name), () =>
    store.change(async (change) => {
      const group = await insertGroup(change, { iamId, name, gid, email, description, scim })
      const output = { group, attributes: new Map() }
      return { output, resource: resourceOf(group), before: undefined, after: shownGroup(output) }
    }),
  )
}

function clashOf(name: string) {
  return (constraint: string) =>
    constraint === "governed_groups_name" ? `There is a group ${name} already.` : undefined
}

/** @throws Fault resourceNotFound */
export function getGroup(store: GovernanceStore, id: number): Promise<GroupDetail> {
  return store.read(async (db) => groupDetail(db, await foundGroup(db, id)))
}

export function listGroups(
  store: GovernanceStore,
  search: GroupSearch,
  page: PageInput & { order: GroupOrder },
): Promise<{ groups: GroupDetail[]; count: number }> {
  return store.read(async (db) => {
    const { groups, count } = await searchGroups(db, search, page)
    const attributes = await attributesOf(
      db,
      "group",
      groups.map(({ id }) => id),
    )
    return {
      groups: groups.map((group) => ({ group, attributes: attributes.get(group.id) ?? new Map() })),
      count,
    }
  })
}

/** @throws Fault validation, resourceNotFound, conflictingOperation */
export function updateGroup(
  store: GovernanceStore,
  id: number,
  patch: GroupPatch,
): Promise<Changed<GroupDetail>> {
  if (patch.name !== undefined) checkedName("group's name", patch.name)
  return refusingClashes(clashOf(patch.name ?? ""), () =>
    changedGroup(store, id, async (change, group) => {
      await patchGroup(change, group.id, patch)
    }),
  )
}

/** With its attributes and subscriptions: its members no longer have them. @throws Fault resourceNotFound */
export function deleteGroup(store: GovernanceStore, id: number): Promise<Changed<GroupRecord>> {
  return store.change(async (change) => {
    const group = await foundGroup(change.db, id)
    const before = shownGroup(await groupDetail(change.db, group))
    await removeGroup(change, id)
    return { output: group, resource: resourceOf(group), before, after: undefined }
  })
}

/** Repeatable. @throws Fault resourceNotFound */
export function addToGroup(
  store: GovernanceStore,
  groupId: number,
  name: PersonName,
): Promise<Changed<Membership>> {
  return store.change(async (change) => {
    const group = await foundGroup(change.db, groupId)
    const person = await foundPerson(change.db, name)
    await addMember(change, groupId, person.id)
    const all = await membershipsOf(change.db, { personId: person.id })
    const output = all.find((one) => one.groupId === groupId)
    if (output === undefined) throw new Error("a membership that was just made is missing")
    const after = { group: group.name, member: `${person.iamId}/${person.userId}` }
    return { output, resource: resourceOf(group), before: undefined, after }
  })
}

/** `membershipId`: of the list of members. @throws Fault resourceNotFound */
export function takeFromGroup(
  store: GovernanceStore,
  groupId: number,
  membershipId: number,
): Promise<Changed<Membership>> {
  return store.change(async (change) => {
    const group = await foundGroup(change.db, groupId)
    const membership = await membershipById(change.db, membershipId)
    if (membership?.groupId !== groupId)
      throw notFound(`member of group ${group.name} with the id`, membershipId)
    const person = await personById(change.db, membership.personId)
    await removeMember(change, groupId, membership.personId)
    const before = { group: group.name, member: `${person?.iamId}/${person?.userId}` }
    return { output: membership, resource: resourceOf(group), before, after: undefined }
  })
}

/** @throws Fault resourceNotFound */
export function listMembers(
  store: GovernanceStore,
  groupId: number,
  page: PageInput,
): Promise<{ members: Member[]; count: number }> {
  return store.read(async (db) => {
    await foundGroup(db, groupId)
    const { members, count } = await membersPage(db, groupId, page)
    const found: Member[] = []
    for (const membership of members) {
      const person = await personById(db, membership.personId)
      if (person !== undefined) found.push({ membership, person })
    }
    return { members: found, count }
  })
}

/** What `run` makes of the group. @throws Fault resourceNotFound, what `run` throws */
export function changedGroup(
  store: GovernanceStore,
  id: number,
  run: (change: Change, group: GroupRecord) => Promise<void>,
): Promise<Changed<GroupDetail>> {
  return store.change(async (change) => {
    const group = await foundGroup(change.db, id)
    const before = shownGroup(await groupDetail(change.db, group))
    await run(change, group)
    const output = await groupDetail(change.db, await foundGroup(change.db, id))
    return { output, resource: resourceOf(group), before, after: shownGroup(output) }
  })
}

/** @throws Fault resourceNotFound */
export async function foundGroup(db: Db, id: number): Promise<GroupRecord> {
  const group = await groupById(db, id)
  if (group === undefined) throw notFound("group", id)
  return group
}

/** By its id, or by its name in the directory. @throws Fault resourceNotFound */
export async function namedGroup(db: Db, iamId: string, idOrName: string): Promise<GroupRecord> {
  const byName = await groupByName(db, iamId, idOrName)
  if (byName !== undefined) return byName
  const byId = /^\d{1,9}$/.test(idOrName) ? await groupById(db, Number(idOrName)) : undefined
  if (byId?.iamId === iamId) return byId
  throw notFound(`group of ${iamId}`, idOrName)
}

async function groupDetail(db: Db, group: GroupRecord): Promise<GroupDetail> {
  const attributes = await attributesOf(db, "group", [group.id])
  return { group, attributes: attributes.get(group.id) ?? new Map() }
}

/** As the audit trail keeps it. */
function shownGroup({ group, attributes }: GroupDetail): object {
  const { iamId, name, gid, email, description } = group
  return { name, iamid: iamId, gid, email, description, attributes: Object.fromEntries(attributes) }
}

function resourceOf({ iamId, name }: GroupRecord): string {
  return `group ${iamId}/${name}`
}
