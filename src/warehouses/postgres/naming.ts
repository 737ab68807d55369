import { createHash } from "node:crypto"
import type { TableName, TableSchema } from "../../domain/table.ts"
import { historicalName } from "../../replication/contracts/versions.ts"
import { quoteIdentifier } from "./quoting.ts"

/** How destination databases lie in the server: each a database of its own, or each as schemas of one database. */
export type Layout = "databases" | "schemas"

/** Where a destination database is. */
export interface Place {
  /** The server's database; `undefined`: the url's own. */
  connectTo: string | undefined
  /** What the names of its schemas begin with. */
  prefix: string
}

/** The schema, in each destination database, of our own bookkeeping and of tables that nobody is to see yet. */
const bookkeepingSchema = "millrace"

/** The server cuts what is longer. */
const maxNameBytes = 63

/** Columns that every table of the server has. */
const systemColumns = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]
/** The server's 1,600, less those of staged rows and versions. */
const maxColumns = 1_590

const ownColumnPrefix = "__millrace_"

const passingPrefix = "millrace_passing_"

const renameIt = "Rename it at the source, or leave it out with the data filter."

export function placeIn(layout: Layout, database: string): Place {
  return layout === "databases"
    ? { connectTo: database, prefix: "" }
    : { connectTo: undefined, prefix: `${database}.` }
}

/** The destination database that a schema holds the bookkeeping of, where each is a set of schemas; none: another schema. */
export function databaseIn(schema: string): string[] {
  const suffix = `.${bookkeepingSchema}`
  return schema.endsWith(suffix) ? [schema.slice(0, -suffix.length)] : []
}

/** Names that are told apart here: with their case. */
export function place(table: TableName): string {
  return JSON.stringify([table.schema, table.name])
}

/** The names of one destination database. */
export interface Names {
  /** Of a schema as the source calls it; quoted. */
  schema(name: string): string
  /** A table as people see it; quoted, whole. */
  live(table: TableName): string
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
  /** Why a table cannot be held under the names it brings; `undefined`: it can. */
  refusal(table: TableSchema): string | undefined
}

export type BookTable =
  | "positions"
  | "copies"
  | "tables"
  | "text_columns"
  | "versions"
  | "views_aside"
  | "copy_jobs"
  | "copy_files"
  | "governance"
  | "governed_places"
  | "governed_views"
  | "profile"
  | "entitlement"
  | "impersonator"
  | "secret"

export function namesOf({ prefix }: Place): Names {
  const schema = (name: string) => quoteIdentifier(prefix + name)
  const books = schema(bookkeepingSchema)
  const inSchema = (name: string, table: string) => `${schema(name)}.${quoteIdentifier(table)}`
  return {
    schema,
    live: (table) => inSchema(table.schema, table.name),
    // Under names of their own: behind a suffix the longest names of a source would not fit.
    loading: (table) => `${books}.${quoteIdentifier(`copy_${digest(table)}`)}`,
    passing: (table) => `${passingPrefix}${digest(table)}`,
    inSchema,
    books: (table) => `${books}.${quoteIdentifier(table)}`,
    booksSchema: prefix + bookkeepingSchema,
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
    ? `The name ${database} is too long for PostgreSQL.`
    : undefined
}

function schemaRefusal(prefix: string, schema: string): string | undefined {
  if (schema === bookkeepingSchema)
    return `Its schema is called ${schema}, which Millrace keeps for itself in the warehouse. ${renameIt}`
  if (prefix === "" && (schema.startsWith("pg_") || schema === "information_schema"))
    return `Its schema is called ${schema}, which is the warehouse engine's own. ${renameIt}`
  return tooLong(prefix + schema)
    ? `The name of its schema is too long for PostgreSQL. ${renameIt}`
    : undefined
}

function namesRefusal({ name, columns }: TableSchema): string | undefined {
  if (tooLong(name)) return `Its name is too long for PostgreSQL. ${renameIt}`
  if (columns.length > maxColumns) return `It has more than ${maxColumns} columns, too many for PostgreSQL.`
  const names = columns.map((column) => column.name)
  const taken = names.find((one) => one.startsWith(ownColumnPrefix))
  if (taken !== undefined) return `Its column ${taken} has a name that Millrace keeps for itself. ${renameIt}`
  const system = names.find((one) => systemColumns.includes(one))
  if (system !== undefined)
    return `Its column ${system} is called as one that every table of PostgreSQL has. ${renameIt}`
  const long = names.find(tooLong)
  return long && `The name of its column ${long} is too long for PostgreSQL. ${renameIt}`
}

function tooLong(name: string): boolean {
  return Buffer.byteLength(name) > maxNameBytes
}

function digest(table: TableName): string {
  return createHash("sha256").update(place(table)).digest("hex").slice(0, 32)
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
