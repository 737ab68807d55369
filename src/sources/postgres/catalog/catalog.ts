import type pg from "pg"
import type { TableSchema } from "../../../domain/table.ts"
import type { RefusedTable, TableSelection } from "../../../replication/contracts/source.ts"
import { type TextColumn, withTextColumns } from "../../../replication/contracts/text-columns.ts"
import { isForNativeTypes, isUnencoded, quoteIdentifier } from "../client.ts"
import { firstOwnOid, readTypeParts, type TypeParts } from "../types/type-parts.ts"
import { asText, mapType, type TypeFacts, type TypeMapping } from "../types/types.ts"
import { identifiesRows } from "./identity.ts"
import { revisionOf } from "./revision.ts"

/** A table of the source with what is needed to read and decode it. */
export interface PgTable {
  schema: TableSchema
  columns: PgColumn[]
  /** It has no column: `columns` has just one that stands for its rows. */
  isBare: boolean
  /** Generated columns that the stream does not carry, so that the copy leaves them out too. */
  leftOut: string[]
  partitioned: boolean
  /** The file that holds it: another one means that its rows have moved. "0" for a partitioned table. */
  filenode: string
  /** The same by the catalog's own row; for a partitioned table those of its partitions (leaves.ts). */
  storage: string
  /** The highest attribute number given out. */
  attributes: number
  /** `d`, `i` or `f`: see Described. */
  identity: string
  estimatedRows: number
  /** Size in blocks of the server (8 KiB by default). */
  blocks: number
}

export interface PgColumn {
  name: string
  /** Stays with the column as long as it lives, and is never given to another. */
  number: number
  /** The transaction that defined the column last. */
  xmin: string
  mapping: TypeMapping
  facts: TypeFacts
  /** A cast to text would not give what the type prints, which is what the stream carries. */
  castsOtherwise: boolean
  /** As the Relation message names it, for telling whether the column changed. */
  typeOid: number
  typeModifier: number
  /** Of a type of the database's own. */
  parts?: TypeParts | undefined
}

export interface Catalog {
  tables: PgTable[]
  refused: RefusedTable[]
}

interface TableRow {
  oid: string
  schema: string
  name: string
  kind: "r" | "p"
  filenode: string
  storage: string
  attributes: number
  /** A partition whose changes would not tell its rows apart. */
  unfit_partition: string | null
  persistence: "p" | "u"
  role: string
  owned: boolean
  readable: boolean
  guarded: boolean
  identity: "d" | "f" | "i" | "n"
  identified: boolean
  estimated_rows: string
  blocks: number
  primary_key: string[] | null
  identity_index: string[] | null
  columns: ColumnRow[]
  left_out: string[]
}

interface ColumnRow {
  name: string
  number: number
  xmin: string
  type: number
  modifier: number
  display: string
  base: number
  base_modifier: number
  element: number | null
  delimiter: string | null
  casts_otherwise: boolean
  native: string | null
}

/** Whether the stream carries a column: generated ones from version 18 on, where they are stored. */
const isCarried =
  "(a.attgenerated = '' or a.attgenerated = 's' and current_setting('server_version_num')::int >= 180000)"

/** How a column's type is called: those of schema public without it, as whoever made them sees them. */
function displayOf(attribute: string): string {
  return `regexp_replace(format_type(${attribute}.atttypid, ${attribute}.atttypmod), '^public[.]', '')`
}

/** What a type is when its domains are followed: `base` has domains only, which are few, and is looked through for each column. */
function baseOf(type: string): string {
  return `coalesce((select d.base from base d where d.type = ${type}), ${type})`
}

/**
 * Behind the name of a composite type (or an array of one) the types of its attributes: with another attribute all its
 * values print otherwise, though no row of the table changes.
 */
const attributesOf = `coalesce((select '(' || string_agg(${displayOf("x")}, ',' order by x.attnum) || ')'
  from pg_attribute x where x.attnum > 0 and not x.attisdropped and x.attrelid = case
    when bt.typtype = 'c' then bt.typrelid
    when bt.typcategory = 'A' then (select et.typrelid from pg_type et where et.oid = ${baseOf("bt.typelem")})
  end), '')`

