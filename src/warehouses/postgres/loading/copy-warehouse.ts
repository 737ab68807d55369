import pg from "pg"
import { Problem } from "../../../domain/problems.ts"
import type { CopyDestination, CopyTransaction, CopyWarehouse, JobRun } from "../../../loading/copy-target.ts"
import type { ParquetReader } from "../../../loading/parquet-file.ts"
import { applicationName, connect, type Session } from "../client.ts"
import { endingOlder } from "../connections.ts"
import { problemOf } from "../errors.ts"
import { databaseRefusal, type Layout, type Names, namesOf, type Place, placeIn } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
import { columnsOf } from "./columns.ts"
import { newCopyTarget } from "./copy-target.ts"
import { allJobFiles, claimJob, ensureJobFiles, forgetJob, jobFilesOn } from "./job-files.ts"

export interface PostgresCopies {
  /** Of a role that may insert into the tables. */
  url: string
  layout: Layout
  parquet: ParquetReader
}

const doing = "loading files"
const noDatabase = "3D000"
/** A part is judged with each field as a text and as a value, and the server's lists of results have at most 1,664 entries. */
const mostColumns = 800

/** Loads files into tables of the server's databases, each load on a session of its own. */
export function openPostgresCopies({ url, layout, parquet }: PostgresCopies): CopyWarehouse {
  const placeOf = (database: string) => {
    const refusal = databaseRefusal(layout, database)
    if (refusal !== undefined) throw new Problem("copyTargetMissing", refusal)
    return placeIn(layout, database)
  }

  async function within<T>(
    database: string,
    work: (session: Session, names: Names) => Promise<T>,
  ): Promise<T> {
    const place = placeOf(database)
    let session: Session | undefined
    try {
      session = await connect(url, place.connectTo)
      return await work(session, namesOf(place))
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === noDatabase)
        throw new Problem("copyTargetMissing", `There is no database ${database}.`, { cause: error })
      throw isOfServer(error) ? problemOf(error, doing) : error
    } finally {
      // What failed in the middle may have left the session within a COPY.
      session?.destroy()
    }
  }

  return {
    transact: (database, work, run) =>
      within(database, async (session, names) => {
        if (run !== undefined) await ensureJobFiles(session, names)
        // A row that breaks a constraint is found in its part, not when all is loaded.
        await session.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
        if (run !== undefined) await claimed({ url, place: placeOf(database) }, { session, names, run })
        const { keep, value } = await work(transactionOn({ session, names, database, parquet }))
        await session.run(keep ? "COMMIT" : "ROLLBACK")
        return value
      }),
    forget: (database, job) => within(database, (session, names) => forgetJob(session, names, job)),
    async jobFiles(databases, atMost) {
      const of = databases.map((database) =>
        within(database, (session, names) => allJobFiles(session, names, atMost)).catch(orNone),
      )
      return (await Promise.all(of)).flat()
    },
    rights: {
      hasTable: (destination) =>
        within(destination.database, (session, names) => hasTable(session, names.live(named(destination)))),
      mayInsert: (user, destination) =>
        within(destination.database, (session, names) =>
          mayInsert(session, user, names.live(named(destination))),
        ),
    },
  }
}

/** Thrown by the driver: by the server, or for the lack of one. */
function isOfServer(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return true
  return (
    error instanceof Error &&
    ("syscall" in error || /^(Connection terminated|timeout exp|Client )/.test(error.message))
  )
}

async function claimed(
  { url, place }: { url: string; place: Place },
  { session, names, run }: Claim,
): Promise<void> {
  await session.run(`SET application_name = ${quoteLiteral(nameOf(run))}`)
  const open = () => connect(url, place.connectTo)
  const waiting = { session, connect: open, areOlder: areOlder(run) }
  await endingOlder(waiting, () => claimJob(session, names, run))
}

interface Claim {
  session: Session
  names: Names
  run: JobRun
}

/** Tells a runner's sessions from those of older ones. */
function nameOf({ job, generation }: JobRun): string {
  return `${applicationName} copy job ${job} ${generation}`
}

function areOlder({ job, generation }: JobRun): string {
  const pattern = `^${applicationName} copy job ${job} ([0-9]+)$`
  return `substring(application_name FROM ${quoteLiteral(pattern)})::bigint < ${generation}`
}

/** A database that is gone has no files. */
function orNone(error: unknown): [] {
  if (error instanceof Problem && error.kind === "copyTargetMissing") return []
  throw error
}

function named({ schema, table }: Pick<CopyDestination, "schema" | "table">) {
  return { schema, name: table }
}

interface Loading {
  session: Session
  names: Names
  database: string
  parquet: ParquetReader
}

function transactionOn({ session, names, database, parquet }: Loading): CopyTransaction {
  return {
    files: jobFilesOn(session, names),
    async target(destination, options) {
      const { schema, table } = destination
      const into = names.live(named(destination))
      const columns = await columnsOf(session, into, destination.columns)
      if ("missing" in columns)
        throw new Problem(
          "copyTargetMissing",
          columns.missing === undefined
            ? `There is no table ${schema}.${table} in ${database}.`
            : `Table ${schema}.${table} has no column ${columns.missing}.`,
        )
      if (columns.length > mostColumns)
        throw new Problem(
          "copyTargetMissing",
          `Table ${schema}.${table} would be loaded with ${columns.length} columns, and COPY into PostgreSQL takes at most ${mostColumns}: name fewer of them.`,
        )
      await requireInsert(session, into)
      const [[version] = []] = await session.rows("SELECT current_setting('server_version_num')")
      return newCopyTarget({ session, version: Number(version), parquet }, into, columns, options)
    },
  }
}

/** @throws Problem copyNotAllowed, with the statement that mends it */
async function requireInsert(session: Session, into: string): Promise<void> {
  const [[mayInsert, role] = []] = await session.rows(
    `SELECT has_table_privilege(to_regclass(${quoteLiteral(into)}), 'INSERT'), quote_ident(current_user)`,
  )
  if (mayInsert === "t") return
  throw new Problem(
    "copyNotAllowed",
    `The role of the warehouse's url may not insert into ${into}: GRANT INSERT ON ${into} TO ${role}.`,
  )
}

/** The engine's own schemas hold no table of anybody's. */
async function hasTable(session: Session, table: string): Promise<boolean> {
  const found = await session.rows(
    `SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = to_regclass(${quoteLiteral(table)}) AND c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'`,
  )
  return found.length > 0
}

async function mayInsert(session: Session, user: string, table: string): Promise<boolean> {
  const [[may] = []] = await session.rows(
    `SELECT has_schema_privilege(r.oid, c.relnamespace, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'INSERT')
     FROM pg_roles AS r, pg_class AS c WHERE r.rolname = ${quoteLiteral(user)} AND c.oid = to_regclass(${quoteLiteral(table)})`,
  )
  return may === "t"
}
