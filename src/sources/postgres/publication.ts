import type pg from "pg"
import { Problem } from "../../domain/problems.ts"
import type { TableName } from "../../domain/table.ts"
import type { TableSelection } from "../../replication/source.ts"
import type { PgTable } from "./catalog.ts"
import { quoteIdentifier, quoteLiteral } from "./client.ts"

/**
 * What a publication leaves out is nowhere said in the stream. So we sign what we make, in the publication's own
 * comment: the row versions in the catalog of the publication and of each table's entry. Whoever alters one by hand
 * leaves another version, also if the alteration has been taken back since.
 */
interface Signature {
  publication: string
  /** Entry's version by the table's oid. */
  tables: Record<string, string>
}

/** The version of an entry that somebody altered, until its table is copied anew. */
const unknownVersion = "altered"
const wholeOptions = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true"
/** The first that can publish generated columns. */
const generatedVersion = 180_000
const withGenerated = "publish_generated_columns = stored"

/** Named like its slot. Listed tables only: publishing all tables needs a superuser. */
export async function createPublication(
  client: pg.Client,
  name: string,
  tables: PgTable[],
  serverVersion: number,
): Promise<void> {
  const list = tables.map(publishedTable)
  const forTables = list.length === 0 ? "" : ` FOR TABLE ${list.join(", ")}`
  const generated = serverVersion >= generatedVersion ? `, ${withGenerated}` : ""
  await inTransaction(client, async () => {
    await client.query(
      `CREATE PUBLICATION ${quoteIdentifier(name)}${forTables} WITH (${wholeOptions}${generated})`,
    )
    const state = await readState(client, name)
    if (state !== undefined)
      await sign(client, name, { publication: state.version, tables: versionsOf(state) })
  })
}

/** A publication that was made before its server was upgraded does not publish generated columns yet. */
export async function publishGenerated(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query(
    "SELECT FROM pg_publication p WHERE pubname = $1 AND to_jsonb(p) ->> 'pubgencols' = 'n'",
    [name],
  )
  if (rows.length === 0) return
  await inTransaction(client, async () => {
    const before = await readState(client, name)
    await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} SET (${withGenerated})`)
    const after = await readState(client, name)
    if (after !== undefined && before?.signature?.publication === before?.version && before?.signature)
      await sign(client, name, { ...before.signature, publication: after.version })
  })
}

/** Has these tables, which are about to be copied, published whole, whatever somebody made of that. */
export async function publishWhole(client: pg.Client, name: string, tables: PgTable[]): Promise<void> {
  if (tables.length === 0) return
  await inTransaction(client, async () => {
    const before = await readState(client, name)
    if (before === undefined) throw gone()
    const quoted = quoteIdentifier(name)
    const entries = new Map(before.entries.map((entry) => [entry.table, entry]))
    const narrowed = tables.filter((table) => entries.get(table.schema.id)?.narrowed === true)
    const missing = tables.filter((table) => !entries.has(table.schema.id))
    const listed = (some: PgTable[]) => some.map(publishedTable).join(", ")
    if (!before.whole) await client.query(`ALTER PUBLICATION ${quoted} SET (${wholeOptions})`)
    if (narrowed.length > 0) await client.query(`ALTER PUBLICATION ${quoted} DROP TABLE ${listed(narrowed)}`)
    if (narrowed.length + missing.length > 0)
      await client.query(`ALTER PUBLICATION ${quoted} ADD TABLE ${listed([...narrowed, ...missing])}`)
    const after = await readState(client, name)
    if (after !== undefined) await sign(client, name, signatureAfter(before, after, tables))
  })
}

/** Has what the selection does not take published no more. */
export async function publishOnly(client: pg.Client, name: string, select: TableSelection): Promise<void> {
  const { rows } = await client.query<TableName & { id: string; partitioned: boolean }>(publishedQuery, [
    name,
  ])
  const unwanted = rows.filter((table) => !select(table))
  if (unwanted.length === 0) return
  await inTransaction(client, async () => {
    const before = await readState(client, name)
    if (before === undefined) throw gone()
    const list = unwanted.map(placeOf).join(", ")
    await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} DROP TABLE ${list}`)
    const after = await readState(client, name)
    if (after === undefined) return
    const { publication, tables } = signatureAfter(before, after, [])
    for (const { id } of unwanted) delete tables[id]
    await sign(client, name, { publication, tables })
  })
}

const publishedQuery = `
select c.oid::bigint::text as id, n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned
from pg_publication p join pg_publication_rel r on r.prpubid = p.oid join pg_class c on c.oid = r.prrelid
join pg_namespace n on n.oid = c.relnamespace where p.pubname = $1`

/** What was altered of the others stays to be told. */
function signatureAfter(before: State, after: State, mended: PgTable[]): Signature {
  const now = versionsOf(after)
  const isKnown = before.signature !== undefined && before.signature.publication === before.version
  const signed = before.signature?.tables ?? now
  const others = Object.keys(signed).map((id) => [id, isKnown ? signed[id] : unknownVersion])
  const ours = mended.map(({ schema }) => [schema.id, now[schema.id] ?? unknownVersion])
  return { publication: after.version, tables: Object.fromEntries([...others, ...ours]) }
}

/**
 * Tables, by id, that somebody has had published otherwise since we did, and what that was.
 * Throws Problem `sourceHistoryLost` when there is no publication any more.
 */
export async function alterationsOf(client: pg.Client, name: string): Promise<Map<string, string>> {
  const state = await readState(client, name)
  if (state === undefined) throw gone()
  const altered = new Map<string, string>()
  const { signature, version } = state
  const now = versionsOf(state)
  if (signature === undefined || signature.publication !== version) {
    const ids = Object.keys({ ...now, ...signature?.tables })
    return new Map(ids.map((id) => [id, "The publication at the source was altered."]))
  }
  for (const [id, signed] of Object.entries(signature.tables)) {
    if (now[id] === undefined) altered.set(id, "It was taken out of the publication at the source.")
    else if (now[id] !== signed) altered.set(id, "Its entry in the publication at the source was altered.")
  }
  return altered
}

interface State {
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

async function readState(client: pg.Client, name: string): Promise<State | undefined> {
  const { rows } = await client.query<Omit<State, "signature"> & { comment: string | null }>(stateQuery, [
    name,
  ])
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

async function sign(client: pg.Client, name: string, signature: Signature): Promise<void> {
  const text = quoteLiteral(signaturePrefix + JSON.stringify(signature))
  await client.query(`COMMENT ON PUBLICATION ${quoteIdentifier(name)} IS ${text}`)
}

function versionsOf({ entries }: State): Record<string, string> {
  return Object.fromEntries(entries.map(({ table, version }) => [table, version]))
}

function publishedTable({ partitioned, schema }: PgTable): string {
  return placeOf({ partitioned, schema: schema.schema, name: schema.name })
}

function placeOf({ partitioned, schema, name }: TableName & { partitioned: boolean }): string {
  return `${partitioned ? "" : "ONLY "}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

function gone(): Problem {
  return new Problem("sourceHistoryLost", "The publication at the source is gone.")
}

const lockLimitMs = 5_000

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  // Somebody may have locked a table for hours, and a stream may stand still for this.
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockLimitMs}`)
  try {
    await work()
    await client.query("COMMIT")
  } catch (error) {
    await client.query("ROLLBACK")
    throw error
  }
}
