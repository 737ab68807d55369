/**
 * Adding an engine: two toy engines, listed in a registry of this test's own, are served by the whole program. What had to
 * be touched for them is counted: their folder, and one line each.
 */
import assert from "node:assert/strict"
import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import {
  CreateIntegrationCommand,
  DescribeDBInstancesCommand,
  DescribeIntegrationsCommand,
  RDSClient,
} from "@aws-sdk/client-rds"
import pg from "pg"
import { loadConfiguration } from "../../src/configuration/load.ts"
import { SetupError } from "../../src/configuration/setup-error.ts"
import type { Configuration, WarehouseConfiguration } from "../../src/domain/configuration.ts"
import { registry } from "../../src/engines/registry.ts"
import type { SourceEngine } from "../../src/engines/source-engine.ts"
import type { WarehouseEngine } from "../../src/engines/warehouse-engine.ts"
import { type Engines, engines, type QueriedEngine } from "../../src/server/registries.ts"
import { type RunningServer, startServer } from "../../src/server/start.ts"
import { currentRows, placeOf } from "../../src/warehouses/memory/state.ts"
import { type MemoryStore, newMemoryStore } from "../../src/warehouses/memory/store.ts"
import { filesOf } from "../structure/source-files.ts"
import { testDatabase } from "../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"
import { atEnd } from "./clean-up.ts"
import { memoryEngine, shelfEngine } from "./toy/engines.ts"
import { newShelf, type Shelf } from "./toy/shelf.ts"

const shelfArn = "arn:aws:rds:us-east-1:123456789012:db:novels"
const duckArn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
const memoryArn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/memory"

/** The program's engines and the toys: the one line of each. */
function withToys(shelf: Shelf, store: MemoryStore): Engines {
  return {
    ...engines,
    sources: registry<SourceEngine>(...engines.sources.records, shelfEngine(new Map([["novels", shelf]]))),
    warehouses: registry<WarehouseEngine<WarehouseConfiguration, QueriedEngine>>(
      ...engines.warehouses.records,
      memoryEngine(store),
    ),
  }
}

const entries = (more = "") => `
sources: [{ arn: "${shelfArn}", engine: shelf, shelf: novels${more} }]
warehouses:
  - { arn: "${duckArn}", engine: duckdb }
  - { arn: "${memoryArn}", engine: memory, cluster: notes }
`

async function configured(folder: string, text: string, known: Engines) {
  const path = join(folder, "millrace.yaml")
  await writeFile(path, text)
  return loadConfiguration(path, {}, known)
}

test("toy engines of a source and of a warehouse move rows through the whole program", async (context) => {
  const shelf = newShelf()
  const store = newMemoryStore()
  shelf.put({ id: 1, title: "Emma" })
  shelf.put({ id: 2, title: "Ulysses" })
  const { server, configuration } = await started(context, withToys(shelf, store))
  const api = apiOf(server, configuration)
  context.after(() => api.destroy())
  const shown = await api.send(new DescribeDBInstancesCommand({}))
  assert.deepEqual(
    shown.DBInstances?.map(({ DBInstanceIdentifier, Engine, DBName }) => [
      DBInstanceIdentifier,
      Engine,
      DBName,
    ]),
    [["novels", "shelf", "novels"]],
  )
  for (const [IntegrationName, TargetArn] of [
    ["reading", duckArn],
    ["remembering", memoryArn],
  ]) {
    await api.send(new CreateIntegrationCommand({ SourceArn: shelfArn, IntegrationName, TargetArn }))
    const isActive = async () => {
      const found = await api.send(
        new DescribeIntegrationsCommand({ IntegrationIdentifier: IntegrationName }),
      )
      return found.Integrations?.[0]?.Status === "active"
    }
    await waitUntil(isActive, { what: `${IntegrationName} to be active`, intervalMs: 100 })
  }
  const client = await connected(context, server, configuration)
  await bothHold(client, store, [
    ["1", "Emma"],
    ["2", "Ulysses"],
  ])
  shelf.put({ id: 2, title: "Dubliners" })
  shelf.put({ id: 3, title: "Middlemarch" })
  shelf.take(1)
  await bothHold(client, store, [
    ["2", "Dubliners"],
    ["3", "Middlemarch"],
  ])
  const { rows } = await client.query(
    "SELECT DISTINCT source FROM svv_integration WHERE state = 'CdcRefreshState'",
  )
  assert.deepEqual(rows, [{ source: "Shelf" }])
})

