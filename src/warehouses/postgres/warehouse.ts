import { rm } from "node:fs/promises"
import { join } from "node:path"
import { newSerialQueue, type SerialQueue } from "../../concurrency/serial-queue.ts"
import { Problem } from "../../domain/problems.ts"
import { tableKey } from "../../domain/table.ts"
import type { Destination, OpenOptions, Warehouse } from "../../replication/contracts/warehouse.ts"
import { trackedNames } from "../sql/bookkeeping.ts"
import { missing } from "./altered-table.ts"
import { dialectOf, hasBooks, makeBooks } from "./bookkeeping.ts"
import { applicationName, type Session } from "./client.ts"
import { type Connections, endingOlder, newConnections } from "./connections.ts"
import { newDestination } from "./destination.ts"
import { orProblem } from "./errors.ts"
import { claim, isKnown } from "./fence.ts"
import { leastMergedRows } from "./merge/merge.ts"
import { databaseRefusal, type Layout, type Names, namesOf, type Place, placeIn } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"
import { openStaging } from "./staging/staging.ts"

/** A PostgreSQL server as a warehouse. */
export interface PostgresWarehouseOptions {
  /** A postgres:// URL of a role that may make what `layout` needs; its database is the one to begin from. */
  url: string
  layout: Layout
  /** A folder of this host for staged rows. */
  stagingPath: string
  /** How many rows a run of changes must have to be merged by this process; absent: so many that it is worth it. */
  leastMerged?: number
}

export function openPostgresWarehouse({
  url,
  layout,
  stagingPath,
  leastMerged = leastMergedRows,
}: PostgresWarehouseOptions): Warehouse & Pick<Connections, "close"> {
  const connections = newConnections(url)
  const server = serverOf(connections, layout)
  /** The folder of an opening is emptied first. */
  const inTurn = queuesByDatabase()
  return {
    open: (opening) =>
      orProblem(`opening database ${opening.database}`, async () => {
        const folder = below(below(stagingPath, opening.database), opening.pipeline)
        const at = await server.ensure(opening.database)
        return await inTurn(opening.database)(() =>
          openFor({ connections, at, folder, leastMerged }, opening),
        )
      }),
    ensure: (database) =>
      orProblem(`making database ${database}`, async () => {
        below(stagingPath, database)
        await server.ensure(database)
        await server.inDatabase(database, makeBooks)
      }),
    drop: (database, by) =>
      orProblem(`dropping database ${database}`, async () => {
        const folder = below(stagingPath, database)
        const isOurs =
          (await server.isThere(database)) &&
          (await server.inDatabase(database, async (session, names) => {
            if (!(await hasBooks(session, names))) return false
            if (by !== undefined) await claim(session, { ...by, names })
            return true
          }))
        if (isOurs) await server.drop(database)
        else if (by === undefined) await server.refuseOthers(database)
        await rm(folder, { recursive: true, force: true })
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
    server: connections,
    close: connections.close,
  }
}

function queuesByDatabase(): (database: string) => SerialQueue {
  const queues = new Map<string, SerialQueue>()
  return (database) => {
    const queue = queues.get(database) ?? newSerialQueue()
    queues.set(database, queue)
    return queue
  }
}

/** Destination databases of a server, as the layout has them. */
function serverOf({ connect }: Connections, layout: Layout) {
  const onServer = <T>(work: (session: Session) => Promise<T>) => withSession(connect, work)
  const inDatabase = <T>(database: string, work: (session: Session, names: Names) => Promise<T>) => {
    const at = placeIn(layout, database)
    return withSession(
      () => connect(at.connectTo),
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
    /** What was never opened for a pipeline is somebody else's. */
    async refuseOthers(database: string): Promise<void> {
      if (layout === "schemas" || !(await onServer((session) => hasDatabase(session, database)))) return
      throw new Problem(
        "warehouseUnavailable",
        `Database ${database} of the warehouse's server is not Millrace's: it has no schema millrace.`,
      )
    },
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

interface Opening {
  connections: Connections
  at: Place
  /** Of its own. Opening removes what an earlier opening left there, and nothing of another pipeline. */
  folder: string
  leastMerged: number
}

async function openFor(
  { connections, at, folder, leastMerged }: Opening,
  options: OpenOptions,
): Promise<Destination> {
  const { connect } = connections
  const names = namesOf(at)
  const session = await connect(at.connectTo)
  try {
    await makeBooks(session, names)
    // Before anything of the pipeline is touched: what is staged may be the newer owner's.
    const areOlder = `application_name = ${quoteLiteral(applicationName)}`
    const further = () => connect(at.connectTo)
    await endingOlder({ session, connect: further, areOlder }, () => claim(session, { ...options, names }))
    const staging = await openStaging(folder, options.dataKey)
    return newDestination({ session, names, staging, leastMerged, connect: further }, options)
  } catch (error) {
    session.destroy()
    throw error
  }
}

async function hasDatabase(session: Session, database: string): Promise<boolean> {
  const found = await session.rows(`SELECT 1 FROM pg_database WHERE datname = ${quoteLiteral(database)}`)
  return found.length > 0
}

/** Two that make it at once: the one that comes second finds it there. */
async function makeDatabase(session: Session, database: string): Promise<void> {
  if (await hasDatabase(session, database)) return
  try {
    await session.run(`CREATE DATABASE ${quoteIdentifier(database)} ENCODING 'UTF8' TEMPLATE template0`)
  } catch (error) {
    if (!(await hasDatabase(session, database))) throw error
  }
}

async function dropDatabase(session: Session, database: string): Promise<void> {
  await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`)
}

async function dropSchemas(session: Session, { prefix }: Place): Promise<void> {
  const found = await session.rows(
    `SELECT nspname FROM pg_namespace WHERE starts_with(nspname, ${quoteLiteral(prefix)}) ORDER BY nspname`,
  )
  if (found.length === 0) return
  const schemas = found.map(([name]) => quoteIdentifier(name ?? ""))
  await session.run(`DROP SCHEMA IF EXISTS ${schemas.join(", ")} CASCADE`)
}

/** A folder that is removed with all that is in it, so it must lie below `folder`, whoever lets such a name pass. */
function below(folder: string, name: string): string {
  if (/^\.*$/.test(name)) throw new Error("a database or a pipeline cannot be called so")
  return join(folder, encodeURIComponent(name))
}

async function countRows(session: Session, names: Names, pipeline: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  if (!(await hasBooks(session, names))) return counts
  const tables = await trackedNames(dialectOf(session, names), pipeline)
  // What users have dropped has no rows.
  const gone = new Set(await missing(session, names, tables))
  for (const table of tables.filter((one) => !gone.has(one))) {
    const [row] = await session.rows(`SELECT count(*) FROM ${names.live(table)}`)
    counts.set(tableKey(table), Number(row?.[0]))
  }
  return counts
}
