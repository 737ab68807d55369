import type pg from "pg"
import { quoteIdentifier, quoteLiteral } from "../client.ts"

/**
 * What a publication leaves out is nowhere said in the stream. So we sign what we make, in the publication's own
 * comment: the row versions in the catalog of the publication and of each table's entry. Whoever alters one by hand
 * leaves another version, also if the alteration has been taken back since.
 */
export interface Signature {
  publication: string
  /** Entry's version by the table's oid. */
  tables: Record<string, string>
}

/** The version of an entry that somebody altered, until its table is resynced. */
export const unknownVersion = "altered"

/** A publication as it is now, and what we have signed of it. */
export interface PublicationState {
  version: string
  /** Publishes all kinds of changes, and partitions as their root. */
  whole: boolean
  entries: { table: string; version: string; narrowed: boolean }[]
  signature: Signature | undefined
}

// Row filters and column lists came with version 15, publishing by the root with 13.
const stateQuery = `
select p.oid || ':' || p.xmin as version, obj_description(p.oid, 'pg_publication') as comment,
  p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate and p.pubviaroot as whole,
  coalesce((select json_agg(json_build_object('table', r.prrelid::bigint::text, 'version', r.oid || ':' || r.xmin,
     'narrowed', to_jsonb(r) ->> 'prqual' is not null or to_jsonb(r) ->> 'prattrs' is not null))
     from pg_publication_rel r where r.prpubid = p.oid), '[]') as entries
from pg_publication p where p.pubname = $1`

/** `undefined`: there is no such publication. */
export async function readState(client: pg.Client, name: string): Promise<PublicationState | undefined> {
  const { rows } = await client.query<Omit<PublicationState, "signature"> & { comment: string | null }>(
    stateQuery,
    [name],
  )
  const [row] = rows
  return row && { ...row, signature: signatureIn(row.comment) }
}

function signatureIn(comment: string | null): Signature | undefined {
  const text = comment?.startsWith(signaturePrefix) ? comment.slice(signaturePrefix.length) : undefined
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Signature
  } catch (error) {
    // Somebody wrote into it: as if it were not there.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const signaturePrefix = "Made by Millrace; altered by hand, tables are copied anew. "

/** Notes in the publication's comment that this is how we left it. */
export async function sign(client: pg.Client, name: string, signature: Signature): Promise<void> {
  const text = quoteLiteral(signaturePrefix + JSON.stringify(signature))
  await client.query(`COMMENT ON PUBLICATION ${quoteIdentifier(name)} IS ${text}`)
}

/** Versions of its entries by the table's oid. */
export function versionsOf({ entries }: PublicationState): Record<string, string> {
  return Object.fromEntries(entries.map(({ table, version }) => [table, version]))
}

/** What was altered of the others stays to be told. */
export function signatureAfter(
  before: PublicationState,
  after: PublicationState,
  mended: readonly { schema: { id: string } }[],
): Signature {
  const now = versionsOf(after)
  const isKnown = before.signature !== undefined && before.signature.publication === before.version
  const signed = before.signature?.tables ?? now
  const others = Object.keys(signed).map((id) => [id, isKnown ? signed[id] : unknownVersion])
  const ours = mended.map(({ schema }) => [schema.id, now[schema.id] ?? unknownVersion])
  return { publication: after.version, tables: Object.fromEntries([...others, ...ours]) }
}
