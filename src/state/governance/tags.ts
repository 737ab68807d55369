import { sql } from "kysely"
import { within } from "./people.ts"
import type { Change, Db } from "./transactions.ts"

/** A tag; `PII.SSN` is below `PII`. */
export interface TagRecord {
  id: number
  name: string
  createdBy: string
  createdAt: Date
  /** There are tags below this one. */
  hasChildren: boolean
}

interface TagRow {
  id: number
  name: string
  created_by: string
  created_at: Date
  has_children: boolean
}

const columns = sql`tag.*, exists (
  select from millrace.governance_tags below where starts_with(below.name, tag.name || '.')) as has_children`

/** Those that are there stay as they are. In the order given. */
export async function putTags({ db }: Change, names: readonly string[], by: string): Promise<TagRecord[]> {
  await sql`insert into millrace.governance_tags (name, created_by)
    select name, ${by} from unnest(${[...names]}::text[]) as name on conflict do nothing`.execute(db)
  return tagsNamed(db, names)
}

/** In the order given, those that are there. */
export async function tagsNamed(db: Db, names: readonly string[]): Promise<TagRecord[]> {
  const { rows } = await sql<TagRow>`select ${columns}
    from unnest(${[...names]}::text[]) with ordinality as wanted (name, place)
    join millrace.governance_tags tag using (name) order by place`.execute(db)
  return rows.map(fromRow)
}

export async function searchTags(
  db: Db,
  { text, limit }: { text?: string; limit: number },
): Promise<TagRecord[]> {
  const where = text === undefined ? sql`true` : within(sql`tag.name`, text)
  const { rows } = await sql<TagRow>`select ${columns} from millrace.governance_tags tag where ${where}
    order by tag.name collate "C" limit ${limit}`.execute(db)
  return rows.map(fromRow)
}

/** The tag, and with `below` those below it; from everything that has them. */
export async function removeTag({ db }: Change, name: string, { below }: { below: boolean }): Promise<void> {
  await sql`delete from millrace.governance_tags
    where name = ${name} or (${below} and starts_with(name, ${`${name}.`}))`.execute(db)
}

/** A place of tags: a source, or with a column's name that column. */
export interface TaggedPlace {
  sourceId: number
  column?: string | undefined
}

/** What stands for the source itself where a column's name stands. No column has this name. */
const noColumn = ""

/** Repeatable. */
export async function addTags({ db }: Change, place: TaggedPlace, tagIds: readonly number[]): Promise<void> {
  await sql`insert into millrace.source_tags (source_id, column_name, tag_id)
    select ${place.sourceId}::integer, ${place.column ?? noColumn}, id from unnest(${[...tagIds]}::integer[]) as id
    on conflict do nothing`.execute(db)
}

/** Repeatable. */
export async function takeTag({ db }: Change, place: TaggedPlace, tagId: number): Promise<void> {
  await sql`delete from millrace.source_tags where source_id = ${place.sourceId}
    and column_name = ${place.column ?? noColumn} and tag_id = ${tagId}`.execute(db)
}

export interface TagsOfSource {
  /** Of the source itself. */
  own: string[]
  /** By name of column, whether the source has the column now or not. */
  columns: Map<string, string[]>
}

/** Names of tags by source, in the order of the alphabet; a source without any is missing. `undefined`: of all sources. */
export async function tagsOfSources(
  db: Db,
  sourceIds: readonly number[] | undefined,
): Promise<Map<number, TagsOfSource>> {
  const where = sourceIds === undefined ? sql`true` : sql`source_id = any(${[...sourceIds]}::integer[])`
  const { rows } = await sql<{ source_id: number; column_name: string; name: string }>`
    select source_id, column_name, name from millrace.source_tags
    join millrace.governance_tags tag on tag.id = tag_id where ${where}
    order by source_id, column_name, name collate "C"`.execute(db)
  const found = new Map<number, TagsOfSource>()
  for (const row of rows) {
    const tags = found.get(row.source_id) ?? { own: [], columns: new Map<string, string[]>() }
    found.set(row.source_id, tags)
    if (row.column_name === noColumn) tags.own.push(row.name)
    else tags.columns.set(row.column_name, [...(tags.columns.get(row.column_name) ?? []), row.name])
  }
  return found
}

function fromRow(row: TagRow): TagRecord {
  return {
    id: row.id,
    name: row.name,
    createdBy: row.created_by,
    createdAt: row.created_at,
    hasChildren: row.has_children,
  }
}