/**
 * The type of a column where the destination has PostgreSQL's types: what the server itself brings, domains followed. Elements of
 * other arrays are texts there, as values of other types are.
 */
const nativeOf = `case when not $3 then null
  when bt.oid < ${firstOwnOid} then format_type(bt.oid, case when t.typtype = 'd' then b.modifier else a.atttypmod end)
  when bt.typcategory = 'A' then (select case when e.typdelim <> ',' then null when ${baseOf("e.oid")} < ${firstOwnOid} then format_type(${baseOf("e.oid")}, null) || '[]' else 'text[]' end
    from pg_type e where e.oid = bt.typelem)
  end`

// Partitions come with their root: pg_partition_tree would wait for whoever is altering one. One that is made as a
// partition has columns that are as old as the table itself, by the same command: attaching touches them all. By the
// transactions that made it and those above it partitions, one that was away meanwhile is told from one that was not.
const tablesQuery = `
with recursive base(type, base, modifier) as (
  select d.oid, d.typbasetype, d.typtypmod from pg_type d join pg_type t on t.oid = d.typbasetype where d.typtype = 'd' and t.typtype <> 'd'
  union all
  select d.oid, b.base, case when b.modifier = -1 then d.typtypmod else b.modifier end
  from pg_type d join base b on d.typbasetype = b.type where d.typtype = 'd'
), partition(root, oid, made, joined) as (
  select oid, oid, true, '' from pg_class where relkind = 'p' and not relispartition and ($1::oid[] is null or oid = any($1))
  union all
  select p.root, i.inhrelid, p.made and exists (select from pg_attribute s join pg_attribute a using (attrelid)
      where attrelid = i.inhrelid and s.attnum = -1 and s.xmin = i.xmin and a.attnum > 0 and a.xmin = i.xmin and a.cmin = s.cmin and a.xmax = '0'),
    concat_ws('.', nullif(p.joined, ''), i.xmin)
  from partition p join pg_inherits i on i.inhparent = p.oid
  where to_jsonb(i) ->> 'inhdetachpending' is distinct from 'true'
), leaf as (
  select p.root, p.made, p.joined, l.xmin as xid, l.* from partition p join pg_class l on l.oid = p.oid where l.relkind <> 'p'
)
select c.oid::text, n.nspname::text as schema, c.relname::text as name, c.relkind::text as kind,
  coalesce(pg_relation_filenode(c.oid), 0)::text as filenode,
  case when c.relkind = 'r' then c.relfilenode::text else coalesce((
    select string_agg(l.oid || ':' || l.relfilenode || ':' || case when l.made then 'made' else 'attached' end || ':' || l.xid || ':' || l.joined, ' ' order by l.oid)
    from leaf l where l.root = c.oid), '') end as storage,
  c.relnatts::int as attributes,
  case when c.relkind = 'p' then (select l.relname::text from leaf l
    where l.root = c.oid and (l.relkind <> 'r' or l.relpersistence <> 'p' or not (l.relreplident = 'f' or l.relreplident = 'd' and c.relreplident in ('d', 'f')
      and exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indimmediate)) or not ${identifiesRows("l")}) order by 1 limit 1) end as unfit_partition,
  current_user::text as role, pg_has_role(c.relowner, 'USAGE') as owned, row_security_active(c.oid) as guarded,
  has_table_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE') as readable,
  c.relpersistence::text as persistence, c.relreplident::text as identity, ${identifiesRows("c")} as identified,
  greatest(c.reltuples, 0)::bigint::text as estimated_rows,
  case when c.relkind = 'r' and $2 then (pg_relation_size(c.oid) / current_setting('block_size')::int)::int else 0 end as blocks,
  (select array_agg(a.attname::text order by k.place)
     from pg_index i, unnest(i.indkey) with ordinality k(number, place), pg_attribute a
    where i.indrelid = c.oid and i.indisprimary and i.indimmediate and i.indisvalid
      and a.attrelid = c.oid and a.attnum = k.number) as primary_key,
  (select array_agg(a.attname::text order by k.place)
     from pg_index i, unnest(i.indkey) with ordinality k(number, place), pg_attribute a
    where i.indrelid = c.oid and i.indisreplident and i.indisvalid and i.indisunique and i.indimmediate
      and a.attrelid = c.oid and a.attnum = k.number) as identity_index,
  coalesce((select json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'xmin', a.xmin::text, 'type', a.atttypid::bigint, 'modifier', a.atttypmod,
       'display', ${displayOf("a")} || ${attributesOf}, 'base', bt.oid::bigint,
       'base_modifier', case when t.typtype = 'd' then b.modifier else a.atttypmod end,
       'element', (select ${baseOf("e.oid")}::bigint from pg_type e where e.oid = bt.typelem and bt.typcategory = 'A'),
       'delimiter', (select e.typdelim from pg_type e where e.oid = bt.typelem and bt.typcategory = 'A'),
       'casts_otherwise', exists (select from pg_cast where castsource = bt.oid and casttarget = 'text'::regtype and castmethod <> 'i'),
       'native', ${nativeOf}) order by a.attnum)
     from pg_attribute a join pg_type t on t.oid = a.atttypid left join base b on b.type = t.oid join pg_type bt on bt.oid = coalesce(b.base, t.oid)
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and ${isCarried}), '[]') as columns,
  coalesce((select json_agg(a.attname order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not ${isCarried}), '[]') as left_out
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and ($1::oid[] is null or c.oid = any($1))
order by n.nspname, c.relname`

