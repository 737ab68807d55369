import type pg from "pg"
import { quoteIdentifier } from "../client.ts"

/**
 * What somebody has made of a publication of ours that has it refuse updates of tables which are not its own, or which
 * identify their rows: all tables of a schema, or no generated columns (`schema` is null).
 */
export interface Widening {
  handle: string
  schema: string | null
}

/** The first with publications of schemas. */
const schemasVersion = 150_000
/** The first that can publish generated columns. */
export const generatedVersion = 180_000

/** SQL. `names`: SQL of an array of publication names. Columns: handle, schema. */
export function wideningsOf(names: string, version: number): string {
  const none = "select null::text as handle, null::text as schema where false"
  const schemas = `select p.pubname::text, n.nspname::text from pg_publication p join pg_publication_namespace s on s.pnpubid = p.oid
    join pg_namespace n on n.oid = s.pnnspid where p.pubname = any(${names})`
  const generated = `select p.pubname::text, null from pg_publication p where p.pubname = any(${names}) and p.pubgencols = 'n'`
  return [
    none,
    ...(version >= schemasVersion ? [schemas] : []),
    ...(version >= generatedVersion ? [generated] : []),
  ].join(" union all ")
}

/** Needs no lock on a table. */
export async function dropSchema(client: pg.Client, handle: string, schema: string): Promise<void> {
  await client.query(
    `ALTER PUBLICATION ${quoteIdentifier(handle)} DROP TABLES IN SCHEMA ${quoteIdentifier(schema)}`,
  )
}
