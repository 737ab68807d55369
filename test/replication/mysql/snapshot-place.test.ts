/** What MariaDB says of a snapshot's place in its log is what the snapshot sees, also while others ask for the server's status. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openSessions } from "../../../src/sources/mysql/snapshot/sessions.ts"
import { toldPlace } from "../../../src/sources/mysql/snapshot/told-place.ts"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { mariaDbProduct, newerMariaDbProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"
import { waitUntil } from "../../support/wait-until.ts"

const opens = 80

/**
 * Rows that the sessions see, less the transactions before their place: always the same, as each transaction writes one
 * row. There is one session where the server never rested long enough for two.
 */
async function surplus(server: MysqlServer): Promise<number> {
  const { clients, place } = await openSessions({ url: server.url }, { tables: [{ schema: "d", name: "t" }] })
  try {
    assert.ok(place.kind === "mariadb")
    const sequence = place.domains.get(0)?.sequence ?? 0
    const seen = await Promise.all(clients.map((client) => client.query("SELECT count(*) AS n FROM d.t")))
    const surpluses = new Set(seen.map(([row]) => Number(row?.n) - sequence))
    const [one] = surpluses
    assert.ok(one !== undefined && surpluses.size === 1, `of one moment: ${[...surpluses].join(", ")}`)
    return one
  } finally {
    for (const { connection } of clients) connection.destroy()
  }
}

/** Begins a file of the log; returns its name and its length behind the two checkpoints that the server then writes into it. */
async function freshFile(server: MysqlServer) {
  await server.sql("FLUSH BINARY LOGS")
  return await waitUntil(
    async () => {
      const [[file = ""] = []] = await server.rows("SHOW MASTER STATUS")
      const events = await server.rows(`SHOW BINLOG EVENTS IN '${file}'`)
      const checkpoints = events.filter(([, , type]) => type === "Binlog_checkpoint")
      const [second] = checkpoints.slice(1)
      return second && { file: String(file), offset: Number(second[4]) }
    },
    { what: "the log's second checkpoint", timeoutMs: 60_000 },
  )
}

/** Places that a MariaDB says for a snapshot when a checkpoint or a new file comes into its log while a transaction ends. */
async function assertToldPlaces(server: MysqlServer) {
  const before = await freshFile(server)
  await server.sql(
    "CREATE TABLE d.named (id int PRIMARY KEY) COMMENT 'the file is longer than one without it'",
  )
  const events = await server.rows(`SHOW BINLOG EVENTS IN '${before.file}'`)
  const end = Number(events.at(-1)?.[4])
  const now = await freshFile(server)
  assert.ok(end > now.offset)
  const expected = await toldPlace({ url: server.url }, now)
  assert.deepEqual(expected.end, now)
  const told = (file: string, offset: number) => toldPlace({ url: server.url }, { file, offset })
  const [, , checkpoint] = await server.rows(`SHOW BINLOG EVENTS IN '${now.file}'`)
  assert.deepEqual(await told(now.file, Number(checkpoint?.[1])), expected, "an end before a checkpoint")
  assert.deepEqual(await told(before.file, end), expected, "the end of the file before")
  assert.deepEqual(await told(now.file, end), expected, "the end of the file before, by the new file's name")
  assert.deepEqual((await told(before.file, before.offset)).end, before, "a transaction follows")
  await assert.rejects(told(now.file, end + 1), { kind: "sourceBusy" })
}

for (const product of [mariaDbProduct, newerMariaDbProduct])
  test(`${product.label}: sessions of a snapshot see what its place says, while others write and look at the status, and where its place is said wrong`, {
    skip: product.missing() ?? false,
  }, async () => {
    const server = await mysqlServer(product)
    await server.sql("CREATE DATABASE d", "CREATE TABLE d.t (id int PRIMARY KEY)")
    const expected = await surplus(server)
    let isOver = false
    let last = 0
    const until = async (work: () => Promise<void>) => {
      while (!isOver) await work()
    }
    const writer = await server.session()
    const watchers = await Promise.all([server.session(), server.session()])
    const others = [
      until(() => writer.run(`INSERT INTO d.t VALUES (${++last})`)),
      ...watchers.map((watcher) => until(() => watcher.run("SHOW GLOBAL STATUS LIKE 'Binlog%'"))),
    ]
    try {
      for (let i = 0; i < opens; i++) assert.equal(await surplus(server), expected, `snapshot ${i}`)
    } finally {
      isOver = true
      await Promise.all(others)
      for (const session of [writer, ...watchers]) session.close()
    }
    await assertToldPlaces(server)
  })
