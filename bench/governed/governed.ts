import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import { startGovernanceWatch } from "../../src/control-plane/governance/enforcement/governance-watch.ts"
import { readPolicy } from "../../src/control-plane/governance/enforcement/read-policy.ts"
import { openSqlUsers } from "../../src/control-plane/sql-users/sql-users.ts"
import type { SqlUser } from "../../src/domain/configuration.ts"
import { startSqlPort } from "../../src/front-doors/sql/sql-port.ts"
import { openDuckDbQueries } from "../../src/query/duckdb/query-engine.ts"
import { replaceAttributes } from "../../src/state/governance/attributes.ts"
import { insertPerson } from "../../src/state/governance/people.ts"
import { insertPolicy } from "../../src/state/governance/policies.ts"
import { insertSource } from "../../src/state/governance/sources.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { type DuckDbInstance, openDuckDb } from "../../src/warehouses/duckdb/files/instance.ts"
import { secretKeysOfTests } from "../../test/support/secret-keys.ts"
import { waitUntil } from "../../test/support/wait-until.ts"
import { type Bench, type Figures, figure, governedNames } from "../figures.ts"
import { measureGovernedPostgres } from "./postgres.ts"
import { byHand, type Compared, compared, governedRows, policies, readings } from "./readings.ts"

const configured: SqlUser[] = [
  { name: "admin", password: "bench", role: "admin" },
  { name: "reader", password: "bench", role: "read-only" },
]
const people = 5_000
const sessions = 200

/** Policies: views of a large table beside the same filter and mask written by hand, in turn; a change; many readers at once. */
export async function measureGoverned(bench: Bench): Promise<Figures> {
  if (!bench.wants(...governedNames)) return {}
  return { ...(await measureDuckDb(bench)), ...(await measureGovernedPostgres(bench)) }
}

async function measureDuckDb(bench: Bench): Promise<Figures> {
  const path = join(bench.folder, "governed")
  await mkdir(path)
  const instance = await openDuckDb({ path, stagingPath: path, threads: 2, memoryLimitBytes: 2 ** 30 })
  const store = await openStore(bench.url, { secretKeys: secretKeysOfTests() })
  try {
    bench.say("governed: rows and people")
    await fill(bench, instance)
    const reader = await insertFacts(store)
    return await withPort({ instance, store }, async (connect) => ({
      ...(await compare(bench, connect)),
      ...(await change(bench, store, reader, connect)),
      ...(await crowd(bench, connect)),
    }))
  } finally {
    await store.close()
    await instance.close()
  }
}

async function fill(bench: Bench, instance: DuckDbInstance): Promise<void> {
  await instance.ensureDatabase("shop")
  const connection = await instance.connect()
  await connection.run(`CREATE SCHEMA shop.public; CREATE TABLE shop.public.people AS
    SELECT i AS id, CASE i % 4 WHEN 0 THEN 'south' ELSE 'north' END AS region, 'name ' || i AS name,
      (i / 7)::DECIMAL(12,2) AS amount, (i % 1000)::INTEGER AS team FROM range(${governedRows(bench)}) r(i)`)
  connection.closeSync()
}

async function insertFacts({ governance }: Store): Promise<number> {
  const person = { iamId: "bim", isDisabled: false, permissions: [], profile: {}, scim: undefined }
  return await governance.change(async (now) => {
    for (let at = 1; at < people; at++)
      await insertPerson(now, { ...person, userId: `p${at}`, warehouseUser: `p${at}` })
    const reader = await insertPerson(now, { ...person, userId: "reader", warehouseUser: "reader" })
    await replaceAttributes(now, { kind: "person", id: reader.id }, new Map([["region", ["north"]]]))
    await insertSource(now, {
      name: "people",
      table: { database: "shop", schema: "public", name: "people" },
      view: { schema: "governed", name: "people" },
      createdBy: "bench",
    })
    for (const document of policies) {
      const { policyKey: key, type: kind } = document
      await insertPolicy(now, { key, name: key, kind, isStaged: false, form: "v2", document }, "bench")
    }
    return reader.id
  })
}

