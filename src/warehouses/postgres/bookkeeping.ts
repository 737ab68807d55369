import { createHash } from "node:crypto"
import type { BooksDialect } from "../sql/bookkeeping.ts"
import type { Session } from "./client.ts"
import { fenceTables, readPosition } from "./fence.ts"
import { governanceObjects } from "./governance/objects.ts"
import { type Names, place } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"
import { makeReaderRole } from "./render/grants.ts"
import { routines } from "./render/routines.ts"

/** Runs a statement that reads, not in the middle of a transaction. */
export type Read = Pick<Session, "rows">

/**
 * Makes the tables and routines on first use, and anew where another version made them; the schema's comment says which one.
 * Two that make them at once would fail one another: one lock for all of them.
 */
export async function makeBooks(session: Session, names: Names): Promise<void> {
  // Of all names only this one stands in the bodies of routines, which it could end.
  if (names.booksSchema.includes("$f$")) throw new Error("a database whose name has $f$ cannot be kept here")
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(names.booksSchema)}`,
    fenceTables(names),
    `CREATE TABLE IF NOT EXISTS ${names.books("tables")}
      (pipeline text NOT NULL, table_id text NOT NULL, schema_name text NOT NULL, table_name text NOT NULL,
       definition text NOT NULL, stale boolean NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${names.books("text_columns")}
      (pipeline text NOT NULL, table_id text NOT NULL, columns text NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${names.books("versions")}
      (pipeline text NOT NULL, table_id text NOT NULL, dropped boolean NOT NULL, definition text NOT NULL)`,
    makeReaderRole,
    ...governanceObjects(names),
    ...routines(names),
  ].join(";\n")
  const version = `Millrace ${createHash("sha256").update(statements).digest("hex").slice(0, 16)}`
  const [[made] = []] = await session.rows(
    `SELECT obj_description(to_regnamespace(${quoteLiteral(quoteIdentifier(names.booksSchema))}), 'pg_namespace')`,
  )
  if (made === version) return
  await session.run(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`millrace ${names.booksSchema}`)}, 0));
    ${statements};
    COMMENT ON SCHEMA ${quoteIdentifier(names.booksSchema)} IS ${quoteLiteral(version)};
    COMMIT`)
}

/** Whether the database was ever opened for a pipeline. */
export async function hasBooks(session: Session, names: Names): Promise<boolean> {
  const found = await session.rows(
    `SELECT 1 FROM pg_tables WHERE schemaname = ${quoteLiteral(names.booksSchema)} AND tablename = 'positions'`,
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
