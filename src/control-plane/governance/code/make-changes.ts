import { isPermission } from "../../../domain/api-key.ts"
import { replaceAttributes } from "../../../state/governance/attributes.ts"
import {
  addMember,
  groupByName,
  insertGroup,
  membershipsOf,
  patchGroup,
  removeGroup,
  removeMember,
} from "../../../state/governance/groups.ts"
import { insertPerson, patchPerson, personByName, removePerson } from "../../../state/governance/people.ts"
import {
  insertPolicy,
  type PolicyFields,
  policyByKey,
  removePolicy,
  replacePolicy,
} from "../../../state/governance/policies.ts"
import {
  addSources,
  insertProject,
  patchProject,
  projectByKey,
  removeProject,
  setPurposes,
  sourcesOf,
  takeSources,
} from "../../../state/governance/projects.ts"
import {
  insertPurpose,
  type PurposeFields,
  patchPurpose,
  purposesNamed,
  removePurpose,
} from "../../../state/governance/purposes.ts"
import { sourceByName } from "../../../state/governance/sources.ts"
import {
  addTags,
  putTags,
  removeTag,
  tagsNamed,
  tagsOfSources,
  takeTag,
} from "../../../state/governance/tags.ts"
import type { Change } from "../../../state/governance/transactions.ts"
import type { GovernanceCaller } from "../changes.ts"
import { declareRule, declareTables, removeDeclared } from "../data/declarations.ts"
import { checkedAttribute, checkedIam, checkedName, checkedPath } from "../names.ts"
import { checkFields } from "../policies/policies.ts"
import {
  type CodeAttributes,
  type CodeData,
  type CodeFolder,
  type CodeGroup,
  type CodeKind,
  type CodePerson,
  type CodeProject,
  CodeRefusal,
  type CodeTagging,
} from "./code-folder.ts"

type One<K extends CodeKind> = NonNullable<CodeFolder[K]>[number]

/** How an entry of each kind is put into place, and taken away. Throws Fault, CodeRefusal. */
interface Maker<T> {
  put(change: Change, caller: GovernanceCaller, one: T): Promise<void>
  remove(change: Change, one: T): Promise<void>
}

export const makers: { [K in CodeKind]: Maker<One<K>> } = {
  tags: {
    put: async (change, caller, name) => {
      await putTags(change, [checkedPath("tag", name)], caller.name)
    },
    remove: (change, name) => removeTag(change, name, { below: false }),
  },
  people: { put: (change, _, person) => putPerson(change, person), remove: removeCodePerson },
  groups: { put: (change, _, group) => putGroup(change, group), remove: removeCodeGroup },
  purposes: { put: putCodePurpose, remove: removeCodePurpose },
  data: { put: putData, remove: removeData },
  tagging: { put: putTagging, remove: async () => undefined },
  projects: { put: putCodeProject, remove: removeCodeProject },
  policies: { put: putCodePolicy, remove: removeCodePolicy },
}

function attributesIn(attributes: CodeAttributes): Map<string, readonly string[]> {
  for (const [name, values] of Object.entries(attributes))
    for (const value of values) checkedAttribute({ name, value })
  return new Map(Object.entries(attributes))
}

async function putPerson(change: Change, given: CodePerson): Promise<void> {
  const { iamId, userId, name, email, account, isDisabled } = given
  const unknown = given.permissions.find((one) => !isPermission(one))
  if (unknown !== undefined) throw new CodeRefusal(`there is no permission ${unknown}`)
  const before = await personByName(change.db, iamId, userId)
  if (before?.scim !== undefined)
    throw new CodeRefusal("this user comes from a directory, which alone changes it")
  const fields = {
    warehouseUser: checkedName("warehouse account", account),
    isDisabled,
    permissions: [...given.permissions],
    profile: { ...before?.profile, name, email },
  }
  const id =
    before?.id ??
    (
      await insertPerson(change, {
        ...{ iamId: checkedIam(iamId), userId: checkedName("user id", userId), scim: undefined },
        ...fields,
      })
    ).id
  if (before !== undefined) await patchPerson(change, id, fields)
  await replaceAttributes(change, { kind: "person", id }, attributesIn(given.attributes))
}

async function removeCodePerson(change: Change, { iamId, userId }: CodePerson): Promise<void> {
  const person = await personByName(change.db, iamId, userId)
  if (person !== undefined) await removePerson(change, person.id)
}

async function putGroup(change: Change, given: CodeGroup): Promise<void> {
  const { iamId, name, email, description } = given
  const before = await groupByName(change.db, iamId, name)
  if (before?.scim !== undefined)
    throw new CodeRefusal("this group comes from a directory, which alone changes it")
  const fields = { name: checkedName("group's name", name), email, description }
  const id =
    before?.id ??
    (await insertGroup(change, { ...fields, iamId: checkedIam(iamId), gid: undefined, scim: undefined })).id
  if (before !== undefined) await patchGroup(change, id, fields)
  await replaceAttributes(change, { kind: "group", id }, attributesIn(given.attributes))
  await setMembers(change, id, given.members)
}

async function setMembers(change: Change, groupId: number, members: readonly string[]): Promise<void> {
  const wanted = new Set<number>()
  for (const member of members) {
    const [, iamId = "", userId = ""] = /^([^/]*)\/(.*)$/s.exec(member) ?? []
    const person = await personByName(change.db, iamId, userId)
    if (person === undefined) throw new CodeRefusal(`there is no user ${member}`)
    wanted.add(person.id)
  }
  for (const { personId } of await membershipsOf(change.db, { groupId }))
    if (!wanted.delete(personId)) await removeMember(change, groupId, personId)
  for (const personId of wanted) await addMember(change, groupId, personId)
}