/**
 * The selected tables (with `ids` just those): those that can be replicated, and those that cannot with the reason.
 * Sizes wait for whoever is altering a table, and he may be waiting for us in turn: only who copies asks for them.
 */
export async function readCatalog(
  client: pg.Client,
  select: TableSelection,
  ids?: readonly string[],
  isSized = false,
): Promise<Catalog> {
  const catalog: Catalog = { tables: [], refused: [] }
  // By name: planning it takes the server as long as running it, and a connection that looks again and again plans it once.
  const values = [ids ?? null, isSized, isForNativeTypes(client)]
  const found = await client.query<TableRow>({ name: "catalog", text: tablesQuery, values })
  const rows = found.rows.filter(({ schema, name }) => select({ schema, name }))
  const types = rows.flatMap(({ columns }) => columns.map(({ type }) => type))
  const parts = await readTypeParts(client, types)
  for (const row of rows) {
    const reason = (isUnencoded(client) ? illegibleName(row) : undefined) ?? refusal(row)
    if (reason === undefined) catalog.tables.push(tableOf(row, parts))
    else catalog.refused.push({ id: row.oid, schema: row.schema, name: row.name, reason })
  }
  return catalog
}

/** Names that are not UTF-8 come with this in the place of what cannot be read, and cannot be asked for. */
const replacement = "\ufffd"

function illegibleName({ schema, name, columns }: TableRow): string | undefined {
  const isIllegible = [schema, name, ...columns.map((column) => column.name)].some((one) =>
    one.includes(replacement),
  )
  return isIllegible ? "Its name, or that of a column, is not UTF-8. Rename it." : undefined
}

/** Why a table cannot be replicated: publishing its updates would make them fail at the source, or nothing is logged. */
function refusal(row: TableRow): string | undefined {
  return missingRight(row) ?? unrepresentable(row)
}

/** What only the table's owner, or a superuser, can give. The statements are those of `millrace check`. */
function missingRight({ role, owned, readable, guarded }: TableRow): string | undefined {
  const quoted = quoteIdentifier(role)
  if (!readable) return `Role ${role} may not read it. GRANT SELECT ON … TO ${quoted}.`
  if (guarded)
    return `Role ${role} would see only a part of it: row-level security. ALTER ROLE ${quoted} BYPASSRLS.`
  if (!owned) return `Role ${role} may not publish it: only its owner may. ALTER TABLE … OWNER TO ${quoted}.`
  return undefined
}

