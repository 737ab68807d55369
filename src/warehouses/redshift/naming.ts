import { createHash } from "node:crypto"
import type { TableName, TableSchema } from "../../domain/table.ts"
import { historicalName } from "../../replication/contracts/versions.ts"
import { quoteIdentifier } from "./quoting.ts"

/** How destination databases lie in the warehouse: each a database of its own, or each as schemas of one database. */
export type Layout = "databases" | "schemas"

/** Where a destination database is. */
export interface Place {
  /** The warehouse's database; `undefined`: the url's own. */
  connectTo: string | undefined
  /** What the names of its schemas begin with. */
  prefix: string
}

/** The schema, in each destination database, of our own bookkeeping. */
const bookkeepingSchema = "millrace"

/** Names of tables and columns. (Source: Redshift's documentation, "Names and identifiers".) */
const maxNameBytes = 127
/** The engine's 1,600, less those of staged rows and versions. */
const maxColumns = 1_590

/** The bookkeeping holds a table's definition in one VARCHAR. */
const mostDefinitionBytes = 65_535

const ownColumnPrefix = "__millrace_"
/** What the names of our own tables begin with: copies in the making, and temporary tables. */
export const ownTablePrefix = "millrace_"

const renameIt = "Rename it at the source, or leave it out with the data filter."

export function placeIn(layout: Layout, database: string): Place {
  return layout === "databases"
    ? { connectTo: database, prefix: "" }
    : { connectTo: undefined, prefix: `${database}.` }
}

/**
 * Names that are told apart here: without their case. Sessions of ours keep it, but those of readers do so only where
 * `enable_case_sensitive_identifier` is on.
 */
export function place(table: TableName): string {
  return JSON.stringify([table.schema.toLowerCase(), table.name.toLowerCase()])
}

/** The destination database whose bookkeeping a schema is, where each is a set of schemas; none: it is no such schema. */
export function databaseIn(schema: string): string[] {
  const end = `.${bookkeepingSchema}`
  return schema.endsWith(end) ? [schema.slice(0, -end.length)] : []
}

/** The names of one destination database. */
export interface Names {
  /** Of a schema as the source calls it; quoted. */
  schema(name: string): string
  /** A table as people see it; quoted, whole. */
  live(table: TableName): string
  /** What a copy in the making is called in the table's schema, so that it needs a new name only; not quoted. */
  copy(table: TableName): string
  /** A copy in the making; quoted, whole. */
  loading(table: TableName): string
  /** What a table is called, in its schema, on its way to another name within a transaction; not quoted. */
  passing(table: TableName): string
  /** A table of this name in a schema as the source calls it; quoted, whole. */
  inSchema(schema: string, name: string): string
  /** One of the bookkeeping; quoted, whole. */
  books(table: BookTable): string
  /** The schema of the bookkeeping, not quoted. */
  readonly booksSchema: string
  readonly prefix: string
  /** What the names of copies begin with that any opening for this pipeline has made. */
  readonly copyPrefix: string
  /** Why a table cannot be held under the names it brings; `undefined`: it can. */
  refusal(table: TableSchema): string | undefined
}

export type BookTable = "positions" | "tables" | "text_columns" | "versions"

/** For whom names are. */
export interface NamesFor {
  pipeline: string
  /** Names the opening: copies that another one was making are not taken for its own. */
  opening: string
}

const nobody: NamesFor = { pipeline: "", opening: "" }

export function namesOf({ prefix }: Place, { pipeline, opening }: NamesFor = nobody): Names {
  const schema = (name: string) => quoteIdentifier(prefix + name)
  const books = schema(bookkeepingSchema)
  const inSchema = (name: string, table: string) => `${schema(name)}.${quoteIdentifier(table)}`
  const copyPrefix = `${ownTablePrefix}copy_${digest(pipeline, 12)}_`
  const copy = (table: TableName) => `${copyPrefix}${opening}_${digest(place(table), 32)}`
  return {
    schema,
    live: (table) => inSchema(table.schema, table.name),
    copy,
    loading: (table) => inSchema(table.schema, copy(table)),
    passing: (table) => `${ownTablePrefix}passing_${digest(place(table), 32)}`,
    inSchema,
    books: (table) => `${books}.${quoteIdentifier(table)}`,
    booksSchema: prefix + bookkeepingSchema,
    prefix,
    copyPrefix,
    refusal: (table) => schemaRefusal(prefix, table.schema) ?? namesRefusal(table),
  }
}

/** Where a table's versions go on when it keeps no more. */
export function historicalTable({ schema, name }: TableName, at: Date): TableName {
  const room = maxNameBytes - Buffer.byteLength(historicalName("", at))
  return { schema, name: historicalName(cutToBytes(name, room), at) }
}

/** Why a destination database cannot be called so; `undefined`: it can. */
export function databaseRefusal(layout: Layout, database: string): string | undefined {
  if (layout === "schemas" && database.includes("."))
    return `A destination database called ${database} cannot be told from others where each is a set of schemas: its name has a point in it.`
  const whole = layout === "schemas" ? `${database}.${bookkeepingSchema}` : database
  return Buffer.byteLength(whole) > maxNameBytes
    ? `The name ${database} is too long for the warehouse.`
    : undefined
}

function schemaRefusal(prefix: string, schema: string): string | undefined {
  if (schema.toLowerCase() === bookkeepingSchema)
    return `Its schema is called ${schema}, which Millrace keeps for itself in the warehouse. ${renameIt}`
  if (prefix === "" && (schema.startsWith("pg_") || schema === "information_schema"))
    return `Its schema is called ${schema}, which is the warehouse engine's own. ${renameIt}`
  return tooLong(prefix + schema)
    ? `The name of its schema is too long for the warehouse. ${renameIt}`
    : undefined
}

function namesRefusal(table: TableSchema): string | undefined {
  const { name, columns } = table
  if (Buffer.byteLength(JSON.stringify(table)) > mostDefinitionBytes)
    return "The definitions of its columns are too long for the bookkeeping in the warehouse: leave it out with the data filter."
  if (tooLong(name)) return `Its name is too long for the warehouse. ${renameIt}`
  if (name.toLowerCase().startsWith(ownTablePrefix))
    return `Its name begins with ${ownTablePrefix}, as those of Millrace's own tables do. ${renameIt}`
  if (columns.length > maxColumns)
    return `It has more than ${maxColumns} columns, too many for the warehouse.`
  const names = columns.map((column) => column.name)
  const taken = names.find((one) => one.toLowerCase().startsWith(ownColumnPrefix))
  if (taken !== undefined) return `Its column ${taken} has a name that Millrace keeps for itself. ${renameIt}`
  const long = names.find(tooLong)
  if (long !== undefined) return `The name of its column ${long} is too long for the warehouse. ${renameIt}`
  return twins(names)
}

function twins(names: readonly string[]): string | undefined {
  const known = new Set<string>()
  for (const name of names) {
    const folded = name.toLowerCase()
    if (known.has(folded))
      return `It has two columns whose names differ only in case (${name}), which the warehouse's readers cannot tell apart. ${renameIt}`
    known.add(folded)
  }
  return undefined
}

function tooLong(name: string): boolean {
  return Buffer.byteLength(name) > maxNameBytes
}

function digest(text: string, digits: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits)
}

/** Cut between characters. */
function cutToBytes(text: string, bytes: number): string {
  let cut = ""
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytes) break
    cut += character
  }
  return cut
}