async function removeCodeGroup(change: Change, { iamId, name }: CodeGroup): Promise<void> {
  const group = await groupByName(change.db, iamId, name)
  if (group !== undefined) await removeGroup(change, group.id)
}

async function putCodePurpose(change: Change, caller: GovernanceCaller, given: PurposeFields): Promise<void> {
  checkedPath("purpose", given.name)
  const [before] = await purposesNamed(change.db, [given.name])
  if (before === undefined) await insertPurpose(change, given, caller.name)
  else await patchPurpose(change, before.id, given)
}

async function removeCodePurpose(change: Change, { name }: PurposeFields): Promise<void> {
  const [purpose] = await purposesNamed(change.db, [name])
  if (purpose !== undefined) await removePurpose(change, purpose.id)
}

async function putData(change: Change, caller: GovernanceCaller, given: CodeData): Promise<void> {
  const { connectionKey, rule, tables = [] } = given
  if (rule !== undefined) {
    await declareRule(change, caller, { connectionKey, ...rule })
    return
  }
  const sources = tables.map(({ name, database, schema, table, view, description, eventTimeColumn }) => ({
    ...{ name, view, description, eventTimeColumn, tags: [], columnTags: new Map(), owners: [] },
    table: { database, schema, name: table },
  }))
  await declareTables(change, caller, { connectionKey, sources })
}

async function removeData(change: Change, { connectionKey }: CodeData): Promise<void> {
  await removeDeclared(change, connectionKey)
}

async function putTagging(change: Change, caller: GovernanceCaller, given: CodeTagging): Promise<void> {
  const source = await sourceByName(change.db, given.source)
  if (source === undefined) throw new CodeRefusal(`there is no data source ${given.source}`)
  const now = (await tagsOfSources(change.db, [source.id])).get(source.id)
  await setTags(change, caller, { place: { sourceId: source.id }, now: now?.own ?? [], wanted: given.tags })
  const columns = new Set([...(now?.columns.keys() ?? []), ...Object.keys(given.columns)])
  const wanted = new Map(Object.entries(given.columns))
  for (const column of columns)
    await setTags(change, caller, {
      place: { sourceId: source.id, column },
      now: now?.columns.get(column) ?? [],
      wanted: wanted.get(column) ?? [],
    })
}

async function setTags(
  change: Change,
  caller: GovernanceCaller,
  {
    place,
    now,
    wanted,
  }: { place: Parameters<typeof addTags>[1]; now: readonly string[]; wanted: readonly string[] },
): Promise<void> {
  const paths = wanted.map((name) => checkedPath("tag", name))
  await putTags(change, paths, caller.name)
  const tags = await tagsNamed(change.db, paths)
  await addTags(
    change,
    place,
    tags.map(({ id }) => id),
  )
  const gone = await tagsNamed(
    change.db,
    now.filter((name) => !wanted.includes(name)),
  )
  for (const { id } of gone) await takeTag(change, place, id)
}

async function putCodeProject(change: Change, caller: GovernanceCaller, given: CodeProject): Promise<void> {
  const { purposes, sources, ...fields } = given
  checkedName("project's key", given.key)
  checkedName("project's name", given.name)
  const before = await projectByKey(change.db, given.key)
  const project =
    before === undefined
      ? await insertProject(change, { ...fields, subscriptionPolicy: undefined }, caller.name)
      : ((await patchProject(change, before.id, fields)) ?? before)
  const found = await purposesNamed(change.db, purposes)
  const missing = purposes.find((name) => !found.some((purpose) => purpose.name === name))
  if (missing !== undefined) throw new CodeRefusal(`there is no purpose ${missing}`)
  await setPurposes(
    change,
    project.id,
    found.map(({ id }) => id),
  )
  await setSources(change, caller, { projectId: project.id, sources })
}

async function setSources(
  change: Change,
  caller: GovernanceCaller,
  { projectId, sources }: { projectId: number; sources: readonly string[] },
): Promise<void> {
  const ids: number[] = []
  for (const name of sources) {
    const source = await sourceByName(change.db, name)
    if (source === undefined) throw new CodeRefusal(`there is no data source ${name}`)
    ids.push(source.id)
  }
  const now = (await sourcesOf(change.db, projectId)).map(({ sourceId }) => sourceId)
  await takeSources(
    change,
    projectId,
    now.filter((id) => !ids.includes(id)),
  )
  await addSources(change, projectId, ids, caller.name)
}

async function removeCodeProject(change: Change, { key }: CodeProject): Promise<void> {
  const project = await projectByKey(change.db, key)
  if (project !== undefined) await removeProject(change, project)
}

async function putCodePolicy(change: Change, caller: GovernanceCaller, given: PolicyFields): Promise<void> {
  checkFields(given)
  const before = await policyByKey(change.db, given.key)
  if (before === undefined) await insertPolicy(change, given, caller.name)
  else await replacePolicy(change, before.id, { ...given, form: before.form })
}

async function removeCodePolicy(change: Change, { key }: PolicyFields): Promise<void> {
  const policy = await policyByKey(change.db, key)
  if (policy !== undefined) await removePolicy(change, policy.id)
}
