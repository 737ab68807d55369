import { rm } from "node:fs/promises"
import type { TestContext } from "node:test"
import { inspect } from "node:util"
import pg from "pg"
import {
  openSqlUsers,
  type SqlUsers,
  type SqlUsersOptions,
} from "../../src/control-plane/sql-users/sql-users.ts"
import type { SqlUser } from "../../src/domain/configuration.ts"
import { type SqlPort, type SqlPortOptions, startSqlPort } from "../../src/front-doors/sql/sql-port.ts"
import type { QueryEngine } from "../../src/query/contract.ts"
import { type DuckDbQueryOptions, openDuckDbQueries } from "../../src/query/duckdb/query-engine.ts"
import { openStore } from "../../src/state/store.ts"
import { type DuckDbInstance, openDuckDb } from "../../src/warehouses/duckdb/files/instance.ts"
import { stateDatabase } from "../support/postgres/state-database.ts"
import { temporaryFolder } from "../support/temporary-folder.ts"

export const password = "s3cret, with 'quotes' & ünïcode"

export interface TestWarehouse {
  instance: DuckDbInstance
  port: SqlPort
  users: SqlUsers
  stateUrl: string
  folder: string
  logged: string[]
  /** Connected; closed when the test ends. */
  client(user: string, database: string, more?: pg.ClientConfig): Promise<pg.Client>
}

const configured: SqlUser[] = [
  { name: "admin", password, role: "admin" },
  { name: "analyst", password, role: "read-only" },
  { name: "loader", password, role: "partner:Etleap" },
]

const shop = `
  CREATE SCHEMA shop.public; CREATE SCHEMA shop.millrace;
  CREATE TABLE shop.millrace.progress (integration VARCHAR, position VARCHAR);
  INSERT INTO shop.millrace.progress VALUES ('one', '0/16B3748');
  CREATE TABLE shop.public.orders (id BIGINT NOT NULL, customer_id INTEGER, amount DECIMAL(12,2), placed_at TIMESTAMPTZ);
  INSERT INTO shop.public.orders SELECT i, i % 10, i / 4, TIMESTAMPTZ '2024-01-02 03:04:05.678+00' + to_seconds(i)
    FROM range(1000) numbers(i);
  CREATE TABLE shop.public."Größe ""x""" ("sp ace" INTEGER);
  CREATE VIEW shop.public.big_orders AS SELECT * FROM shop.public.orders WHERE amount > 200;
  CREATE SCHEMA crm.public;
  CREATE TABLE crm.public.customers (id INTEGER PRIMARY KEY, name VARCHAR);
  INSERT INTO crm.public.customers SELECT i, 'customer ' || i FROM range(10) numbers(i);`

/** A warehouse with two replicated databases and `dev`, behind a port of its own. */
export async function testWarehouse(
  t: TestContext,
  more: Partial<SqlPortOptions & DuckDbQueryOptions> &
    Pick<Partial<SqlUsersOptions>, "databasesOfPartner"> & {
      memoryLimitBytes?: number
      /** What the port opens sessions on, over the warehouse's own. */
      around?: (engine: QueryEngine, users: SqlUsers) => QueryEngine
    } = {},
): Promise<TestWarehouse> {
  const folder = await temporaryFolder("sql")
  const instance = await openDuckDb({
    path: folder,
    stagingPath: folder,
    threads: 2,
    memoryLimitBytes: more.memoryLimitBytes ?? 2 ** 29,
  })
  for (const name of ["shop", "crm"]) await instance.ensureDatabase(name)
  const setUp = await instance.connect()
  await setUp.run(shop)
  setUp.closeSync()
  const logged: string[] = []
  const note = (facts: object, message: string) => logged.push(`${message} ${inspect(facts)}`)
  const state = await stateDatabase()
  const store = await openStore(state.url)
  const users = await openSqlUsers({
    store: store.sqlUsers,
    configured,
    onRefreshError: (error) => note({ err: error }, "refresh"),
    ...(more.databasesOfPartner && { databasesOfPartner: more.databasesOfPartner }),
  })
  const closeBelow = async () => {
    users.stop()
    await store.close()
    await state.drop()
    await instance.close()
    await rm(folder, { recursive: true, force: true })
  }
  const shared = { users, log: { info: () => undefined, warn: note, error: note }, ...more }
  const isReplicated = (database: string) => database !== "dev"
  const start = async () => {
    const engine = await openDuckDbQueries({ instance, isReplicated, ...shared })
    return startSqlPort({
      listen: { host: "127.0.0.1", port: 0 },
      configured,
      engine: more.around?.(engine, users) ?? engine,
      ...shared,
    })
  }
  const port = await start().catch(async (error: unknown) => {
    await closeBelow()
    throw error
  })
  const clients: pg.Client[] = []
  t.after(async () => {
    // Shown with a failing test: what the port logged is the first thing one wants to know.
    for (const line of logged) t.diagnostic(line)
    await Promise.all(clients.map((client) => client.end()))
    await port.close(1000)
    await closeBelow()
  })
  async function client(user: string, database: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
    const made = new pg.Client({ host: "127.0.0.1", port: port.port, user, password, database, ...config })
    // A test that ends the port's side expects the loss; others see it in their own query's failure.
    made.on("error", (error) => logged.push(`client: ${error.message}`))
    await made.connect()
    clients.push(made)
    return made
  }
  return { instance, port, users, stateUrl: state.url, folder, logged, client }
}