function unrepresentable(row: TableRow): string | undefined {
  if (row.persistence === "u")
    return "It is unlogged, so its changes are in no log. ALTER TABLE … SET LOGGED."
  if (row.identity === "n")
    return "Its replica identity is NOTHING. ALTER TABLE … REPLICA IDENTITY DEFAULT (or FULL)."
  if (row.identity === "d" && row.primary_key === null) {
    return "It has no primary key. Add one, or ALTER TABLE … REPLICA IDENTITY FULL."
  }
  if (row.identity === "i" && row.identity_index === null)
    return "Its replica identity index is gone. ALTER TABLE … REPLICA IDENTITY DEFAULT."
  if (row.identity === "f" && !row.identified)
    return "Its replica identity is FULL and it has a virtual generated column, with which the server refuses updates. Make the column STORED, or add a primary key and ALTER TABLE … REPLICA IDENTITY DEFAULT."
  if (row.unfit_partition !== null)
    return `Its partition ${row.unfit_partition} is unlogged, foreign or does not identify its rows. ALTER TABLE … REPLICA IDENTITY FULL on the partition (DEFAULT, with a primary key, if it has virtual generated columns).`
  const names = new Set(row.columns.map((column) => column.name))
  if (keyNamesOf(row)?.some((name) => !names.has(name)))
    return "Its key has a generated column, which this server's changes do not carry. ALTER TABLE … REPLICA IDENTITY USING INDEX of another unique index, or FULL."
  return undefined
}

function keyNamesOf(row: TableRow): string[] | null {
  return row.identity === "i" ? row.identity_index : row.primary_key
}

/** What a table without columns lands with: rows are counted, and there must be something to count. */
export const placeholderColumn = "millrace_no_columns"
const placeholder: ColumnRow = {
  name: placeholderColumn,
  number: 0,
  xmin: "0",
  type: 16,
  modifier: -1,
  display: "boolean",
  base: 16,
  base_modifier: -1,
  element: null,
  delimiter: null,
  casts_otherwise: false,
  native: null,
}

function tableOf(found: TableRow, parts: ReadonlyMap<number, TypeParts>): PgTable {
  const isBare = found.columns.length === 0
  const row = isBare ? { ...found, columns: [placeholder] } : found
  const columns = row.columns.map((column) => ({ ...columnOf(column), parts: parts.get(column.type) }))
  const key = keyNamesOf(row)?.map((name) => columns.findIndex((column) => column.name === name))
  const schema: TableSchema = {
    id: row.oid,
    schema: row.schema,
    name: row.name,
    columns: columns.map((column, index) => ({
      name: column.name,
      type: column.mapping.type,
      sourceType: row.columns[index]?.display ?? "",
      ...nativeIn(column.facts),
    })),
    key,
  }
  const { storage, attributes, identity } = row
  schema.revision = revisionOf({ storage, attributes, identity, columns })
  return {
    schema,
    storage,
    attributes,
    identity,
    columns,
    isBare,
    leftOut: row.left_out,
    partitioned: row.kind === "p",
    filenode: row.filenode,
    estimatedRows: Number(row.estimated_rows),
    blocks: row.blocks,
  }
}

function nativeIn({ native }: TypeFacts): { native?: string } {
  return native === undefined ? {} : { native }
}

function columnOf(row: ColumnRow): PgColumn {
  const element = row.element === null ? undefined : { oid: row.element, delimiter: row.delimiter ?? "," }
  const native = row.native === null ? {} : { native: row.native }
  const facts = { oid: row.base, modifier: row.base_modifier, element, ...native }
  return {
    name: row.name,
    number: row.number,
    xmin: row.xmin,
    mapping: mapType(facts),
    facts,
    castsOtherwise: row.casts_otherwise,
    typeOid: row.type,
    typeModifier: row.modifier,
  }
}

/** The table with these columns as text, whatever their type. */
export function keptAsText(table: PgTable, texts: readonly TextColumn[] | undefined): PgTable {
  const schema = withTextColumns(table.schema, texts)
  const columns = table.columns.map((column, index) =>
    schema.columns[index]?.keptAsText === undefined ? column : { ...column, mapping: asText },
  )
  return { ...table, schema, columns }
}