test("millrace.yaml knows the toys: their keys, and their names where another is meant", async (context) => {
  const folder = await temporaryFolder("toys")
  context.after(() => removeFolder(folder))
  const known = withToys(newShelf(), newMemoryStore())
  const mistakes = async (text: string) => {
    const loaded = await configured(folder, text, known)
    return "mistakes" in loaded ? loaded.mistakes : []
  }
  assert.deepEqual(await mistakes(entries(", shelff: x")), [
    "sources[0].shelff: is not a key here; did you mean shelf?",
  ])
  assert.deepEqual(await mistakes(entries().replace("engine: shelf", "engine: shop")), [
    "sources[0].engine: must be postgres, mysql, dynamodb, s3 or shelf",
  ])
  assert.deepEqual(await mistakes(entries().replace("engine: memory", "engine: paper")), [
    "warehouses[1].engine: must be duckdb, postgres, redshift or memory",
  ])
  assert.deepEqual(await mistakes(entries()), [])
})

test("a first warehouse that the SQL port cannot show is refused at the start", async (context) => {
  const only = entries().replace(/ *- \{ arn: .*, engine: duckdb \}\n/, "")
  await assert.rejects(started(context, withToys(newShelf(), newMemoryStore()), only), (error) => {
    assert.ok(error instanceof SetupError, String(error))
    assert.match(
      error.message,
      /^The SQL port shows the first warehouse, and cannot show one of the engine memory/,
    )
    return true
  })
})

test("an engine touches its own folder and one line", async () => {
  const known = withToys(newShelf(), newMemoryStore())
  const lines = [known.sources, known.warehouses].flatMap(({ records }) => records.map(({ name }) => name))
  const before = [engines.sources, engines.warehouses].flatMap(({ records }) =>
    records.map(({ name }) => name),
  )
  assert.deepEqual(
    lines.filter((name) => !before.includes(name)),
    ["shelf", "memory"],
  )
  const others = (await filesOf("src/**/*.ts")).filter(({ text }) => /shelf|shelves/i.test(text))
  assert.deepEqual(
    others.map(({ path }) => path),
    [],
  )
  assert.deepEqual(await readdir(join(import.meta.dirname, "toy")), ["engines.ts", "shelf.ts", "source.ts"])
  // Of the program's own engines nothing but the registry knows the record, either.
  const records = /\/(sources|warehouses)\/\w+\/(engine|format)\.ts"/
  const users = (await filesOf("src/**/*.ts")).filter(
    ({ path, text }) => !/^src\/(sources|warehouses)\//.test(path) && records.test(text),
  )
  assert.deepEqual(
    users.map(({ path }) => path),
    ["src/server/registries.ts"],
  )
})

async function started(
  context: TestContext,
  known: Engines,
  text = entries(),
): Promise<{ server: RunningServer; configuration: Configuration }> {
  const folder = await temporaryFolder("toys")
  const state = await testDatabase()
  atEnd(context, async () => {
    await state.drop()
    await removeFolder(folder)
  })
  const loaded = await configured(
    folder,
    `${text}state: "${state.url}"\nlisten: { http: "127.0.0.1:0", sql: "127.0.0.1:0" }\n`,
    known,
  )
  if (!("ok" in loaded)) throw new Error(loaded.mistakes.join("\n"))
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const server = await startServer({ configuration: loaded.ok, engines: known, log: silent })
  atEnd(context, () => server.stop())
  return { server, configuration: server.configuration }
}

function apiOf({ http }: RunningServer, { credentials, region }: Configuration): RDSClient {
  const [credential] = credentials
  if (credential === undefined) throw new Error("there is no key")
  return new RDSClient({
    endpoint: `http://${http.host}:${http.port}`,
    region,
    maxAttempts: 1,
    credentials: credential,
  })
}

async function connected(
  context: TestContext,
  { sql }: RunningServer,
  { sqlUsers }: Configuration,
): Promise<pg.Client> {
  const [user] = sqlUsers
  const client = new pg.Client({ ...sql, user: user?.name, password: user?.password, database: "dev" })
  await client.connect()
  atEnd(context, () => client.end())
  return client
}

/** Waits until people see these books in both warehouses. */
async function bothHold(client: pg.Client, store: MemoryStore, books: string[][]): Promise<void> {
  const want = JSON.stringify(books)
  await waitUntil(async () => JSON.stringify(remembered(store)) === want, {
    what: `memory to hold ${want}`,
    timeoutMs: 60_000,
  })
  await waitUntil(async () => JSON.stringify(await read(client)) === want, {
    what: `the SQL port to show ${want}`,
    timeoutMs: 60_000,
  })
}

function remembered(store: MemoryStore): unknown {
  const held = store.read("remembering").tables.get(placeOf({ schema: "library", name: "books" }))
  return held && [...currentRows(held)].sort((a, b) => Number(a[0]) - Number(b[0]))
}

async function read(client: pg.Client): Promise<unknown> {
  const text = "SELECT id::text, title FROM reading.library.books ORDER BY id"
  return (await client.query({ text, rowMode: "array" })).rows
}
