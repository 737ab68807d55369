import { type Kysely, sql } from "kysely"
import type { Person } from "../../governance/model/person.ts"
import type { GovernedSource } from "../../governance/model/source.ts"
import type { StateSchema } from "../schema.ts"
import { allPolicies, type PolicyRecord } from "./policies.ts"
import { allRules, type SourceRule } from "./source-rules.ts"
import { allSources } from "./sources.ts"
import { type Db, inSnapshot } from "./transactions.ts"
import { currentVersion } from "./version.ts"

/** People as policies know them, of one version. */
export interface PeopleFacts {
  version: number
  people: Person[]
  /** Ids of people who are gone since; empty when everyone was asked for. */
  removed: number[]
}

/** All that policies are made of, of one version. */
export interface GovernanceFacts extends PeopleFacts {
  sources: GovernedSource[]
  rules: SourceRule[]
  policies: PolicyRecord[]
  /** Ids of people with the permission IMPERSONATE_USER. */
  impersonators: ReadonlySet<number>
}

/** Everything of now. */
export async function readGovernance(db: Kysely<StateSchema>): Promise<GovernanceFacts> {
  await currentVersion(db)
  return inSnapshot(db, factsIn)
}

/** As they are inside a transaction. */
export async function factsIn(db: Db): Promise<GovernanceFacts> {
  return {
    version: await versionOf(db),
    people: await peopleOf(db, undefined),
    removed: [],
    sources: await allSources(db),
    rules: await allRules(db),
    policies: await allPolicies(db),
    impersonators: await impersonatorsOf(db),
  }
}

/** Those whose facts changed after this version; 0: everyone. */
export async function readPeople(db: Kysely<StateSchema>, since: number): Promise<PeopleFacts> {
  await currentVersion(db)
  return inSnapshot(db, async (snapshot) => ({
    version: await versionOf(snapshot),
    people: await peopleOf(snapshot, sql`person.changed_in > ${since}::bigint`),
    removed: since === 0 ? [] : await removedSince(snapshot, since),
  }))
}

/** The person of this account; undefined: there is none, and nothing may be shown. */
export async function readPersonOf(db: Kysely<StateSchema>, account: string): Promise<Person | undefined> {
  return inSnapshot(db, async (snapshot) => {
    const [person] = await peopleOf(snapshot, sql`person.warehouse_user = ${account.toLowerCase()}`)
    return person
  })
}

async function versionOf(db: Db): Promise<number> {
  const { rows } = await sql<{ version: string }>`select version from millrace.governance_version`.execute(db)
  return Number(rows[0]?.version)
}

