import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { HeldTable, HeldVersions } from "../../replication/batch/held.ts"
import type { TextColumn, TextColumns } from "../../replication/contracts/text-columns.ts"
import type { Session } from "./connection/client.ts"
import { isAlreadyThere, retryingConflicts } from "./errors.ts"
import { fenceTable, readPosition } from "./fence.ts"
import { type Names, place } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"

/** What a destination database knows of itself: how far its rows have come, and which of its tables are replicated. */
export interface Bookkeeping {
  position(pipeline: string): Promise<Position | undefined>
  /** Every table that an integration brought, newest definition. */
  tables(): Promise<HeldTable[]>
  /** The following are statements for the caller's transaction. */
  /** Forgets the positions of other pipelines, and what was noted of their columns. */
  takeOver(pipeline: string): string[]
  /** Takes the place of whatever was known of the table, or under its name. */
  track(pipeline: string, table: TableSchema): string[]
  untrack(pipeline: string, table: TableSchema): string
  markStale(pipeline: string, table: TableSchema): string
  textColumns(pipeline: string): Promise<TextColumns>
  noteTextColumns(pipeline: string, tableId: string, columns: readonly TextColumn[]): string[]
  /** Every table that keeps versions, live ones as they are now. */
  versions(): Promise<HeldVersions[]>
  noteVersions(pipeline: string, table: TableSchema): string[]
  /** Its versions stay though it is gone. */
  noteDropped(pipeline: string, table: TableSchema): string[]
  forgetVersions(pipeline: string, table: TableSchema): string
}

/** Runs a statement that reads, not in the middle of a transaction. */
export type Read = Pick<Session, "rows">

/** Makes the tables on first use. */
export async function makeBooks(session: Session, names: Names): Promise<void> {
  if (await hasBooks(session, names)) return
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(names.booksSchema)}`,
    `CREATE TABLE IF NOT EXISTS ${names.books("tables")} (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, schema_name VARCHAR(65535) NOT NULL, table_name VARCHAR(65535) NOT NULL, definition VARCHAR(65535) NOT NULL, stale BOOLEAN NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${names.books("text_columns")} (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, columns VARCHAR(65535) NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${names.books("versions")} (pipeline VARCHAR(65535) NOT NULL, table_id VARCHAR(65535) NOT NULL, dropped BOOLEAN NOT NULL, definition VARCHAR(65535) NOT NULL)`,
    // Last: where it is, all of them are.
    fenceTable(names),
  ]
  for (const statement of statements) await making(session, statement)
}

/** Two that make the same thing at once: the one that comes second finds it there. */
async function making(session: Session, statement: string): Promise<void> {
  await retryingConflicts(async () => {
    try {
      await session.run(statement)
    } catch (error) {
      if (!isAlreadyThere(error)) throw error
    }
  })
}

export function bookkeepingOf(reader: Read, names: Names): Bookkeeping {
  return { ...readingOf(reader, names), ...statementsOf(names) }
}

type Reading = Pick<Bookkeeping, "position" | "tables" | "textColumns" | "versions">

function readingOf(reader: Read, names: Names): Reading {
  const tracked = names.books("tables")
  const tables = async (): Promise<HeldTable[]> => {
    const found = await reader.rows(`SELECT pipeline, stale, definition FROM ${tracked}`)
    return (found as [string, string, string][]).map(([pipeline, stale, definition]) => ({
      pipeline,
      stale: stale === "t",
      schema: JSON.parse(definition) as TableSchema,
    }))
  }
  return {
    tables,
    async position(pipeline) {
      const found = await readPosition(reader, { names, pipeline })
      return found === undefined ? undefined : positionFrom(found)
    },
    async textColumns(pipeline) {
      const found = await reader.rows(
        `SELECT table_id, columns FROM ${names.books("text_columns")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
      )
      return new Map(
        (found as [string, string][]).map(([id, columns]) => [id, JSON.parse(columns) as TextColumn[]]),
      )
    },
    async versions() {
      const found = await reader.rows(
        `SELECT v.pipeline, v.dropped, CASE WHEN v.dropped THEN v.definition ELSE t.definition END FROM ${names.books("versions")} AS v LEFT JOIN ${tracked} AS t ON t.pipeline = v.pipeline AND t.table_id = v.table_id WHERE t.definition IS NOT NULL OR v.dropped`,
      )
      const all = (found as [string, string, string][]).map(([pipeline, dropped, definition]) => ({
        pipeline,
        dropped: dropped === "t",
        schema: JSON.parse(definition) as TableSchema,
      }))
      const live = new Set((await tables()).map(({ schema }) => place(schema)))
      // A user took it away, and another has come.
      return all.filter(({ dropped, schema }) => !dropped || !live.has(place(schema)))
    },
  }
}

