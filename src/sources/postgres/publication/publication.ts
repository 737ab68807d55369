import type pg from "pg"
import { Problem } from "../../../domain/problems.ts"
import { qualifiedName, type TableName } from "../../../domain/table.ts"
import type { TableSelection } from "../../../replication/contracts/source.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { harmfulEntries } from "../catalog/identity.ts"
import { quoteIdentifier } from "../client.ts"
import {
  type AlteringLimits,
  alteringPublication,
  holdersOf,
  hopelessLimits,
  isLockTimeout,
  lockedOut,
  vacuumLimits,
} from "./publication-locks.ts"
import { type PublicationState, readState, sign, signatureAfter, versionsOf } from "./publication-state.ts"
import { generatedVersion } from "./publication-widening.ts"

const wholeOptions = "publish = 'insert, update, delete, truncate', publish_via_partition_root = true"
const withGenerated = "publish_generated_columns = stored"

/** Named like its slot. Listed tables only: publishing all tables needs a superuser. Those that are locked stay out. */
export async function createPublication(client: pg.Client, name: string, tables: PgTable[]): Promise<void> {
  await alteringPublication(client, name, async () => {
    await client.query(
      `CREATE PUBLICATION ${quoteIdentifier(name)} WITH (${await publicationOptions(client)})`,
    )
    const state = await readState(client, name)
    if (state !== undefined)
      await sign(client, name, { publication: state.version, tables: versionsOf(state) })
  })
  await publishWhole(client, name, tables)
}

/** As our publications are made on this server. */
export async function publicationOptions(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  )
  return (rows[0]?.version ?? 0) >= generatedVersion ? `${wholeOptions}, ${withGenerated}` : wholeOptions
}

/** A publication that was made before its server was upgraded does not publish generated columns yet. */
export async function publishGenerated(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query(
    "SELECT FROM pg_publication p WHERE pubname = $1 AND to_jsonb(p) ->> 'pubgencols' = 'n'",
    [name],
  )
  if (rows.length === 0) return
  await alteringPublication(client, name, async () => {
    const before = await readState(client, name)
    await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} SET (${withGenerated})`)
    const after = await readState(client, name)
    if (after !== undefined && before?.signature?.publication === before?.version && before?.signature)
      await sign(client, name, { ...before.signature, publication: after.version })
  })
}

/** So many tables are locked together for a moment. */
const tablesAtOnce = 50

/**
 * Has these tables, which are about to be copied, published whole, whatever somebody made of that. Answers those, by id,
 * that somebody has locked, with what they wait for.
 */
export async function publishWhole(
  client: pg.Client,
  name: string,
  tables: PgTable[],
): Promise<Map<string, Problem>> {
  const locked = new Map<string, Problem>()
  for (let from = 0; from < tables.length; from += tablesAtOnce) {
    const some = tables.slice(from, from + tablesAtOnce)
    try {
      await publishSome(client, name, some)
    } catch (error) {
      if (!isLockTimeout(error)) throw error
      await publishUnlocked(client, name, some, locked)
    }
  }
  return locked
}

/** One of them is locked: the others are published, and it is waited for as long as nobody waits for us. */
async function publishUnlocked(
  client: pg.Client,
  name: string,
  tables: PgTable[],
  locked: Map<string, Problem>,
): Promise<void> {
  const holders = Map.groupBy(
    await holdersOf(
      client,
      tables.map(({ schema }) => schema.id),
    ),
    ({ id }) => id,
  )
  const free = tables.filter(({ schema }) => !holders.has(schema.id))
  const held = tables.filter(({ schema }) => holders.has(schema.id))
  for (const some of [free, ...held.map((table) => [table])].filter(({ length }) => length > 0)) {
    const theirs = some.flatMap(({ schema }) => holders.get(schema.id) ?? [])
    const isVacuum = theirs.length > 0 && theirs.every(({ isAutovacuum }) => isAutovacuum)
    const limits = isVacuum ? vacuumLimits : theirs.length > 0 ? hopelessLimits : undefined
    try {
      await publishSome(client, name, some, limits)
    } catch (error) {
      if (!isLockTimeout(error)) throw error
      for (const { schema } of some)
        locked.set(schema.id, lockedOut(`Table ${qualifiedName(schema)}`, theirs))
    }
  }
}

async function publishSome(
  client: pg.Client,
  name: string,
  tables: PgTable[],
  limits?: AlteringLimits,
): Promise<void> {
  const work = async () => {
    const before = await readState(client, name)
    if (before === undefined) throw gone()
    const quoted = quoteIdentifier(name)
    const entries = new Map(before.entries.map((entry) => [entry.table, entry]))
    const narrowed = tables.filter((table) => entries.get(table.schema.id)?.narrowed === true)
    const missing = tables.filter((table) => !entries.has(table.schema.id))
    const listed = (some: PgTable[]) => some.map(publishedTable).join(", ")
    if (narrowed.length > 0) await client.query(`ALTER PUBLICATION ${quoted} DROP TABLE ${listed(narrowed)}`)
    if (narrowed.length + missing.length > 0)
      await client.query(`ALTER PUBLICATION ${quoted} ADD TABLE ${listed([...narrowed, ...missing])}`)
    if (!before.whole) await publishAllChanges(client, name)
    const after = await readState(client, name)
    if (after === undefined) return
    await refuseOthers(client, name, after, tables)
    await sign(client, name, signatureAfter(before, after, tables))
  }
  await alteringPublication(client, name, work, limits)
}

/** Its tables may have been published without updates because one of them did not identify its rows. */
async function publishAllChanges(client: pg.Client, name: string): Promise<void> {
  await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} SET (${wholeOptions})`)
  const { rows } = await client.query<TableName & { partitioned: boolean }>(
    harmfulEntries("array[$1::text]"),
    [name],
  )
  if (rows.length === 0) return
  await client.query(`ALTER PUBLICATION ${quoteIdentifier(name)} DROP TABLE ${rows.map(placeOf).join(", ")}`)
}

