import { rm } from "node:fs/promises"
import { join } from "node:path"
import { qualifiedName } from "../../domain/table.ts"
import type { Warehouse } from "../../replication/warehouse.ts"
import { trackedNames } from "./bookkeeping.ts"
import { openDestination } from "./destination.ts"
import { problemOf, unopenedProblem } from "./errors.ts"
import type { DuckDbInstance } from "./instance.ts"
import { liveTable } from "./naming.ts"
import { openStaging } from "./staging.ts"

/** A DuckDB folder as a warehouse: one file per destination database. `stagingPath` must be one the instance may read. */
export function openDuckDbWarehouse(instance: DuckDbInstance, stagingPath: string): Warehouse {
  return {
    async open(database, dataKey) {
      try {
        const folder = stagingOf(stagingPath, database)
        await instance.ensureDatabase(database)
        const staging = await openStaging(folder, { addKey: instance.addParquetKey, dataKey })
        return await openDestination(instance, database, staging)
      } catch (error) {
        const unopened = instance.unopened().find(({ name }) => name === database)
        if (unopened !== undefined) throw unopenedProblem(unopened, error)
        // One that is being opened anew is missing for a moment: that is not the reason.
        throw problemOf(instance.shutOffBy(database) ?? error, `opening database ${database}`)
      }
    },
    async drop(database) {
      try {
        const folder = stagingOf(stagingPath, database)
        await instance.dropDatabase(database)
        await rm(folder, { recursive: true, force: true })
      } catch (error) {
        throw problemOf(error, `dropping database ${database}`)
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

/** What is in it is removed, so it must be below `stagingPath`, whoever lets such a name pass. */
function stagingOf(stagingPath: string, database: string): string {
  if (/^\.*$/.test(database)) throw new Error("a database cannot be called so")
  return join(stagingPath, encodeURIComponent(database))
}

async function countRows(
  instance: DuckDbInstance,
  database: string,
  pipeline: string,
): Promise<Map<string, number>> {
  const connection = await instance.connect()
  try {
    const counts = new Map<string, number>()
    for (const table of await trackedNames(connection, database, pipeline)) {
      const found = await connection.runAndReadAll(
        `SELECT count(*)::VARCHAR FROM ${liveTable(database, table)}`,
      )
      counts.set(qualifiedName(table), Number(found.getRowsJson()[0]?.[0]))
    }
    return counts
  } finally {
    connection.closeSync()
  }
}
