import { rm } from "node:fs/promises"
import { join } from "node:path"
import { newSerialQueue, type SerialQueue } from "../../concurrency/serial-queue.ts"
import { tableKey } from "../../domain/table.ts"
import type {
  Destination,
  OpenOptions,
  PipelineOwner,
  Warehouse,
} from "../../replication/contracts/warehouse.ts"
import { trackedNames } from "../sql/bookkeeping.ts"
import { dialectOf, hasBookkeeping, openBookkeeping } from "./bookkeeping.ts"
import { newDestination } from "./destination.ts"
import { problemOf, unopenedProblem } from "./errors.ts"
import { claim, isKnown } from "./fence.ts"
import type { DuckDbInstance } from "./files/instance.ts"
import { liveTable } from "./naming.ts"
import { openStaging } from "./staging/staging.ts"

/** A DuckDB folder as a warehouse: one file per destination database. `stagingPath` must be one the instance may read. */
export function openDuckDbWarehouse(instance: DuckDbInstance, stagingPath: string): Warehouse {
  const openings = new Map<string, SerialQueue>()
  /** Two that make the same tables at once would fail one another. */
  const inTurn = (database: string) => {
    const queue = openings.get(database) ?? newSerialQueue()
    openings.set(database, queue)
    return queue
  }
  return {
    async open(options) {
      const { database, pipeline } = options
      try {
        const folder = below(below(stagingPath, database), pipeline)
        await instance.ensureDatabase(database)
        return await inTurn(database)(() => openFor(instance, options, folder))
      } catch (error) {
        const unopened = instance.unopened().find(({ name }) => name === database)
        if (unopened !== undefined) throw unopenedProblem(unopened, error)
        // One that is being opened anew is missing for a moment: that is not the reason.
        throw problemOf(instance.shutOffBy(database) ?? error, `opening database ${database}`)
      }
    },
    async ensure(database) {
      try {
        below(stagingPath, database)
        await instance.ensureDatabase(database)
      } catch (error) {
        throw problemOf(instance.shutOffBy(database) ?? error, `making database ${database}`)
      }
    },
    async drop(database, by) {
      try {
        const folder = below(stagingPath, database)
        if (by !== undefined) await inTurn(database)(() => refuseOlder(instance, database, by))
        await instance.dropDatabase(database)
        await rm(folder, { recursive: true, force: true })
      } catch (error) {
        throw problemOf(error, `dropping database ${database}`)
      }
    },
    async holds(database, pipeline) {
      try {
        return await holds(instance, database, pipeline)
      } catch (error) {
        throw problemOf(error, `looking for database ${database}`)
      }
    },
    async countRows(database, pipeline) {
      try {
        return await countRows(instance, database, pipeline)
      } catch (error) {
        throw problemOf(error, "counting rows")
      }
    },
  }
}

/** `folder`: of its own. Opening removes what an earlier opening left there, and nothing of another pipeline. */
async function openFor(instance: DuckDbInstance, options: OpenOptions, folder: string): Promise<Destination> {
  const { database, dataKey } = options
  const connection = await instance.connect()
  try {
    const books = await openBookkeeping(connection, database)
    // Before anything of the pipeline is touched: what is staged may be the newer owner's.
    await claim(connection, options)
    const staging = await openStaging(folder, { addKey: instance.addParquetKey, dataKey })
    return newDestination({ instance, connection, books, staging }, options)
  } catch (error) {
    connection.closeSync()
    throw error
  }
}

async function holds(instance: DuckDbInstance, database: string, pipeline: string): Promise<boolean> {
  if (!instance.databases().includes(database)) return false
  const connection = await instance.connect()
  try {
    return (await hasBookkeeping(connection, database)) && (await isKnown(connection, { database, pipeline }))
  } finally {
    connection.closeSync()
  }
}

async function refuseOlder(instance: DuckDbInstance, database: string, by: PipelineOwner): Promise<void> {
  if (!instance.databases().includes(database) || instance.shutOffBy(database) !== undefined) return
  const connection = await instance.connect()
  try {
    if (!(await hasBookkeeping(connection, database))) return
    await openBookkeeping(connection, database)
    await claim(connection, { ...by, database })
  } finally {
    connection.closeSync()
  }
}

/** A folder that is removed with all that is in it, so it must lie below `folder`, whoever lets such a name pass. */
function below(folder: string, name: string): string {
  if (/^\.*$/.test(name)) throw new Error("a database or a pipeline cannot be called so")
  return join(folder, encodeURIComponent(name))
}

async function countRows(
  instance: DuckDbInstance,
  database: string,
  pipeline: string,
): Promise<Map<string, number>> {
  const connection = await instance.connect()
  try {
    const counts = new Map<string, number>()
    if (!(await hasBookkeeping(connection, database))) return counts
    for (const table of await trackedNames(dialectOf(connection, database), pipeline)) {
      const found = await connection.runAndReadAll(
        `SELECT count(*)::VARCHAR FROM ${liveTable(database, table)}`,
      )
      counts.set(tableKey(table), Number(found.getRowsJson()[0]?.[0]))
    }
    return counts
  } finally {
    connection.closeSync()
  }
}
