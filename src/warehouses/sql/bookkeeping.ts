import { type Position, positionFrom } from "../../domain/position.ts"
import type { TableName, TableSchema } from "../../domain/table.ts"
import type { HeldTable, HeldVersions } from "../../replication/batch/held.ts"
import type { TextColumn, TextColumns } from "../../replication/contracts/text-columns.ts"

/** What a destination database knows of itself: how far its rows have come, and which of its tables are replicated. */
export interface Bookkeeping {
  position(pipeline: string): Promise<Position | undefined>
  /** Every replicated table, with its newest definition. */
  tables(): Promise<HeldTable[]>
  /** The following are statements for the caller's transaction. */
  /** Removes the positions of other pipelines, and the records of their columns. */
  takeOver(pipeline: string): string[]
  /** Records the table, replacing an earlier record of its id or of its name. */
  track(pipeline: string, table: TableSchema): string[]
  untrack(pipeline: string, table: TableSchema): string
  markStale(pipeline: string, table: TableSchema): string
  textColumns(pipeline: string): Promise<TextColumns>
  noteTextColumns(pipeline: string, tableId: string, columns: readonly TextColumn[]): string[]
  /** Every table that keeps versions, live ones as they are now. */
  versions(): Promise<HeldVersions[]>
  noteVersions(pipeline: string, table: TableSchema): string[]
  /** Records that the table is gone and its versions stay. */
  noteDropped(pipeline: string, table: TableSchema): string[]
  forgetVersions(pipeline: string, table: TableSchema): string
}

export type BookTable = "positions" | "tables" | "text_columns" | "versions"

/** What an engine brings to the bookkeeping of one database. */
export interface BooksDialect {
  /** One of the bookkeeping's tables; quoted, whole. */
  table(name: BookTable): string
  literal(text: string): string
  /** Names that the engine does not tell apart are one place. */
  place(table: TableName): string
  /** Whether a recorded table has these names (literals), in the condition of a statement. */
  isNamed(schema: string, name: string): string
  /** Runs a statement that reads, not in the middle of a transaction: texts, and booleans as `true` or `t`. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>
  /** The recorded position of the pipeline. */
  position(pipeline: string): Promise<string | undefined>
}

export function bookkeepingOf(dialect: BooksDialect): Bookkeeping {
  return { ...readingOf(dialect), ...statementsOf(dialect) }
}

/** The names of the replicated tables of a database. */
export async function trackedNames(
  { table, literal, rows }: Pick<BooksDialect, "table" | "literal" | "rows">,
  pipeline: string,
): Promise<TableName[]> {
  const found = await rows(
    `SELECT schema_name, table_name FROM ${table("tables")} WHERE pipeline = ${literal(pipeline)}`,
  )
  return (found as [string, string][]).map(([schema, name]) => ({ schema, name }))
}

type Reading = Pick<Bookkeeping, "position" | "tables" | "textColumns" | "versions">

const isTrue = (value: unknown) => value === true || value === "t"

function readingOf({ table, literal, place, rows, position }: BooksDialect): Reading {
  const tracked = table("tables")
  const schemaFrom = (definition: string) => JSON.parse(definition) as TableSchema
  const tables = async (): Promise<HeldTable[]> => {
    const found = await rows(`SELECT pipeline, stale, definition FROM ${tracked}`)
    return (found as [string, unknown, string][]).map(([pipeline, stale, definition]) => ({
      pipeline,
      stale: isTrue(stale),
      schema: schemaFrom(definition),
    }))
  }
  return {
    tables,
    async position(pipeline) {
      const found = await position(pipeline)
      return found === undefined ? undefined : positionFrom(found)
    },
    async textColumns(pipeline) {
      const found = await rows(
        `SELECT table_id, columns FROM ${table("text_columns")} WHERE pipeline = ${literal(pipeline)}`,
      )
      return new Map(
        (found as [string, string][]).map(([id, columns]) => [id, JSON.parse(columns) as TextColumn[]]),
      )
    },
    async versions() {
      const found = await rows(
        `SELECT v.pipeline, v.dropped, CASE WHEN v.dropped THEN v.definition ELSE t.definition END FROM ${table("versions")} AS v LEFT JOIN ${tracked} AS t ON t.pipeline = v.pipeline AND t.table_id = v.table_id WHERE t.definition IS NOT NULL OR v.dropped`,
      )
      const all = (found as [string, unknown, string][]).map(([pipeline, dropped, definition]) => ({
        pipeline,
        dropped: isTrue(dropped),
        schema: schemaFrom(definition),
      }))
      const live = new Set((await tables()).map(({ schema }) => place(schema)))
      // A user took that table away, and a replicated one stands at its name now.
      return all.filter(({ dropped, schema }) => !dropped || !live.has(place(schema)))
    },
  }
}

function statementsOf({ table: named, literal, isNamed }: BooksDialect): Omit<Bookkeeping, keyof Reading> {
  const tracked = named("tables")
  const texts = named("text_columns")
  const versions = named("versions")
  const whose = (pipeline: string, { id }: { id: string }) =>
    `pipeline = ${literal(pipeline)} AND table_id = ${literal(id)}`
  const setVersions = (pipeline: string, table: TableSchema, state: "kept" | "dropped") => [
    `DELETE FROM ${versions} WHERE ${whose(pipeline, table)}`,
    `INSERT INTO ${versions} VALUES (${[pipeline, table.id].map(literal).join(", ")}, ${state === "dropped"}, ${literal(JSON.stringify(table))})`,
  ]
  return {
    takeOver: (pipeline) =>
      [named("positions"), texts].map(
        (table) => `DELETE FROM ${table} WHERE pipeline <> ${literal(pipeline)}`,
      ),
    track(pipeline, table) {
      const values = [pipeline, table.id, table.schema, table.name, JSON.stringify(table)].map(literal)
      return [
        `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)} OR (${isNamed(literal(table.schema), literal(table.name))})`,
        `INSERT INTO ${tracked} VALUES (${values.join(", ")}, false)`,
      ]
    },
    untrack: (pipeline, table) => `DELETE FROM ${tracked} WHERE ${whose(pipeline, table)}`,
    // Only this definition: a resync with another may have come in the same batch.
    markStale: (pipeline, table) =>
      `UPDATE ${tracked} SET stale = true WHERE ${whose(pipeline, table)} AND definition = ${literal(JSON.stringify(table))}`,
    noteTextColumns(pipeline, id, columns) {
      const values = [pipeline, id, JSON.stringify(columns)].map(literal)
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
