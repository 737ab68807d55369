import { randomBytes, randomUUID } from "node:crypto"
import { sql } from "kysely"
import type {
  ColumnKind,
  GovernedColumn,
  GovernedSource,
  RelationName,
} from "../../governance/model/source.ts"
import { type Page, within } from "./people.ts"
import { tagsOfSources } from "./tags.ts"
import { type Change, type Db, inChange } from "./transactions.ts"

/** A governed table as recorded. */
export interface SourceRecord extends GovernedSource {
  /** The declaration that it belongs to; undefined: it was not declared with others. */
  connectionKey: string | undefined
  /** The rule by which it is governed; undefined: it was registered by itself. */
  ruleId: number | undefined
  description: string | undefined
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

export interface NewSource {
  name: string
  table: RelationName
  view: { schema: string; name: string }
  createdBy: string
  connectionKey?: string | undefined
  ruleId?: number | undefined
  eventTimeColumn?: string | undefined
  description?: string | undefined
}

export type SourcePatch = Partial<Pick<NewSource, "name" | "view">> & {
  eventTimeColumn?: string | undefined
  description?: string | undefined
}

export interface SourceSearch {
  text?: string
  schema?: string
  tags?: readonly string[]
  columns?: readonly string[]
  ids?: readonly number[]
  connectionKey?: string
}

export type SourceOrder = "name" | "createdAt"

interface SourceRow {
  id: number
  name: string
  connection_key: string | null
  rule_id: number | null
  database_name: string
  schema_name: string
  table_name: string
  view_schema: string
  view_name: string
  event_time_column: string | null
  salt_id: string
  description: string | null
  created_by: string
  created_at: Date
  updated_at: Date
}

const saltBytes = 32

/** With a salt of its own. @throws by the constraints `governed_sources_name`, `…_table`, `…_view` */
export async function insertSource(change: Change, source: NewSource): Promise<SourceRecord> {
  const { table, view } = source
  const saltId = `source-${randomUUID()}`
  await sql`insert into millrace.salts (id, secret) values (${saltId}, ${randomBytes(saltBytes)})`.execute(
    change.db,
  )
  const { rows } = await sql<SourceRow>`
    insert into millrace.governed_sources (name, connection_key, rule_id, database_name, schema_name, table_name,
      view_schema, view_name, event_time_column, salt_id, description, created_by)
    values (${source.name}, ${source.connectionKey ?? null}, ${source.ruleId ?? null}, ${table.database},
      ${table.schema}, ${table.name}, ${view.schema}, ${view.name}, ${source.eventTimeColumn ?? null}, ${saltId},
      ${source.description ?? null}, ${source.createdBy})
    returning *`.execute(change.db)
  return (await withParts(change.db, rows))[0] as SourceRecord
}

export async function sourceById(db: Db, id: number): Promise<SourceRecord | undefined> {
  return (await selected(db, sql`where id = ${id}`))[0]
}

export async function sourceByName(db: Db, name: string): Promise<SourceRecord | undefined> {
  return (await selected(db, sql`where name = ${name}`))[0]
}

export async function sourceOfTable(db: Db, table: RelationName): Promise<SourceRecord | undefined> {
  const { database, schema, name } = table
  return (
    await selected(
      db,
      sql`where database_name = ${database} and schema_name = ${schema} and table_name = ${name}`,
    )
  )[0]
}

/** All of them, by id. */
export function allSources(db: Db): Promise<SourceRecord[]> {
  return selected(db, sql`order by id`)
}

/** A page of those found, and how many there are in all. */
export async function searchSources(
  db: Db,
  search: SourceSearch,
  page: Page & { order: SourceOrder },
): Promise<{ sources: SourceRecord[]; count: number }> {
  const where = sql.join(conditionsOf(search), sql` and `)
  const direction = page.isDescending ? sql`desc` : sql`asc`
  const order = page.order === "name" ? sql`name` : sql`created_at`
  const sources = await selected(
    db,
    sql`where ${where} order by ${order} ${direction}, id ${direction} offset ${page.offset} limit ${page.size}`,
  )
  const { rows } = await sql<{ count: string }>`
    select count(*) as count from millrace.governed_sources where ${where}`.execute(db)
  return { sources, count: Number(rows[0]?.count) }
}

function conditionsOf({ text, schema, tags, columns, ids, connectionKey }: SourceSearch) {
  return [
    sql`true`,
    ...(text === undefined ? [] : [within(sql`name`, text)]),
    ...(schema === undefined ? [] : [sql`schema_name = ${schema}`]),
    ...(ids === undefined ? [] : [sql`id = any(${[...ids]}::integer[])`]),
    ...(connectionKey === undefined ? [] : [sql`connection_key = ${connectionKey}`]),
    ...(tags === undefined
      ? []
      : [
          sql`id in (select source_id from millrace.source_tags join millrace.governance_tags tag on tag.id = tag_id
            where tag.name = any(${[...tags]}::text[]))`,
        ]),
    ...(columns === undefined
      ? []
      : [
          sql`id in (select source_id from millrace.source_columns where name = any(${[...columns]}::text[]))`,
        ]),
  ]
}

/** @throws by the constraints `governed_sources_name`, `governed_sources_view` */
export async function patchSource(
  { db }: Change,
  id: number,
  patch: SourcePatch,
): Promise<SourceRecord | undefined> {
  const sets = [
    ...(patch.name === undefined ? [] : [sql`name = ${patch.name}`]),
    ...(patch.view === undefined
      ? []
      : [sql`view_schema = ${patch.view.schema}, view_name = ${patch.view.name}`]),
    ...("eventTimeColumn" in patch ? [sql`event_time_column = ${patch.eventTimeColumn ?? null}`] : []),
    ...("description" in patch ? [sql`description = ${patch.description ?? null}`] : []),
    sql`updated_at = now()`,
  ]
  const { rows } = await sql<SourceRow>`
    update millrace.governed_sources set ${sql.join(sets)} where id = ${id} returning *`.execute(db)
  return (await withParts(db, rows))[0]
}

/** With its subscriptions, its tags and its salt: what was hashed with the salt is never hashed like that again. */
export async function removeSource({ db, version }: Change, id: number): Promise<void> {
  await sql`update millrace.governed_people set changed_in = ${version}::bigint where id in (
    select person_id from millrace.subscriptions where source_id = ${id} union
    select member.person_id from millrace.subscriptions join millrace.group_members member using (group_id)
    where source_id = ${id})`.execute(db)
  const { rows } = await sql<{ salt_id: string }>`
    delete from millrace.governed_sources where id = ${id} returning salt_id`.execute(db)
  for (const row of rows) await sql`delete from millrace.salts where id = ${row.salt_id}`.execute(db)
}

/**
 * What the warehouse says of the table's columns, in their order. Not a change if it is what was known.
 * True: it was another.
 */
export async function recordColumns(
  db: Parameters<typeof inChange>[0],
  sourceId: number,
  columns: readonly Omit<GovernedColumn, "tags">[],
): Promise<boolean> {
  const given = JSON.stringify(columns.map(({ name, kind, type }) => [name, kind, type]))
  const { rows } = await sql<{ known: string }>`
    select coalesce(json_agg(json_build_array(name, kind, type) order by position), '[]')::jsonb::text as known
    from millrace.source_columns where source_id = ${sourceId}`.execute(db)
  if (JSON.stringify(JSON.parse(rows[0]?.known ?? "[]")) === given) return false
  await inChange(db, (change) => replaceColumns(change, sourceId, columns))
  return true
}

export async function replaceColumns(
  { db }: Change,
  sourceId: number,
  columns: readonly Omit<GovernedColumn, "tags">[],
): Promise<void> {
  await sql`delete from millrace.source_columns where source_id = ${sourceId}`.execute(db)
  await sql`insert into millrace.source_columns (source_id, position, name, kind, type)
    select source.id, given.place, given.name, given.kind, given.type from millrace.governed_sources source, unnest(
      ${columns.map(({ name }) => name)}::text[], ${columns.map(({ kind }) => kind)}::text[],
      ${columns.map(({ type }) => type)}::text[]) with ordinality as given (name, kind, type, place)
    where source.id = ${sourceId}`.execute(db)
}

/** Names of columns that begin with this, in the order of the alphabet. */
export async function columnNames(db: Db, text: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select distinct name collate "C" as name
    from millrace.source_columns where ${within(sql`name`, text)} order by 1 limit ${limit}`.execute(db)
  return rows.map(({ name }) => name)
}

async function selected(db: Db, rest: ReturnType<typeof sql>): Promise<SourceRecord[]> {
  const { rows } = await sql<SourceRow>`select * from millrace.governed_sources ${rest}`.execute(db)
  return withParts(db, rows)
}

async function withParts(db: Db, rows: readonly SourceRow[]): Promise<SourceRecord[]> {
  const ids = rows.map(({ id }) => id)
  const tags = await tagsOfSources(db, ids)
  const { rows: columns } = await sql<{ source_id: number; name: string; kind: ColumnKind; type: string }>`
    select source_id, name, kind, type from millrace.source_columns
    where source_id = any(${ids}::integer[]) order by source_id, position`.execute(db)
  const bySource = Map.groupBy(columns, ({ source_id }) => source_id)
  return rows.map((row) => {
    const own = tags.get(row.id)
    const columnsWithTags = (bySource.get(row.id) ?? []).map(({ name, kind, type }) => ({
      name,
      kind,
      type,
      tags: own?.columns.get(name) ?? [],
    }))
    return { ...fromRow(row), columns: columnsWithTags, tags: own?.own ?? [] }
  })
}

function fromRow(row: SourceRow): Omit<SourceRecord, "columns" | "tags"> {
  return {
    id: row.id,
    name: row.name,
    connectionKey: row.connection_key ?? undefined,
    ruleId: row.rule_id ?? undefined,
    table: { database: row.database_name, schema: row.schema_name, name: row.table_name },
    view: { schema: row.view_schema, name: row.view_name },
    ...(row.event_time_column !== null && { eventTimeColumn: row.event_time_column }),
    saltId: row.salt_id,
    description: row.description ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
