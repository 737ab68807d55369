import type { TableSchema } from "../../domain/table.ts"
import type { RefusedTable, TableSelection, TableSize } from "../../replication/contracts/source.ts"
import { type TextColumn, withTextColumns } from "../../replication/contracts/text-columns.ts"
import { type Client, quoteIdentifier, quoteLiteral, type Row } from "./client.ts"
import { readLogFilter } from "./log/log-status.ts"
import { type CharsetReading, isReadable, readCharsets } from "./types/charsets.ts"
import { labelsOf } from "./types/labels.ts"
import { asBytes, asText, mapType, type TypeFacts, type TypeMapping } from "./types/types.ts"

/** A table of the source with what is needed to read and decode it. */
export interface MyTable {
  schema: TableSchema
  columns: MyColumn[]
  /** The index that its key is of. */
  keyIndex: string | undefined
}

export interface MyColumn {
  name: string
  mapping: TypeMapping
  facts: TypeFacts
  /** How its text is decoded where it is not UTF-8 in the log; `undefined`: it is. */
  charset: CharsetReading | undefined
  /** StreamedTable as the bytes that the server holds: nobody has mapped its type, or its character set is not known. */
  isRaw: boolean
}

export interface Catalog {
  tables: MyTable[]
  refused: RefusedTable[]
}

const ownSchemas = ["mysql", "information_schema", "performance_schema", "sys"]

/** Names are without regard to case where the server says so; we take what it prints. */
export function tableId(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

const text = (value: string | null | undefined): string => value ?? ""

/** The selected tables: those that can be replicated, and those that cannot with the reason. */
export async function readCatalog(client: Client, select: TableSelection): Promise<Catalog> {
  const among = `NOT IN (${ownSchemas.map(quoteLiteral).join(", ")})`
  const found = await client.query(
    `SELECT table_schema AS db, table_name AS name, table_type AS kind, engine AS engine
     FROM information_schema.tables WHERE table_schema ${among} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
     ORDER BY table_schema, table_name`,
  )
  const wanted = found.filter((row) => select({ schema: text(row.db), name: text(row.name) }))
  const catalog: Catalog = { tables: [], refused: [] }
  if (wanted.length === 0) return catalog
  const parts = await readParts(client, among)
  const unlogged = await readLogFilter(client)
  for (const row of wanted) {
    const [schema, name] = [text(row.db), text(row.name)]
    const id = tableId(schema, name)
    const table = unlogged(schema) ?? tableOf(row, id, parts)
    if (typeof table === "string") catalog.refused.push({ id, schema, name, reason: table })
    else catalog.tables.push(table)
  }
  return catalog
}

interface Parts {
  columns: Map<string, Row[]>
  keys: Map<string, Row[]>
  cascades: Map<string, Row[]>
  jsonChecks: Set<string>
  charsets: Map<string, CharsetReading | "utf8">
}

async function readParts(client: Client, among: string): Promise<Parts> {
  const columns = await client.query(
    `SELECT table_schema AS db, table_name AS name, column_name AS col, data_type AS data_type, column_type AS column_type,
       numeric_precision AS p, numeric_scale AS s, datetime_precision AS dp, character_set_name AS charset,
       character_octet_length AS octets
     FROM information_schema.columns WHERE table_schema ${among} ORDER BY table_schema, table_name, ordinal_position`,
  )
  const keys = await client.query(
    `SELECT table_schema AS db, table_name AS name, index_name AS k, column_name AS col, sub_part AS part, nullable AS n
     FROM information_schema.statistics WHERE table_schema ${among} AND non_unique = 0
     ORDER BY table_schema, table_name, index_name <> 'PRIMARY', index_name, seq_in_index`,
  )
  const cascades = (await logsCascades(client)) ? [] : await cascadingKeys(client, among)
  const charsets = new Set(columns.flatMap((row) => row.charset ?? []))
  return {
    columns: byTable(columns),
    keys: byTable(keys),
    cascades: byTable(cascades),
    jsonChecks: await jsonChecks(client, among),
    charsets: await readCharsets(client, [...charsets]),
  }
}

/** From MySQL 9.6 on its SQL layer does what foreign keys say, and logs it; unless the engine is told to do it itself. */
async function logsCascades(client: Client): Promise<boolean> {
  const [found] = await client.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name = 'innodb_native_foreign_keys'",
  )
  return found?.Value === "OFF"
}

function cascadingKeys(client: Client, among: string): Promise<Row[]> {
  return client.query(
    `SELECT constraint_schema AS db, table_name AS name, constraint_name AS k, referenced_table_name AS parent
     FROM information_schema.referential_constraints WHERE constraint_schema ${among}
       AND (delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))`,
  )
}

/** MariaDB has no type for JSON: it is text with a check. */
async function jsonChecks(client: Client, among: string): Promise<Set<string>> {
  if (client.flavor !== "mariadb") return new Set()
  const rows = await client.query(
    `SELECT constraint_schema AS db, table_name AS name, check_clause AS clause
     FROM information_schema.check_constraints WHERE constraint_schema ${among} AND check_clause LIKE 'json_valid(%'`,
  )
  return new Set(rows.map((row) => `${tableId(text(row.db), text(row.name))} ${text(row.clause)}`))
}

function byTable(rows: Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const id = tableId(text(row.db), text(row.name))
    const of = found.get(id)
    if (of === undefined) found.set(id, [row])
    else of.push(row)
  }
  return found
}