/**
 * Tables are published by name, and were read before they were locked: by now another may stand there, or they may have
 * lost what identifies their rows. Then nothing is published: their updates would fail at the source.
 */
async function refuseOthers(
  client: pg.Client,
  name: string,
  { entries }: PublicationState,
  wanted: readonly PgTable[],
): Promise<void> {
  const published = new Set(entries.map(({ table }) => table))
  const { rows } = await client.query<{ id: string }>(harmfulEntries("array[$1::text]"), [name])
  const harmful = new Set(rows.map(({ id }) => id))
  const other = wanted.find(({ schema }) => !published.has(schema.id) || harmful.has(schema.id))
  if (other === undefined) return
  throw new Problem(
    "sourceBusy",
    `Table ${qualifiedName(other.schema)} was renamed or changed while it was being published.`,
  )
}

/** Has what the selection does not take published no more. */
export async function publishOnly(client: pg.Client, name: string, select: TableSelection): Promise<void> {
  const { rows } = await client.query<TableName & { id: string; partitioned: boolean }>(publishedQuery, [
    name,
  ])
  const unwanted = rows.filter((table) => !select(table))
  if (unwanted.length === 0) return
  await alteringPublication(client, name, async () => {
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

/** Its entries: id, schema, name, partitioned. */
export const publishedQuery = `
select c.oid::bigint::text as id, n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned
from pg_publication p join pg_publication_rel r on r.prpubid = p.oid join pg_class c on c.oid = r.prrelid
join pg_namespace n on n.oid = c.relnamespace where p.pubname = $1`

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

function publishedTable({ partitioned, schema }: PgTable): string {
  return placeOf({ partitioned, schema: schema.schema, name: schema.name })
}

export function placeOf({ partitioned, schema, name }: TableName & { partitioned: boolean }): string {
  return `${partitioned ? "" : "ONLY "}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

export function gone(): Problem {
  return new Problem("sourceHistoryLost", "The publication at the source is gone.")
}
