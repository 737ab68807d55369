import { sql } from "kysely"
import { json } from "../pipelines/json.ts"
import { removeSource } from "./sources.ts"
import type { Change, Db } from "./transactions.ts"

/** Who owns what a rule brings: names, which may belong to people and groups that come later. */
export interface RuleOwner {
  kind: "person" | "group"
  iamId: string | undefined
  name: string
}

/** How the sources of a rule are called; `<database>`, `<schema>` and `<tablename>` stand for the table's. */
export interface RuleFormats {
  source: string
  viewSchema: string
  view: string
}

/** Every table of a destination database, or of one of its schemas, is governed, also one that nobody has listed yet. */
export interface SourceRule {
  id: number
  /** The declaration that made it. Unique. */
  connectionKey: string
  /** The integration that fills the database; undefined: another way. */
  integrationName: string | undefined
  database: string
  /** Undefined: all schemas. At most one rule for each database and schema. */
  schema: string | undefined
  formats: RuleFormats
  /** Each of its tables begins with these. */
  tags: string[]
  owners: RuleOwner[]
  createdBy: string
  createdAt: Date
}

export type RuleFields = Omit<SourceRule, "id" | "createdAt" | "createdBy">

interface RuleRow {
  id: number
  connection_key: string
  integration_name: string | null
  database_name: string
  schema_name: string | null
  formats: RuleFormats
  tags: string[]
  owners: RuleOwner[]
  created_by: string
  created_at: Date
}

/** @throws by the constraints `source_rules_key`, `source_rules_place` */
export async function insertRule({ db }: Change, given: RuleFields, by: string): Promise<SourceRule> {
  const { rows } = await sql<RuleRow>`
    insert into millrace.source_rules
      (connection_key, integration_name, database_name, schema_name, formats, tags, owners, created_by)
    values (${given.connectionKey}, ${given.integrationName ?? null}, ${given.database}, ${given.schema ?? null},
      ${json(given.formats)}, ${given.tags}::text[], ${json(given.owners)}, ${by}) returning *`.execute(db)
  return rows.map(fromRow)[0] as SourceRule
}

/** Where it looks stays as it is: what else is given holds for tables that come from now on. */
export async function patchRule(
  { db }: Change,
  id: number,
  { formats, tags, owners }: Pick<RuleFields, "formats" | "tags" | "owners">,
): Promise<void> {
  await sql`update millrace.source_rules set formats = ${json(formats)}, tags = ${tags}::text[],
    owners = ${json(owners)} where id = ${id}`.execute(db)
}

export async function ruleByKey(db: Db, connectionKey: string): Promise<SourceRule | undefined> {
  const { rows } = await sql<RuleRow>`
    select * from millrace.source_rules where connection_key = ${connectionKey}`.execute(db)
  return rows.map(fromRow)[0]
}

/** All of them, by database. */
export async function allRules(db: Db): Promise<SourceRule[]> {
  const { rows } =
    await sql<RuleRow>`select * from millrace.source_rules order by database_name, schema_name nulls first`.execute(
      db,
    )
  return rows.map(fromRow)
}

/** With the sources that it brought. */
export async function removeRule(change: Change, id: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from millrace.governed_sources where rule_id = ${id}`.execute(change.db)
  for (const source of rows) await removeSource(change, source.id)
  await sql`delete from millrace.source_rules where id = ${id}`.execute(change.db)
}

export interface UnlistedTable {
  rule: SourceRule
  schema: string
  name: string
}

/** Replicated tables that a rule covers and no source lists. A rule for the schema comes before one for the database. */
export async function unlistedTables(db: Db): Promise<UnlistedTable[]> {
  const { rows } = await sql<RuleRow & { schema: string; table_name: string }>`
    select distinct on (rule.database_name, replicated.schema, replicated.name)
      rule.*, replicated.schema, replicated.name as table_name
    from millrace.source_rules rule
    join millrace.destinations destination on destination.destination_database = rule.database_name
    join millrace.tables replicated on replicated.integration_id = destination.integration_id
      and replicated.source_database = destination.source_database
      and replicated.schema = coalesce(rule.schema_name, replicated.schema)
    where not exists (select from millrace.governed_sources source
      where source.database_name = rule.database_name and source.schema_name = replicated.schema
        and source.table_name = replicated.name)
    order by rule.database_name, replicated.schema, replicated.name, rule.schema_name nulls last`.execute(db)
  return rows.map((row) => ({ rule: fromRow(row), schema: row.schema, name: row.table_name }))
}

function fromRow(row: RuleRow): SourceRule {
  return {
    id: row.id,
    connectionKey: row.connection_key,
    integrationName: row.integration_name ?? undefined,
    database: row.database_name,
    schema: row.schema_name ?? undefined,
    formats: row.formats,
    tags: row.tags,
    owners: row.owners,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