/** A text says why it cannot be replicated. */
function tableOf(row: Row, id: string, parts: Parts): MyTable | string {
  if (row.kind === "SYSTEM VERSIONED")
    return "It is system-versioned: its rows' history would arrive as rows. ALTER TABLE … DROP SYSTEM VERSIONING."
  if (row.engine?.toLowerCase() !== "innodb")
    return `Its engine is ${row.engine}, which has no consistent snapshots. ALTER TABLE … ENGINE = InnoDB.`
  const [cascade] = parts.cascades.get(id) ?? []
  if (cascade !== undefined)
    return `Its foreign key ${cascade.k} to ${cascade.parent} changes rows by itself (CASCADE, SET NULL or SET DEFAULT), and the server's log does not tell which. Make it NO ACTION or RESTRICT and let the application or a trigger change the rows.`
  const columns = (parts.columns.get(id) ?? []).map((column) => columnOf(column, id, parts))
  const unfit = columns.find((column) => typeof column === "string")
  if (typeof unfit === "string") return unfit
  const fit = columns.filter((column) => typeof column !== "string")
  const key = keyOf(parts.keys.get(id) ?? [], fit)
  const schema: TableSchema = {
    id,
    schema: text(row.db),
    name: text(row.name),
    columns: fit.map((column, index) => ({
      name: column.name,
      type: column.mapping.type,
      sourceType: text(parts.columns.get(id)?.[index]?.column_type),
    })),
    key: key?.places,
  }
  return { schema, columns: fit, keyIndex: key?.index }
}

function columnOf(row: Row, id: string, parts: Parts): MyColumn | string {
  const name = text(row.col)
  const columnType = text(row.column_type)
  // MariaDB says so; MySQL 8 has none left.
  if (columnType.includes("mariadb-5.3"))
    return `Its column ${name} is in the form of an old server version. Rebuild the table: ALTER TABLE … FORCE.`
  const facts = factsOf(row, parts.jsonChecks.has(`${id} json_valid(${quoteIdentifier(name)})`))
  const mapping = mapType(facts)
  const charset = charsetOf(facts, parts)
  if (mapping === undefined || !isReadable(charset))
    return { name, mapping: asBytes, facts, charset: undefined, isRaw: true }
  return { name, mapping, facts, charset: charset === "utf8" ? undefined : charset, isRaw: false }
}

function charsetOf({ charset, labels }: TypeFacts, parts: Parts): CharsetReading | "utf8" | undefined {
  // Labels are read from the catalog, which is in UTF-8; the log has their numbers.
  return charset === undefined || labels.length > 0 ? "utf8" : parts.charsets.get(charset)
}

function factsOf(row: Row, isJson: boolean): TypeFacts {
  const dataType = text(row.data_type).toLowerCase()
  const columnType = text(row.column_type)
  const isTemporal = row.dp !== null
  return {
    dataType,
    isUnsigned: /\bunsigned\b/i.test(columnType),
    precision: Number(row.p ?? 0),
    scale: Number((isTemporal ? row.dp : row.s) ?? 0),
    charset: row.charset ?? undefined,
    labels: dataType === "enum" || dataType === "set" ? labelsOf(columnType) : [],
    octets: Number(row.octets ?? 0),
    isJson,
    isZerofill: /\bzerofill\b/i.test(columnType),
  }
}

/**
 * The primary key, or else the first unique index that tells every row: whole columns, none of them nullable, and no two
 * values of which become the same text.
 */
function keyOf(rows: Row[], columns: readonly MyColumn[]): { index: string; places: number[] } | undefined {
  const indexes = new Map<string, Row[]>()
  for (const row of rows) indexes.set(text(row.k), [...(indexes.get(text(row.k)) ?? []), row])
  for (const [name, index] of indexes) {
    const places = index.map((row) => columns.findIndex((column) => column.name === row.col))
    const isWhole = index.every((row) => row.part === null && row.n !== "YES") && !places.includes(-1)
    // In these sets several codes are one character, or `?`.
    const tells = isWhole && places.every((place) => columns[place]?.charset?.kind !== "coded")
    if (tells) return { index: name, places }
  }
  return undefined
}

/** The table with these columns as text, whatever their type. */
export function keptAsText(table: MyTable, texts: readonly TextColumn[] | undefined): MyTable {
  const schema = withTextColumns(table.schema, texts)
  const columns = table.columns.map((column, index) =>
    schema.columns[index]?.keptAsText === undefined ? column : { ...column, mapping: asText },
  )
  return { ...table, schema, columns }
}

/** What the server estimates of these tables, from its statistics. */
export async function readSizes(client: Client, tables: readonly MyTable[]): Promise<TableSize[]> {
  const schemas = [...new Set(tables.map((table) => quoteLiteral(table.schema.schema)))]
  if (schemas.length === 0) return []
  const rows = await client.query(
    `SELECT table_schema AS db, table_name AS name, table_rows AS estimate, data_length AS bytes
     FROM information_schema.tables WHERE table_schema IN (${schemas.join(", ")})`,
  )
  const byId = new Map(rows.map((row) => [tableId(text(row.db), text(row.name)), row]))
  return tables.map(({ schema: { id, schema, name, key } }) => {
    const { estimate, bytes } = byId.get(id) ?? {}
    return {
      schema,
      name,
      hasKey: key !== undefined,
      estimatedRows: Number(estimate ?? 0),
      bytes: Number(bytes ?? 0),
    }
  })
}
