import { openMysqlSource } from "../../src/sources/mysql/source.ts"
import { type MariaDb, mariaDb, noMariaDb } from "../support/mariadb.ts"
import { describeSource, type SourceUnderTest } from "./source.ts"

const ownSchemas = ["mysql", "information_schema", "performance_schema", "sys"]

/** The source is the whole server: every case begins with an empty one. */
async function emptied(server: MariaDb): Promise<SourceUnderTest> {
  const names = (await server.rows("SHOW DATABASES")).map(([name]) => name ?? "")
  const strangers = names.filter((name) => !ownSchemas.includes(name))
  await server.sql(...strangers.map((name) => `DROP DATABASE ${name}`), "CREATE DATABASE contract")
  const session = await server.session()
  await session.run("USE contract")
  return {
    source: openMysqlSource({ url: server.url }),
    longestSilenceMs: 2_500,
    makeTable: async (name, rows) => {
      await session.run(`CREATE TABLE ${name} (id int PRIMARY KEY, v text)`)
      if (rows > 0) await session.run(`INSERT INTO ${name} SELECT seq, 'v' FROM seq_1_to_${rows}`)
    },
    insert: (name, id) => session.run(`INSERT INTO ${name} (id, v) VALUES (${id}, 'v')`),
    remove: (name, id) => session.run(`DELETE FROM ${name} WHERE id = ${id}`),
    alter: (name) => session.run(`ALTER TABLE ${name} ADD COLUMN added int`),
    writeElsewhere: () =>
      server.sql(
        "CREATE DATABASE IF NOT EXISTS elsewhere",
        "CREATE TABLE IF NOT EXISTS elsewhere.t (v text)",
        "USE elsewhere",
        "INSERT INTO t SELECT repeat('x', 1000) FROM seq_1_to_20000",
      ),
    leftovers: async () => [],
    loseHistory: () => server.sql("RESET MASTER"),
    close: async () => session.close(),
  }
}

let server: Promise<MariaDb> | undefined

describeSource("MariaDB of Debian", async () => {
  const skip = noMariaDb()
  if (skip !== undefined) return { skip }
  server ??= mariaDb({ "net-write-timeout": "2" })
  return emptied(await server)
})