async function impersonatorsOf(db: Db): Promise<Set<number>> {
  const { rows } = await sql<{ id: number }>`
    select id from millrace.governed_people where 'IMPERSONATE_USER' = any(permissions)`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

async function removedSince(db: Db, since: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from millrace.removed_people where changed_in > ${since}::bigint order by id`.execute(db)
  return rows.map(({ id }) => id)
}

interface PersonRow {
  id: number
  iam_id: string
  user_id: string
  warehouse_user: string
  disabled: boolean
  current_project: number | null
}

/** `ids` undefined: everyone. */
interface Among {
  ids: number[] | undefined
}

function isAmong(column: string, { ids }: Among) {
  return ids === undefined ? sql`true` : sql`${sql.raw(column)} = any(${ids}::integer[])`
}

async function peopleOf(db: Db, which: ReturnType<typeof sql> | undefined): Promise<Person[]> {
  const where = which ?? sql`true`
  const { rows } = await sql<PersonRow>`
    select id, iam_id, user_id, warehouse_user, disabled, current_project
    from millrace.governed_people person where ${where} order by id`.execute(db)
  const among: Among = { ids: which === undefined ? undefined : rows.map(({ id }) => id) }
  const groups = await groupsOf(db, among)
  const attributes = await attributesOf(db, among)
  const purposes = await purposesOf(db, among)
  const subscriptions = await subscriptionsOf(db, among)
  const projectSources = await projectSourcesOf(db, among)
  return rows.map((row) => ({
    id: row.id,
    iamId: row.iam_id,
    userId: row.user_id,
    warehouseUser: row.warehouse_user,
    isDisabled: row.disabled,
    groups: groups.get(row.id) ?? new Set<string>(),
    attributes: attributes.get(row.id) ?? new Map<string, Set<string>>(),
    purposes: purposes.get(row.id) ?? new Set<string>(),
    subscriptions: subscriptions.get(row.id) ?? new Set<number>(),
    ...(row.current_project !== null && {
      projectSources: projectSources.get(row.id) ?? new Set<number>(),
    }),
  }))
}

async function groupsOf(db: Db, among: Among): Promise<Map<number, Set<string>>> {
  const { rows } = await sql<{ id: number; value: string }>`
    select person_id as id, name as value from millrace.group_members
    join millrace.governed_groups found on found.id = group_id where ${isAmong("person_id", among)}`.execute(
    db,
  )
  return setsOf(rows)
}

/** The person's own, and those of the groups. */
async function attributesOf(db: Db, among: Among): Promise<Map<number, Map<string, Set<string>>>> {
  const { rows } = await sql<{ id: number; name: string; value: string }>`
    select person_id as id, name, value from millrace.person_attributes where ${isAmong("person_id", among)}
    union
    select person_id, name, value from millrace.group_members
    join millrace.group_attributes using (group_id) where ${isAmong("person_id", among)}`.execute(db)
  const found = new Map<number, Map<string, Set<string>>>()
  for (const { id, name, value } of rows) {
    const own = found.get(id) ?? new Map<string, Set<string>>()
    found.set(id, own)
    const values = own.get(name) ?? new Set<string>()
    own.set(name, values)
    values.add(value)
  }
  return found
}

/** By itself or by a group, and not over by the state database's clock. */
const active = sql`subscription.state in ('subscribed', 'expert', 'owner', 'ingest')
  and (subscription.expires_at is null or subscription.expires_at > now())`

const subscribers = sql`(
  select subscription.*, subscription.person_id as subscriber from millrace.subscriptions subscription
  where person_id is not null
  union all
  select subscription.*, member.person_id from millrace.subscriptions subscription
  join millrace.group_members member using (group_id)
) as subscription`

/** Those of the current project, if the person is a member of it, it is open, and the person has agreed to them there. */
async function purposesOf(db: Db, among: Among): Promise<Map<number, Set<string>>> {
  const { rows } = await sql<{ id: number; value: string }>`
    select acknowledgement.person_id as id, purpose.name as value
    from millrace.acknowledgements acknowledgement
    join millrace.governed_people person
      on person.id = acknowledgement.person_id and person.current_project = acknowledgement.project_id
    join millrace.projects project on project.id = acknowledgement.project_id and project.is_open
    join millrace.project_purposes using (project_id, purpose_id)
    join millrace.purposes purpose on purpose.id = purpose_id
    where ${isAmong("acknowledgement.person_id", among)} and exists (select from ${subscribers}
      where subscription.project_id = acknowledgement.project_id
        and subscription.subscriber = acknowledgement.person_id and ${active})`.execute(db)
  return setsOf(rows)
}

/** Of the current project. */
async function projectSourcesOf(db: Db, among: Among): Promise<Map<number, Set<number>>> {
  const { rows } = await sql<{ id: number; value: number }>`
    select person.id, own.source_id as value from millrace.governed_people person
    join millrace.project_sources own on own.project_id = person.current_project
    where ${isAmong("person.id", among)}`.execute(db)
  return setsOf(rows)
}

/** Who works in a project sees the sources of that project only. */
async function subscriptionsOf(db: Db, among: Among): Promise<Map<number, Set<number>>> {
  const { rows } = await sql<{ id: number; value: number }>`
    select person.id, subscription.source_id as value from ${subscribers}
    join millrace.governed_people person on person.id = subscription.subscriber
    where ${active} and subscription.source_id is not null and ${isAmong("person.id", among)}
      and (person.current_project is null or exists (select from millrace.project_sources own
        where own.project_id = person.current_project and own.source_id = subscription.source_id))`.execute(
    db,
  )
  return setsOf(rows)
}

function setsOf<T>(rows: readonly { id: number; value: T }[]): Map<number, Set<T>> {
  const found = new Map<number, Set<T>>()
  for (const { id, value } of rows) {
    const own = found.get(id) ?? new Set<T>()
    found.set(id, own)
    own.add(value)
  }
  return found
}
