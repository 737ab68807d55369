import { readdir } from "node:fs/promises"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { systemCode } from "../../../configuration/setup-error.ts"
import type { UnopenedDatabase } from "../../../engines/warehouse-engine.ts"
import { databaseFile } from "../format.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { databaseIn } from "./instance.ts"
import { unopenedDatabase } from "./unopened-databases.ts"

/**
 * Opens every database file of a folder read-only, one after another, in an engine of its own. Files that a running Millrace
 * has open are passed over: they can be opened.
 *
 * @param prepare as DuckDbOptions.prepare
 * @returns the databases that cannot be opened; none where the folder is not there yet
 */
export async function unopenedIn(
  folder: string,
  prepare: (connection: DuckDBConnection) => Promise<void>,
): Promise<UnopenedDatabase[]> {
  const names = (await filesOf(folder)).flatMap(databaseIn)
  if (names.length === 0) return []
  const instance = await DuckDBInstance.create(":memory:")
  const connection = await instance.connect()
  try {
    await prepare(connection)
    const found: UnopenedDatabase[] = []
    for (const name of names) found.push(...(await unopened(connection, folder, name)))
    return found
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function unopened(
  connection: DuckDBConnection,
  folder: string,
  name: string,
): Promise<UnopenedDatabase[]> {
  const file = databaseFile(folder, name)
  try {
    await connection.run(`ATTACH ${quoteLiteral(file)} AS ${quoteIdentifier(name)} (READ_ONLY)`)
    await connection.run(`DETACH ${quoteIdentifier(name)}`)
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return /lock on file/i.test(error.message) ? [] : [unopenedDatabase(name, file, error)]
  }
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === "ENOENT") return []
    throw error
  }
}
