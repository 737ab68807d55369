/** What MariaDB says of a snapshot's place in its log is what the snapshot sees, also while others ask for the server's status. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { openSessions } from "../../../src/sources/mysql/snapshot/sessions.ts"
import { mysqlServer } from "../../support/mysql/fixtures.ts"
import { mariaDbProduct, newerMariaDbProduct } from "../../support/mysql/products.ts"
import type { MysqlServer } from "../../support/mysql/server.ts"

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

for (const product of [mariaDbProduct, newerMariaDbProduct])
  test(`${product.label}: sessions of a snapshot see what its place says, while others write and look at the status`, {
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
  })
