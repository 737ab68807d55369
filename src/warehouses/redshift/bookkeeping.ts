import type { BooksDialect } from "../sql/bookkeeping.ts"
import type { Session } from "./connection/client.ts"
import { isAlreadyThere, retryingConflicts } from "./errors.ts"
import { fenceTable, readPosition } from "./fence.ts"
import { type Names, place } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"

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

/** Whether the database was ever opened for a pipeline. */
export async function hasBooks(session: Session, names: Names): Promise<boolean> {
  const found = await session.rows(
    `SELECT table_name FROM svv_tables WHERE table_schema = ${quoteLiteral(names.booksSchema)} AND table_name = 'positions'`,
  )
  return found.length > 0
}

/** The bookkeeping of a database, in this engine's words. */
export function dialectOf(reader: Read, names: Names): BooksDialect {
  return {
    table: names.books,
    literal: quoteLiteral,
    place,
    isNamed: (schema, name) => `schema_name = ${schema} AND table_name = ${name}`,
    rows: reader.rows,
    position: (pipeline) => readPosition(reader, { names, pipeline }),
  }
}
