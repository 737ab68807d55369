import { Problem } from "../../domain/problems.ts"
import { tableKey } from "../../domain/table.ts"
import type { Destination, OpenOptions, Warehouse } from "../../replication/contracts/warehouse.ts"
import { trackedNames } from "../sql/bookkeeping.ts"
import { dialectOf, hasBooks, makeBooks } from "./bookkeeping.ts"
import { leftOverCopies } from "./catalog.ts"
import { type Address, connect, type Session } from "./connection/client.ts"
import { dropDatabase, hasDatabase, makeDatabase } from "./databases.ts"
import { newDestination } from "./destination.ts"
import { orProblem } from "./errors.ts"
import { claim, isKnown } from "./fence.ts"
import { databaseRefusal, type Layout, type Names, namesOf, type Place, placeIn } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"
import type { LayoutOf } from "./render/tables.ts"
import type { StagingBucket } from "./staging/bucket.ts"
import type { CopyAccess } from "./staging/copy-sql.ts"
import { openStaging } from "./staging/staging.ts"

/** A Redshift warehouse, provisioned or serverless, or what speaks its dialect. */
export interface RedshiftWarehouseOptions {
  /** Of a user that may make what `layout` needs. */
  address: Address
  layout: Layout
  bucket: StagingBucket
  /** Begins the keys of all staged objects; empty, or with a slash at its end. */
  prefix: string
  access: CopyAccess
  layoutOf: LayoutOf
}

export function openRedshiftWarehouse(options: RedshiftWarehouseOptions): Warehouse {
  const { layout, bucket, prefix } = options
  const server = serverOf(options)
  return {
    open: (opening) =>
      orProblem(`opening database ${opening.database}`, async () => {
        const at = await server.ensure(opening.database)
        return await openFor(options, at, opening)
      }),
    ensure: (database) =>
      orProblem(`making database ${database}`, async () => {
        await server.ensure(database)
        await server.inDatabase(database, makeBooks)
      }),
    drop: (database, by) =>
      orProblem(`dropping database ${database}`, async () => {
        if (by !== undefined && (await server.isThere(database)))
          await server.inDatabase(database, async (session, names) => {
            if (await hasBooks(session, names)) await claim(session, { ...by, names })
          })
        await server.drop(database)
        await bucket.clear(folderOf(prefix, database), { isLeftOver: () => true, atMost: mostDropped })
      }),
    holds: (database, pipeline) =>
      orProblem(`looking for database ${database}`, async () => {
        if (databaseRefusal(layout, database) !== undefined || !(await server.isThere(database))) return false
        return await server.inDatabase(
          database,
          async (session, names) => (await hasBooks(session, names)) && isKnown(session, { names, pipeline }),
        )
      }),
    countRows: (database, pipeline) =>
      orProblem("counting rows", () =>
        server.inDatabase(database, (session, names) => countRows(session, names, pipeline)),
      ),
  }
}

/** Staged objects of a database that is dropped; a rule of the bucket takes the rest. */
const mostDropped = 100_000

/** Destination databases of a warehouse, as the layout has them. */
function serverOf({ address, layout }: RedshiftWarehouseOptions) {
  const onServer = <T>(work: (session: Session) => Promise<T>) => withSession(() => connect(address), work)
  const inDatabase = <T>(database: string, work: (session: Session, names: Names) => Promise<T>) => {
    const at = placeIn(layout, database)
    return withSession(
      () => connect(address, at.connectTo),
      (session) => work(session, namesOf(at)),
    )
  }
  return {
    inDatabase,
    async ensure(database: string): Promise<Place> {
      const refusal = databaseRefusal(layout, database)
      if (refusal !== undefined) throw new Problem("warehouseUnavailable", refusal)
      if (layout === "databases") await onServer((session) => makeDatabase(session, database))
      return placeIn(layout, database)
    },
    isThere: async (database: string) =>
      layout === "schemas" || (await onServer((session) => hasDatabase(session, database))),
    drop: (database: string) =>
      layout === "databases"
        ? onServer((session) => dropDatabase(session, database))
        : onServer((session) => dropSchemas(session, placeIn(layout, database))),
  }
}

async function withSession<T>(
  open: () => Promise<Session>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await open()
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

async function openFor(
  { address, bucket, prefix, access, layoutOf }: RedshiftWarehouseOptions,
  at: Place,
  options: OpenOptions,
): Promise<Destination> {
  const { database, pipeline, generation } = options
  const session = await connect(address, at.connectTo)
  try {
    await makeBooks(session, namesOf(at))
    // Before anything of the pipeline is touched: what is staged may be the newer owner's.
    await claim(session, { pipeline, generation, names: namesOf(at) })
    const folder = `${folderOf(prefix, database)}${encodeURIComponent(pipeline)}/`
    const staging = await openStaging({ bucket, access, prefix: folder, generation })
    const names = namesOf(at, { pipeline, opening: staging.opening })
    await dropLeftOver(session, names)
    const open = () => connect(address, at.connectTo)
    return newDestination({ session, names, staging, layoutOf, connect: open }, options)
  } catch (error) {
    session.destroy()
    throw error
  }
}

function folderOf(prefix: string, database: string): string {
  return `${prefix}${encodeURIComponent(database)}/`
}

/** How long the drop of a copy waits for an older owner's load of it; what is left then goes with the next opening. */
const dropLimitMs = 5_000

async function dropLeftOver(session: Session, names: Names): Promise<void> {
  const copies = await leftOverCopies(session, names)
  if (copies.length === 0) return
  await session.run(`SET statement_timeout TO ${dropLimitMs}`)
  for (const copy of copies) await session.run(`DROP TABLE IF EXISTS ${copy}`).catch(() => undefined)
  await session.run("SET statement_timeout TO 0")
}

async function dropSchemas(session: Session, { prefix }: Place): Promise<void> {
  const found = await session.rows(
    `SELECT nspname FROM pg_namespace WHERE LEFT(nspname, ${prefix.length}) = ${quoteLiteral(prefix)} ORDER BY nspname`,
  )
  for (const [name] of found)
    await session.run(`DROP SCHEMA IF EXISTS ${quoteIdentifier(name ?? "")} CASCADE`)
}

async function countRows(session: Session, names: Names, pipeline: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  if (!(await hasBooks(session, names))) return counts
  for (const table of await trackedNames(dialectOf(session, names), pipeline)) {
    const [row] = await session.rows(`SELECT COUNT(*) FROM ${names.live(table)}`)
    counts.set(tableKey(table), Number(row?.[0]))
  }
  return counts
}
