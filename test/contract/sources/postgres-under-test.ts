import pg from "pg"
import { openPostgresSource } from "../../../src/sources/postgres/source.ts"
import { runSql } from "../../support/pipeline.ts"
import type { TestServer } from "../../support/postgres.ts"
import type { SourceTraits, SourceUnderTest } from "./source-under-test.ts"

const longestSilenceMs = 2_500
/** Of a server that the contract runs on. */
export const contractSettings = { wal_sender_timeout: longestSilenceMs, autovacuum: false }

const traits: SourceTraits = {
  copies: "in the snapshot",
  transactions: "of the source",
  tables: "many",
  alteration: "told",
  removal: "ends the stream",
}

let databases = 0

/** A fresh database of the server as a source. */
export async function inDatabaseOf(server: TestServer): Promise<SourceUnderTest> {
  const database = `contract${++databases}`
  await runSql(server.url(), `CREATE DATABASE ${database}`)
  const url = server.url(database)
  const ask = async (sql: string, values: string[]): Promise<string[]> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query({ text: sql, values, rowMode: "array" })).rows.map(String)
    } finally {
      await client.end()
    }
  }
  const client = new pg.Client({ connectionString: url })
  // A broken connection shows in the query that uses it.
  client.on("error", () => undefined)
  await client.connect()
  const run = async (sql: string) => void (await client.query(sql))
  return {
    source: openPostgresSource({ url, database }),
    port: server.port,
    moved: (to) => openPostgresSource({ url: to(url), database }),
    traits,
    longestSilenceMs,
    makeTable: (name, rows) =>
      run(
        `CREATE TABLE ${name} (id int PRIMARY KEY, v text); INSERT INTO ${name} SELECT i, 'v' FROM generate_series(1, ${rows}) i`,
      ),
    insert: (name, id) => run(`INSERT INTO ${name} (id, v) VALUES (${id}, 'v')`),
    remove: (name, id) => run(`DELETE FROM ${name} WHERE id = ${id}`),
    alter: (name) => run(`ALTER TABLE ${name} ADD COLUMN added int`),
    writeElsewhere: () =>
      runSql(
        server.url(),
        "CREATE TABLE IF NOT EXISTS elsewhere (v text)",
        "INSERT INTO elsewhere SELECT repeat('x', 1000) FROM generate_series(1, 20000)",
      ),
    leftovers: (handle) =>
      ask(
        "SELECT 'slot' FROM pg_replication_slots WHERE slot_name LIKE $1 || '%' UNION ALL SELECT 'publication' FROM pg_publication WHERE pubname LIKE $1 || '%'",
        [handle],
      ),
    keptSince: async (handle) =>
      (await ask("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1", [handle]))[0] ??
      "",
    loseHistory: (handle) => run(`SELECT pg_drop_replication_slot('${handle}')`),
    close: async () => {
      await client.end()
    },
  }
}
