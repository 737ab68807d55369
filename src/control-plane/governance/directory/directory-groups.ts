import { Fault } from "../../../domain/faults.ts"
import {
  addMember,
  type GroupRecord,
  groupById,
  insertGroup,
  type Membership,
  membershipsOf,
  patchGroup,
  removeGroup,
  removeMember,
} from "../../../state/governance/groups.ts"
import { personById } from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, notFound, refusingClashes } from "../changes.ts"
import { checkedIam, checkedName } from "../names.ts"
import { membersOf, type PatchOperation } from "./directory-record.ts"

/** A group of a directory, with who is in it. */
export interface DirectoryGroup {
  group: GroupRecord
  members: Membership[]
}

const clash = (constraint: string) =>
  constraint === "governed_groups_name" ? "There is a group of this name already." : undefined

/** What a directory says of a group. */
export interface GroupResource {
  displayName: string
  externalId?: string | undefined
  /** Ids of users; undefined: nothing is said. */
  members?: readonly string[] | undefined
}

/** @throws Fault validation, resourceNotFound, conflictingOperation */
export function createDirectoryGroup(
  store: GovernanceStore,
  iamId: string,
  { displayName, externalId, members = [] }: GroupResource,
): Promise<Changed<DirectoryGroup>> {
  const name = checkedName("displayName", displayName)
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const group = await insertGroup(change, {
        iamId: checkedIam(iamId),
        name,
        gid: undefined,
        email: undefined,
        description: undefined,
        scim: { externalId },
      })
      for (const id of members) await add(change, group, id)
      return answer(change.db, group, undefined)
    }),
  )
}

/** Instead of what was (PUT), or by operations (PATCH). @throws Fault validation, resourceNotFound, conflictingOperation */
export function changeDirectoryGroup(
  store: GovernanceStore,
  which: { iamId: string; id: number },
  given: { resource: GroupResource } | { operations: readonly PatchOperation[] },
): Promise<Changed<DirectoryGroup>> {
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const group = await foundDirectoryGroup(change.db, which)
      const before = await answer(change.db, group, undefined)
      if ("resource" in given) await replace(change, group, given.resource)
      else for (const operation of given.operations) await apply(change, group, operation)
      return answer(change.db, await foundDirectoryGroup(change.db, which), before.after)
    }),
  )
}

/** @throws Fault resourceNotFound */
export function deleteDirectoryGroup(
  store: GovernanceStore,
  which: { iamId: string; id: number },
): Promise<Changed<DirectoryGroup>> {
  return store.change(async (change) => {
    const group = await foundDirectoryGroup(change.db, which)
    const { output, resource, after } = await answer(change.db, group, undefined)
    await removeGroup(change, group.id)
    return { output, resource, before: after, after: undefined }
  })
}

/** @throws Fault resourceNotFound: also of a group of another directory */
export async function foundDirectoryGroup(
  db: Db,
  { iamId, id }: { iamId: string; id: number },
): Promise<GroupRecord> {
  const group = await groupById(db, id)
  if (group?.iamId !== iamId) throw notFound(`group of ${iamId} with the id`, id)
  return group
}

async function replace(change: Change, group: GroupRecord, resource: GroupResource): Promise<void> {
  const { displayName, externalId, members } = resource
  await patchGroup(change, group.id, { name: checkedName("displayName", displayName), scim: { externalId } })
  if (members !== undefined) await setMembers(change, group, members)
}

/** As Okta and Entra send them: `members` with a path, in the path, or in an object; names without regard to case. */
async function apply(change: Change, group: GroupRecord, { op, path, value }: PatchOperation): Promise<void> {
  const kind = op.toLowerCase()
  const named = path?.replace(/^urn:ietf:params:scim:schemas:core:2\.0:group:/i, "")
  if (!["add", "replace", "remove"].includes(kind)) {
    throw new Fault("validation", `There is no operation ${op}: there are add, replace and remove.`)
  }
  if (named === undefined) {
    if (kind === "remove") throw new Fault("validation", "An operation remove needs a path.")
    for (const [name, each] of membersOf(value)) await apply(change, group, { op, path: name, value: each })
    return
  }
  const chosen = /^members\[(value eq "[^"]+"(?: or value eq "[^"]+")*)\]$/i.exec(named)?.[1]
  if (chosen !== undefined && kind === "remove") {
    for (const [, id = ""] of chosen.matchAll(/"([^"]+)"/g)) await take(change, group, id)
    return
  }
  switch (named.toLowerCase()) {
    case "members":
      return await applyMembers(change, group, { kind, value })
    case "displayname":
      if (typeof value !== "string") throw new Fault("validation", "displayName is a text.")
      await patchGroup(change, group.id, { name: checkedName("displayName", value) })
      return
    case "externalid":
      await patchGroup(change, group.id, { scim: { externalId: value } })
      return
    case "id":
    case "meta":
    case "schemas":
      return
  }
  throw new Fault("validation", `A group has no ${path} here.`)
}

async function applyMembers(
  change: Change,
  group: GroupRecord,
  { kind, value }: { kind: string; value: unknown },
): Promise<void> {
  const ids = value === undefined ? undefined : idsIn(value)
  if (kind === "replace") return setMembers(change, group, ids ?? [])
  if (kind === "add") {
    for (const id of ids ?? []) await add(change, group, id)
    return
  }
  // Without a value: everyone.
  if (ids === undefined) return setMembers(change, group, [])
  for (const id of ids) await take(change, group, id)
}

/** @throws Fault validation */
export function idsIn(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.map((one) => {
    if (typeof one === "object" && one !== null && "value" in one && typeof one.value === "string")
      return one.value
    throw new Fault("validation", 'Members are told as [{"value": "id of a user"}].')
  })
}

async function setMembers(change: Change, group: GroupRecord, ids: readonly string[]): Promise<void> {
  for (const { personId } of await membershipsOf(change.db, { groupId: group.id })) {
    if (!ids.includes(String(personId))) await removeMember(change, group.id, personId)
  }
  for (const id of ids) await add(change, group, id)
}

/** Of the same directory only. @throws Fault resourceNotFound */
async function add(change: Change, group: GroupRecord, id: string): Promise<void> {
  const person = /^\d{1,9}$/.test(id) ? await personById(change.db, Number(id)) : undefined
  if (person?.iamId !== group.iamId) throw notFound(`user of ${group.iamId} with the id`, id)
  await addMember(change, group.id, person.id)
}

/** Who is not in the group is passed over. */
async function take(change: Change, group: GroupRecord, id: string): Promise<void> {
  if (/^\d{1,9}$/.test(id)) await removeMember(change, group.id, Number(id))
}

async function answer(
  db: Db,
  group: GroupRecord,
  before: object | undefined,
): Promise<Changed<DirectoryGroup>> {
  const members = await membershipsOf(db, { groupId: group.id })
  const after = { name: group.name, iamid: group.iamId, members: members.map(({ personId }) => personId) }
  return { output: { group, members }, resource: `group ${group.iamId}/${group.name}`, before, after }
}
