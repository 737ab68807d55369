import { join } from "node:path"
import type { DuckDBConnection } from "@duckdb/node-api"
import type { CopyOptions } from "../../../domain/copy.ts"
import { Problem } from "../../../domain/problems.ts"
import type {
  CopyDestination,
  CopyTarget,
  RunSql,
  SessionCopyWarehouse,
} from "../../../loading/copy-target.ts"
import { problemOf } from "../errors.ts"
import type { DuckDbInstance } from "../files/instance.ts"
import { openStaging, type Staging } from "../staging/staging.ts"
import { columnsOf, copyTarget } from "./copy-target.ts"
import { allJobFiles, ensureJobFiles, forgetJob, jobFilesOn } from "./job-files.ts"

/** No database's staging folder has a name like it: a `%` stands for a byte there. */
const folderName = "copy%"

/** Loads files into tables of the instance's databases. `stagingPath` must be one the instance may read. */
export async function openCopyWarehouse(
  instance: DuckDbInstance,
  stagingPath: string,
): Promise<SessionCopyWarehouse> {
  const staging = await openStaging(join(stagingPath, folderName), {
    addKey: instance.addParquetKey,
    dataKey: undefined,
  })
  const ready = new Set<string>()

  async function connected<T>(database: string, work: (run: RunSql) => Promise<T>): Promise<T> {
    const connection = await instance.connect()
    try {
      const run = runOn(connection)
      if (!ready.has(database)) await ensureJobFiles(run, database)
      ready.add(database)
      return await work(run)
    } finally {
      connection.closeSync()
    }
  }

  return {
    targetOn: (run, destination, options) => targetOn(run, destination, options, staging),
    transact: (database, work) =>
      connected(database, async (run) => {
        await run("BEGIN TRANSACTION")
        try {
          const { keep, value } = await work({
            target: (destination, options) => targetOn(run, destination, options, staging),
            files: jobFilesOn(run, database),
          })
          await run(keep ? "COMMIT" : "ROLLBACK")
          return value
        } catch (error) {
          // The statement that failed has ended the transaction, or not: both are fine.
          await run("ROLLBACK").catch(() => undefined)
          throw error
        }
      }),
    forget: (database, job) => connected(database, (run) => forgetJob(run, database, job)),
    async jobFiles(databases, atMost) {
      const of = databases.map((database) => connected(database, (run) => allJobFiles(run, database, atMost)))
      return (await Promise.all(of)).flat()
    },
  }
}

async function targetOn(
  run: RunSql,
  { database, schema, table, columns: wanted }: CopyDestination,
  options: CopyOptions,
  staging: Staging,
): Promise<CopyTarget> {
  const place = { database, schema, name: table }
  const columns = await columnsOf(run, place, wanted)
  if ("missing" in columns)
    throw new Problem("copyTargetMissing", `Table ${schema}.${table} has no column ${columns.missing}.`)
  if (columns.length === 0)
    throw new Problem("copyTargetMissing", `There is no table ${schema}.${table} in ${database}.`)
  return copyTarget(run, place, columns, options, staging)
}

function runOn(connection: DuckDBConnection): RunSql {
  return async (sql) => {
    try {
      const rows = await (await connection.run(sql)).getRows()
      return rows.map((row) => row.map(String))
    } catch (error) {
      throw problemOf(error, "loading files")
    }
  }
}
