import type { TestContext } from "node:test"
import type { Settings } from "../../src/embedded-postgres/settings.ts"
import { type TestServer, testDatabase, testServer } from "../support/postgres.ts"
import { atEnd } from "./clean-up.ts"
import { createTables, onDatabase } from "./workload.ts"

/** A database with the workload's tables on the shared server; gone at the test's end. */
export async function bank(
  context: TestContext,
  entries?: number,
  encoding?: "SQL_ASCII",
): Promise<{ url: string; name: string }> {
  const database = await testDatabase({ encoding })
  atEnd(context, () => database.drop())
  await onDatabase(database.url, (client) => createTables(client, entries))
  return database
}

/** The same on a server of the test's own, which it may kill and reconfigure. */
export async function bankServer(
  context: TestContext,
  settings: Settings = {},
  entries?: number,
): Promise<{ server: TestServer; url: string; name: string }> {
  const server = await testServer(settings)
  atEnd(context, () => server.remove())
  const name = "bank"
  await onDatabase(server.url(), (client) => client.query(`CREATE DATABASE ${name}`))
  const url = server.url(name)
  await onDatabase(url, (client) => createTables(client, entries))
  return { server, url, name }
}