function statementsOf(names: Names): Omit<Bookkeeping, keyof Reading> {
  const tracked = names.books("tables")
  const texts = names.books("text_columns")
  const versions = names.books("versions")
  const whose = (pipeline: string, { id }: { id: string }) =>
    `pipeline = ${quoteLiteral(pipeline)} AND table_id = ${quoteLiteral(id)}`
  const setVersions = (pipeline: string, table: TableSchema, state: "kept" | "dropped") => [
    `DELETE FROM ${versions} WHERE ${whose(pipeline, table)}`,
    `INSERT INTO ${versions} VALUES (${[pipeline, table.id].map(quoteLiteral).join(", ")}, ${state === "dropped"}, ${quoteLiteral(JSON.stringify(table))})`,
  ]
  return {
    takeOver: (pipeline) =>
      [names.books("positions"), texts].map(
        (table) => `DELETE FROM ${table} WHERE pipeline <> ${quoteLiteral(pipeline)}`,
      ),
    track(pipeline, table) {
      const values = [pipeline, table.id, table.schema, table.name, JSON.stringify(table)].map(quoteLiteral)
      return [
        `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)} OR (schema_name = ${values[2]} AND table_name = ${values[3]})`,
        `INSERT INTO ${tracked} VALUES (${values.join(", ")}, false)`,
      ]
    },
    untrack: (pipeline, table) => `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)}`,
    // Only this definition: a resync with another may have come in the same batch.
    markStale: (pipeline, table) =>
      `UPDATE ${tracked} SET stale = true WHERE ${whose(pipeline, table)} AND definition = ${quoteLiteral(JSON.stringify(table))}`,
    noteTextColumns(pipeline, id, columns) {
      const values = [pipeline, id, JSON.stringify(columns)].map(quoteLiteral)
      return [
        `DELETE FROM ${texts} WHERE ${whose(pipeline, { id })}`,
        ...(columns.length === 0 ? [] : [`INSERT INTO ${texts} VALUES (${values.join(", ")})`]),
      ]
    },
    noteVersions: (pipeline, table) => setVersions(pipeline, table, "kept"),
    noteDropped: (pipeline, table) => setVersions(pipeline, table, "dropped"),
    forgetVersions: (pipeline, table) => `DELETE FROM ${versions} WHERE ${whose(pipeline, table)}`,
  }
}

/** Whether the database was ever opened for a pipeline. */
export async function hasBooks(session: Session, names: Names): Promise<boolean> {
  const found = await session.rows(
    `SELECT table_name FROM svv_tables WHERE table_schema = ${quoteLiteral(names.booksSchema)} AND table_name = 'positions'`,
  )
  return found.length > 0
}

/** The names of the replicated tables of a database. */
export async function trackedNames(session: Session, names: Names, pipeline: string): Promise<TableName[]> {
  if (!(await hasBooks(session, names))) return []
  const found = await session.rows(
    `SELECT schema_name, table_name FROM ${names.books("tables")} WHERE pipeline = ${quoteLiteral(pipeline)}`,
  )
  return (found as [string, string][]).map(([schema, name]) => ({ schema, name }))
}
