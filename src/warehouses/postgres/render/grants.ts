import type { Names } from "../naming.ts"
import { doBlock, quoteIdentifier } from "../quoting.ts"
import { readerRole } from "./routines.ts"

/** Makes the readers' role where this role may, and lets it be where it may not: `millrace check` says so. */
export const makeReaderRole = doBlock(`BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${readerRole}') THEN CREATE ROLE ${readerRole} NOLOGIN; END IF;
  EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
  END`)

/** Makes a schema as the source calls it, in which readers may look tables up. */
export function makeSchema(names: Names, schema: string): string[] {
  const quoted = names.schema(schema)
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoted}`,
    ifReaders(`GRANT USAGE ON SCHEMA ${quoted} TO ${quoteIdentifier(readerRole)}`),
  ]
}

function ifReaders(statement: string): string {
  return doBlock(`BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${readerRole}') THEN ${statement}; END IF;
  END`)
}
