import { type Attributes, attributesOf } from "../../../state/governance/attributes.ts"
import { membershipsOf, searchGroups } from "../../../state/governance/groups.ts"
import { type PersonRecord, searchPeople } from "../../../state/governance/people.ts"
import { allPolicies } from "../../../state/governance/policies.ts"
import { purposesOf, searchProjects, sourcesOf } from "../../../state/governance/projects.ts"
import { searchPurposes } from "../../../state/governance/purposes.ts"
import { allRules } from "../../../state/governance/source-rules.ts"
import { allSources, type SourceRecord } from "../../../state/governance/sources.ts"
import { searchTags, tagsOfSources } from "../../../state/governance/tags.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import type {
  CodeAttributes,
  CodeData,
  CodeFolder,
  CodeGroup,
  CodePerson,
  CodeProject,
  CodeTagging,
} from "./code-folder.ts"

const everything = { offset: 0, size: 1_000_000, isDescending: false } as const

/** All that there is, but what directories keep (SCIM): that is theirs to change. */
export async function currentFolder(db: Db): Promise<Required<CodeFolder>> {
  const { people } = await searchPeople(db, { includesDisabled: true }, { ...everything, order: "username" })
  const sources = await allSources(db)
  const { purposes } = await searchPurposes(db, {}, { ...everything, order: "name" })
  return {
    tags: sorted((await searchTags(db, { limit: everything.size })).map(({ name }) => name)),
    people: await codePeople(
      db,
      people.filter(({ scim }) => scim === undefined),
    ),
    groups: await codeGroups(db, people),
    purposes: purposes.map(({ name, acknowledgement, description, showsAcknowledgement }) => ({
      ...{ name, acknowledgement, description, showsAcknowledgement },
    })),
    data: await codeData(db, sources),
    tagging: await codeTagging(db, sources),
    projects: await codeProjects(db),
    policies: (await allPolicies(db)).map(({ key, name, kind, form, document, isStaged }) => ({
      ...{ key, name, kind, form, document, isStaged },
    })),
  }
}

export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort()
}

export function codeAttributes(attributes: Attributes | undefined): CodeAttributes {
  const entries = [...(attributes ?? [])].filter(([, values]) => values.length > 0)
  return Object.fromEntries(entries.map(([name, values]) => [name, sorted(values)] as const).sort())
}

function textOf(profile: object, name: string): string | undefined {
  const value: unknown = new Map(Object.entries(profile)).get(name)
  return typeof value === "string" ? value : undefined
}

async function codePeople(db: Db, people: readonly PersonRecord[]): Promise<CodePerson[]> {
  const attributes = await attributesOf(
    db,
    "person",
    people.map(({ id }) => id),
  )
  return people.map((person) => ({
    iamId: person.iamId,
    userId: person.userId,
    name: textOf(person.profile, "name"),
    email: textOf(person.profile, "email"),
    account: person.warehouseUser,
    isDisabled: person.isDisabled,
    permissions: sorted(person.permissions),
    attributes: codeAttributes(attributes.get(person.id)),
  }))
}

async function codeGroups(db: Db, people: readonly PersonRecord[]): Promise<CodeGroup[]> {
  const { groups: all } = await searchGroups(db, {}, { ...everything, order: "name" })
  const groups = all.filter(({ scim }) => scim === undefined)
  const attributes = await attributesOf(
    db,
    "group",
    groups.map(({ id }) => id),
  )
  const names = new Map(people.map(({ id, iamId, userId }) => [id, `${iamId}/${userId}`]))
  const found: CodeGroup[] = []
  for (const { id, iamId, name, email, description } of groups) {
    const members = (await membershipsOf(db, { groupId: id })).map(
      ({ personId }) => names.get(personId) ?? "",
    )
    const own = codeAttributes(attributes.get(id))
    found.push({ iamId, name, email, description, attributes: own, members: sorted(members) })
  }
  return found
}

async function codeData(db: Db, sources: readonly SourceRecord[]): Promise<CodeData[]> {
  const rules = (await allRules(db)).map(
    ({ id: _id, createdAt: _at, createdBy: _by, connectionKey, ...rule }) => ({
      connectionKey,
      rule,
      tables: undefined,
    }),
  )
  const listed = sources.filter(
    ({ ruleId, connectionKey }) => ruleId === undefined && connectionKey !== undefined,
  )
  const byKey = Map.groupBy(listed, ({ connectionKey }) => connectionKey ?? "")
  const lists = [...byKey].map(([connectionKey, tables]) => ({
    connectionKey,
    rule: undefined,
    tables: [...tables].sort(byPlace).map(({ name, table, view, description, eventTimeColumn }) => ({
      ...{ name, database: table.database, schema: table.schema, table: table.name },
      ...{ view, description, eventTimeColumn },
    })),
  }))
  return [...rules, ...lists]
}

function byPlace({ table: a }: SourceRecord, { table: b }: SourceRecord): number {
  return `${a.schema}\0${a.name}` < `${b.schema}\0${b.name}` ? -1 : 1
}

/** Of each source that has tags, or whose columns have, also columns that come later. */
async function codeTagging(db: Db, sources: readonly SourceRecord[]): Promise<CodeTagging[]> {
  const tags = await tagsOfSources(db, undefined)
  return sources.flatMap(({ id, name }) => {
    const own = tags.get(id)
    return own === undefined
      ? []
      : [{ source: name, tags: sorted(own.own), columns: codeAttributes(own.columns) }]
  })
}

async function codeProjects(db: Db): Promise<CodeProject[]> {
  const { projects } = await searchProjects(db, {}, { ...everything, order: "name" })
  const purposes = new Map(
    (await searchPurposes(db, {}, { ...everything, order: "name" })).purposes.map(({ id, name }) => [
      id,
      name,
    ]),
  )
  const given = await purposesOf(
    db,
    projects.map(({ id }) => id),
  )
  const found: CodeProject[] = []
  for (const { id, key, name, isOpen, description, documentation, tags, allowsMaskedJoins } of projects)
    found.push({
      ...{ key, name, isOpen, description, documentation, tags, allowsMaskedJoins },
      purposes: sorted((given.get(id) ?? []).map((purpose) => purposes.get(purpose) ?? "")),
      sources: sorted((await sourcesOf(db, id)).map((source) => source.name)),
    })
  return found
}