type Connect = (user: string) => Promise<pg.Client>

async function withPort<T>(
  { instance, store }: { instance: DuckDbInstance; store: Store },
  run: (connect: Connect) => Promise<T>,
): Promise<T> {
  const users = await openSqlUsers({ store: store.sqlUsers, configured, onRefreshError: () => undefined })
  const watch = await startGovernanceWatch({ store: store.governance, onError: () => undefined })
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const governed = { policies: { now: watch.now, readPolicy, store: store.governance } }
  const engine = await openDuckDbQueries({ instance, users, log, isReplicated: () => true, ...governed })
  const port = await startSqlPort({ listen: { host: "127.0.0.1", port: 0 }, configured, users, log, engine })
  const clients: pg.Client[] = []
  try {
    return await run(async (user) => {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: port.port,
        user,
        password: "bench",
        database: "shop",
      })
      clients.push(client)
      await client.connect()
      return client
    })
  } finally {
    await Promise.all(clients.map((client) => client.end()))
    await port.close(1000)
    await watch.stop()
    users.stop()
  }
}

/** Its columns are recorded within seconds; nobody sees rows before. */
async function becomesReadable(reader: pg.Client): Promise<void> {
  await waitUntil(async () => (await reader.query("SELECT 1 FROM people LIMIT 1")).rowCount === 1, {
    what: "a governed table that can be read",
  })
}

async function compare(bench: Bench, connect: Connect): Promise<Figures> {
  const [reader, admin] = [await connect("reader"), await connect("admin")]
  await becomesReadable(reader)
  const [reports, lookUps]: [Compared[], Compared[]] = [[], []]
  const pair = (reading: (from: string) => string) =>
    compared(
      () => reader.query(reading("people")),
      () => admin.query(reading(byHand("people", "length"))),
    )
  for (let run = 1; run <= bench.runs; run++) {
    bench.say(`governed on DuckDB, run ${run} of ${bench.runs}`)
    reports.push(await pair(readings.report))
    lookUps.push(await pair(readings.lookUp))
  }
  return {
    governed_duckdb_report_ratio: figure(
      reports.map(({ ratio }) => ratio),
      "<= 1.2",
    ),
    governed_duckdb_lookup_added_ms: figure(lookUps.map(({ addedMs }) => addedMs)),
  }
}

/** From when the change is recorded until the next statement of an open session shows it. */
async function change(bench: Bench, { governance }: Store, id: number, connect: Connect): Promise<Figures> {
  const reader = await connect("reader")
  const tookMs: number[] = []
  for (let run = 0; run < bench.runs * 3; run++) {
    const region = run % 2 === 0 ? "south" : "north"
    await governance.change((now) =>
      replaceAttributes(now, { kind: "person", id }, new Map([["region", [region]]])),
    )
    const fromMs = performance.now()
    await waitUntil(
      async () => (await reader.query("SELECT region FROM people LIMIT 1")).rows[0]?.region === region,
      { what: `rows of ${region}`, intervalMs: 1 },
    )
    tookMs.push(performance.now() - fromMs)
  }
  return { governed_change_ms: figure(tookMs, "<= 1000") }
}

/** Each asks for its own row, again and again, all at once. */
async function crowd(bench: Bench, connect: Connect): Promise<Figures> {
  const readers: pg.Client[] = []
  for (let at = 0; at < sessions; at++) readers.push(await connect("reader"))
  const runs: number[] = []
  for (let run = 1; run <= bench.runs; run++) {
    bench.say(`${sessions} governed sessions, run ${run} of ${bench.runs}`)
    const fromMs = performance.now()
    await Promise.all(
      readers.map(async (client, at) => {
        for (let turn = 0; turn < 5; turn++)
          await client.query("SELECT name FROM people WHERE id = $1", [at * 4 + 1])
      }),
    )
    runs.push((sessions * 5) / ((performance.now() - fromMs) / 1000))
  }
  return { governed_sessions_200_statements_per_second: figure(runs) }
}
