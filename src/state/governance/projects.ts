import { randomBytes } from "node:crypto"
import { sql } from "kysely"
import { projectSecretId } from "../../governance/compile/mask-cells.ts"
import { json } from "../pipelines/json.ts"
import { type Page, within } from "./people.ts"
import { type Change, type Db, touchPeople } from "./transactions.ts"

/** People who work together for purposes, with the sources that they need. */
export interface ProjectRecord {
  id: number
  key: string
  name: string
  isOpen: boolean
  description: string | undefined
  documentation: string | undefined
  tags: string[]
  /** Hashes of one value are the same in all its sources. */
  allowsMaskedJoins: boolean
  /** As given. */
  subscriptionPolicy: object | undefined
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

export type ProjectFields = Omit<ProjectRecord, "id" | "createdAt" | "updatedAt" | "createdBy">

interface ProjectRow {
  id: number
  project_key: string
  name: string
  is_open: boolean
  description: string | null
  documentation: string | null
  tags: string[]
  allow_masked_joins: boolean
  subscription_policy: object | null
  created_by: string
  created_at: Date
  updated_at: Date
}

const saltBytes = 32

/** @throws by the constraints `projects_key`, `projects_name` */
export async function insertProject(
  { db }: Change,
  given: ProjectFields,
  by: string,
): Promise<ProjectRecord> {
  const { rows } = await sql<ProjectRow>`
    insert into millrace.projects (project_key, name, is_open, description, documentation, tags, allow_masked_joins,
      subscription_policy, created_by)
    values (${given.key}, ${given.name}, ${given.isOpen}, ${given.description ?? null},
      ${given.documentation ?? null}, ${given.tags}::text[], ${given.allowsMaskedJoins},
      ${json(given.subscriptionPolicy ?? null)}, ${by}) returning *`.execute(db)
  const project = rows.map(fromRow)[0] as ProjectRecord
  await addSalt(db, project.name)
  return project
}

export async function projectById(db: Db, id: number): Promise<ProjectRecord | undefined> {
  const { rows } = await sql<ProjectRow>`select * from millrace.projects where id = ${id}`.execute(db)
  return rows.map(fromRow)[0]
}

export async function projectByKey(db: Db, key: string): Promise<ProjectRecord | undefined> {
  const { rows } = await sql<ProjectRow>`select * from millrace.projects where project_key = ${key}`.execute(
    db,
  )
  return rows.map(fromRow)[0]
}

export type ProjectOrder = "name" | "status" | "updatedAt"

const orders: Record<ProjectOrder, ReturnType<typeof sql>> = {
  name: sql`name collate "C"`,
  status: sql`is_open`,
  updatedAt: sql`updated_at`,
}

export interface ProjectSearch {
  text?: string
  isOpen?: boolean
  sourceId?: number
  tags?: readonly string[]
}

/** A page of those found, and how many there are in all. */
export async function searchProjects(
  db: Db,
  { text, isOpen, sourceId, tags }: ProjectSearch,
  page: Page & { order: ProjectOrder },
): Promise<{ projects: ProjectRecord[]; count: number }> {
  const where = sql.join(
    [
      sql`true`,
      ...(text === undefined ? [] : [within(sql`name`, text)]),
      ...(isOpen === undefined ? [] : [sql`is_open = ${isOpen}`]),
      ...(tags === undefined ? [] : [sql`tags && ${[...tags]}::text[]`]),
      ...(sourceId === undefined
        ? []
        : [sql`id in (select project_id from millrace.project_sources where source_id = ${sourceId})`]),
    ],
    sql` and `,
  )
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const { rows } = await sql<ProjectRow>`select * from millrace.projects where ${where}
    order by ${orders[page.order]} ${direction}, id ${direction} offset ${page.offset} limit ${page.size}`.execute(
    db,
  )
  const { rows: counted } = await sql<{ count: string }>`
    select count(*) as count from millrace.projects where ${where}`.execute(db)
  return { projects: rows.map(fromRow), count: Number(counted[0]?.count) }
}

/** Policies name a project's secret by the project's name. A name that had one before has it again. */
async function addSalt(db: Db, name: string): Promise<void> {
  await sql`insert into millrace.salts (id, secret)
    values (${projectSecretId(name)}, ${randomBytes(saltBytes)}) on conflict (id) do nothing`.execute(db)
}

/** @throws by the constraints `projects_key`, `projects_name` */
export async function patchProject(
  change: Change,
  id: number,
  patch: { [K in keyof ProjectFields]?: ProjectFields[K] | undefined },
): Promise<ProjectRecord | undefined> {
  const sets = [
    ...(patch.name === undefined ? [] : [sql`name = ${patch.name}`]),
    ...(patch.isOpen === undefined ? [] : [sql`is_open = ${patch.isOpen}`]),
    ...(patch.description === undefined ? [] : [sql`description = ${patch.description}`]),
    ...(patch.documentation === undefined ? [] : [sql`documentation = ${patch.documentation}`]),
    ...(patch.tags === undefined ? [] : [sql`tags = ${patch.tags}::text[]`]),
    ...(patch.allowsMaskedJoins === undefined ? [] : [sql`allow_masked_joins = ${patch.allowsMaskedJoins}`]),
    ...(patch.subscriptionPolicy === undefined
      ? []
      : [sql`subscription_policy = ${json(patch.subscriptionPolicy)}`]),
    sql`updated_at = now()`,
  ]
  const { rows } = await sql<ProjectRow>`
    update millrace.projects set ${sql.join(sets)} where id = ${id} returning *`.execute(change.db)
  if (patch.name !== undefined) await addSalt(change.db, patch.name)
  await touchWorkers(change, id)
  return rows.map(fromRow)[0]
}

/** With its memberships and its salt. */
export async function removeProject(change: Change, { id, name }: ProjectRecord): Promise<void> {
  await touchWorkers(change, id)
  await sql`delete from millrace.projects where id = ${id}`.execute(change.db)
  await sql`delete from millrace.salts where id = ${projectSecretId(name)}`.execute(change.db)
}

/** From now on the project has these purposes and no others. */
export async function setPurposes(change: Change, id: number, purposeIds: readonly number[]): Promise<void> {
  await sql`delete from millrace.project_purposes where project_id = ${id}`.execute(change.db)
  await sql`insert into millrace.project_purposes (project_id, purpose_id)
    select distinct ${id}::integer, one from unnest(${[...purposeIds]}::integer[]) as one`.execute(change.db)
  // What was taken away and comes back must be agreed to again.
  await sql`delete from millrace.acknowledgements where project_id = ${id}
    and purpose_id <> all(${[...purposeIds]}::integer[])`.execute(change.db)
  await touchWorkers(change, id)
}

/** Ids of their purposes, by project. */
export async function purposesOf(db: Db, projectIds: readonly number[]): Promise<Map<number, number[]>> {
  const { rows } = await sql<{ project_id: number; purpose_id: number }>`
    select project_id, purpose_id from millrace.project_purposes
    where project_id = any(${[...projectIds]}::integer[]) order by purpose_id`.execute(db)
  const byProject = Map.groupBy(rows, ({ project_id }) => project_id)
  return new Map([...byProject].map(([id, some]) => [id, some.map(({ purpose_id }) => purpose_id)]))
}

/** Repeatable. */
export async function addSources(
  change: Change,
  id: number,
  sourceIds: readonly number[],
  by: string,
): Promise<void> {
  await sql`insert into millrace.project_sources (project_id, source_id, added_by)
    select ${id}::integer, one, ${by} from unnest(${[...sourceIds]}::integer[]) as one
    on conflict do nothing`.execute(change.db)
  await touchWorkers(change, id)
}

/** Repeatable. */
export async function takeSources(change: Change, id: number, sourceIds: readonly number[]): Promise<void> {
  await sql`delete from millrace.project_sources
    where project_id = ${id} and source_id = any(${[...sourceIds]}::integer[])`.execute(change.db)
  await touchWorkers(change, id)
}

export interface ProjectSource {
  sourceId: number
  name: string
  addedBy: string
  addedAt: Date
}

export async function sourcesOf(db: Db, id: number): Promise<ProjectSource[]> {
  const { rows } = await sql<{ source_id: number; name: string; added_by: string; added_at: Date }>`
    select source_id, name, added_by, added_at from millrace.project_sources
    join millrace.governed_sources source on source.id = source_id
    where project_id = ${id} order by name collate "C"`.execute(db)
  return rows.map((row) => ({
    sourceId: row.source_id,
    name: row.name,
    addedBy: row.added_by,
    addedAt: row.added_at,
  }))
}

/** The person agrees to these purposes of the project. Repeatable. */
export async function acknowledge(
  change: Change,
  { projectId, personId }: { projectId: number; personId: number },
  purposeIds: readonly number[],
): Promise<void> {
  await sql`insert into millrace.acknowledgements (project_id, person_id, purpose_id)
    select ${projectId}::integer, ${personId}::integer, one from unnest(${[...purposeIds]}::integer[]) as one
    on conflict do nothing`.execute(change.db)
  await touchPeople(change, sql`${personId}::integer`)
}

/** Ids of the project's purposes that the person has agreed to. */
export async function acknowledgedBy(
  db: Db,
  { projectId, personId }: { projectId: number; personId: number },
): Promise<Set<number>> {
  const { rows } = await sql<{ purpose_id: number }>`select purpose_id from millrace.acknowledgements
    where project_id = ${projectId} and person_id = ${personId}`.execute(db)
  return new Set(rows.map(({ purpose_id }) => purpose_id))
}

/** Those who work in it now. */
function touchWorkers(change: Change, projectId: number): Promise<void> {
  return touchPeople(
    change,
    sql`select id from millrace.governed_people where current_project = ${projectId}`,
  )
}

function fromRow(row: ProjectRow): ProjectRecord {
  return {
    id: row.id,
    key: row.project_key,
    name: row.name,
    isOpen: row.is_open,
    description: row.description ?? undefined,
    documentation: row.documentation ?? undefined,
    tags: row.tags,
    allowsMaskedJoins: row.allow_masked_joins,
    subscriptionPolicy: row.subscription_policy ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
