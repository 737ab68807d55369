import { Fault } from "../../../domain/faults.ts"
import { insertAttributes, removeAttribute } from "../../../state/governance/attributes.ts"
import {
  insertPerson,
  type PersonRecord,
  patchPerson,
  personById,
  removePerson,
} from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, notFound, refusingClashes } from "../changes.ts"
import { checkedIam, checkedName } from "../names.ts"
import { detailOf, shownPerson } from "../people/people.ts"
import {
  type DirectoryRecord,
  isActiveUser,
  type PatchOperation,
  patched,
  recordOf,
  textIn,
} from "./directory-record.ts"

/** A user of a directory, with what the directory said. */
export interface DirectoryUser {
  person: PersonRecord
  record: DirectoryRecord
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

/** What a directory says of people and policies may ask for, by name of attribute. (Fact: the members.) */
const attributeKeys = new Map([
  ...["title", "userType", "locale"].map((name) => [name, name] as const),
  ...["department", "division", "costCenter", "organization", "employeeNumber"].map(
    (name) => [name, `${enterprise}:${name}`] as const,
  ),
])

const clash = (constraint: string) =>
  constraint === "governed_people_user" || constraint === "governed_people_warehouse_user"
    ? "There is a user of this name, or with this warehouse account, already."
    : undefined

/** @throws Fault validation, conflictingOperation */
export function createDirectoryUser(
  store: GovernanceStore,
  iamId: string,
  resource: Readonly<Record<string, unknown>>,
): Promise<Changed<DirectoryUser>> {
  const record = recordOf(resource)
  const userId = userIdOf(record)
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const person = await insertPerson(change, {
        iamId: checkedIam(iamId),
        userId,
        warehouseUser: userId.toLowerCase(),
        isDisabled: !isActiveUser(record),
        permissions: [],
        profile: profileOf(record),
        scim: Object.fromEntries(record),
      })
      await setAttributes(change, person.id, record)
      return changedAnswer(change.db, { person, record }, undefined)
    }),
  )
}

/** As the directory has it now: instead of what was (PUT), or by operations (PATCH). @throws Fault validation, resourceNotFound, conflictingOperation */
export function changeDirectoryUser(
  store: GovernanceStore,
  { iamId, id }: { iamId: string; id: number },
  given: { resource: Readonly<Record<string, unknown>> } | { operations: readonly PatchOperation[] },
): Promise<Changed<DirectoryUser>> {
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const user = await foundUser(change.db, { iamId, id })
      const before = shownPerson(await detailOf(change.db, user.person))
      const record = "resource" in given ? recordOf(given.resource) : patched(user.record, given.operations)
      const userId = userIdOf(record)
      const { person } = user
      const followsUserId = person.warehouseUser === person.userId.toLowerCase()
      const changed = await patchPerson(change, id, {
        userId,
        ...(followsUserId && { warehouseUser: userId.toLowerCase() }),
        isDisabled: !isActiveUser(record),
        profile: { ...person.profile, ...profileOf(record) },
        scim: Object.fromEntries(record),
      })
      await setAttributes(change, id, record)
      return changedAnswer(change.db, { person: changed ?? person, record }, before)
    }),
  )
}

/** @throws Fault resourceNotFound */
export function deleteDirectoryUser(
  store: GovernanceStore,
  which: { iamId: string; id: number },
): Promise<Changed<DirectoryUser>> {
  return store.change(async (change) => {
    const user = await foundUser(change.db, which)
    const before = shownPerson(await detailOf(change.db, user.person))
    await removePerson(change, which.id)
    return { output: user, resource: `user ${which.iamId}/${user.person.userId}`, before, after: undefined }
  })
}

/** @throws Fault resourceNotFound: also of a user of another directory */
export async function foundUser(
  db: Db,
  { iamId, id }: { iamId: string; id: number },
): Promise<DirectoryUser> {
  const person = await personById(db, id)
  if (person?.iamId !== iamId) throw notFound(`user of ${iamId} with the id`, id)
  return userOf(person)
}

export function userOf(person: PersonRecord): DirectoryUser {
  const kept = Object.entries(person.scim ?? {}).filter(
    (entry): entry is [string, string | boolean] =>
      typeof entry[1] === "string" || typeof entry[1] === "boolean",
  )
  return { person, record: new Map(kept) }
}

async function changedAnswer(
  db: Db,
  output: DirectoryUser,
  before: object | undefined,
): Promise<Changed<DirectoryUser>> {
  const after = shownPerson(await detailOf(db, output.person))
  return { output, resource: `user ${output.person.iamId}/${output.person.userId}`, before, after }
}

function userIdOf(record: DirectoryRecord): string {
  const userId = textIn(record, "userName")
  if (userId === undefined) throw new Fault("validation", "userName is missing.")
  return checkedName("userName", userId)
}

function profileOf(record: DirectoryRecord): object {
  const parts = [textIn(record, "name.givenName"), textIn(record, "name.familyName")]
  const name = textIn(record, "displayName") ?? textIn(record, "name.formatted")
  const joined = parts.filter((part) => part !== undefined).join(" ")
  return {
    name: name ?? (joined === "" ? textIn(record, "userName") : joined),
    ...(record.has("emails") && { email: textIn(record, "emails") }),
    ...(record.has("title") && { position: textIn(record, "title") }),
  }
}

/** Attributes of other names are left alone: somebody gave them here. */
async function setAttributes(change: Change, personId: number, record: DirectoryRecord): Promise<void> {
  const owner = { kind: "person", id: personId } as const
  const given = new Map<string, string[]>()
  for (const [name, key] of attributeKeys) {
    await removeAttribute(change, owner, { name, value: undefined })
    const value = textIn(record, key)
    if (value !== undefined) given.set(name, [checkedName(name, value)])
  }
  await insertAttributes(change, owner, given)
}
