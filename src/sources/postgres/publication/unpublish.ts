import type pg from "pg"
import type { TableName } from "../../../domain/table.ts"
import { quoteIdentifier } from "../client.ts"
import { gone, placeOf, publicationOptions, publishedQuery } from "./publication.ts"
import { type AlteringLimits, alteringPublication, isLockTimeout } from "./publication-locks.ts"
import {
  type PublicationState,
  readState,
  type Signature,
  sign,
  unknownVersion,
  versionsOf,
} from "./publication-state.ts"

/** An entry of a publication. */
export interface PublishedTable extends TableName {
  id: string
  partitioned: boolean
}

/** The application's statements fail until it is done: nothing is waited for here. */
const firstLimitMs = 50
const limits: AlteringLimits = { turnMs: 200, lockMs: 50, statementMs: 300 }

/**
 * Has UPDATE and DELETE of these tables accepted again at the source, in less than a second whoever holds which locks:
 *
 * 1. They are taken out of the publication, which needs a SHARE UPDATE EXCLUSIVE lock on each. Somebody may have it for
 *    hours: VACUUM, CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY of the very index.
 * 2. The publication is made anew without them, in one transaction. That needs a lock on all the others, and none on
 *    these. The stream goes on: at each place in the log there is one publication of the name.
 * 3. The publication sends no updates and deletes any more, which needs no lock on a table. All its tables are then
 *    resynced, as after an alteration by hand.
 *
 * What the stream misses is found by the publication's signature, which is not changed here for these tables.
 */
export async function unpublish(
  client: pg.Client,
  name: string,
  tables: readonly PublishedTable[],
): Promise<void> {
  const quoted = quoteIdentifier(name)
  const list = tables.map(placeOf).join(", ")
  const isOut = await unlessLocked(() =>
    client.query(`SET lock_timeout = ${firstLimitMs}; ALTER PUBLICATION ${quoted} DROP TABLE ${list}`),
  )
  if (isOut) return
  const ids = new Set(tables.map(({ id }) => id))
  if (await unlessLocked(() => makeAnew(client, name, ids))) return
  await client.query(`ALTER PUBLICATION ${quoted} SET (publish = 'insert, truncate')`)
}

async function unlessLocked(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!isLockTimeout(error)) throw error
    return false
  }
}

async function makeAnew(client: pg.Client, name: string, without: ReadonlySet<string>): Promise<void> {
  const work = async () => {
    const before = await readState(client, name)
    if (before === undefined) throw gone()
    const { rows } = await client.query<PublishedTable>(publishedQuery, [name])
    const kept = rows.filter(({ id }) => !without.has(id)).map(placeOf)
    const forTables = kept.length === 0 ? "" : ` FOR TABLE ${kept.join(", ")}`
    const quoted = quoteIdentifier(name)
    const options = await publicationOptions(client)
    await client.query(
      `DROP PUBLICATION ${quoted}; CREATE PUBLICATION ${quoted}${forTables} WITH (${options})`,
    )
    const after = await readState(client, name)
    if (after !== undefined) await sign(client, name, signatureAnew(before, after))
  }
  await alteringPublication(client, name, work, limits)
}

/** What was altered by others before, or is not among the tables any more, stays to be told. */
function signatureAnew(before: PublicationState, after: PublicationState): Signature {
  const [was, now] = [versionsOf(before), versionsOf(after)]
  const signed = before.signature
  const isKnown = signed !== undefined && signed.publication === before.version
  const ids = Object.keys({ ...was, ...signed?.tables })
  const versions = ids.map((id) => {
    const isUnaltered = isKnown && signed.tables[id] === was[id]
    return [id, isUnaltered ? (now[id] ?? unknownVersion) : unknownVersion]
  })
  return { publication: after.version, tables: Object.fromEntries(versions) }
}
