import assert from "node:assert/strict"
import { once } from "node:events"
import { createConnection, Socket } from "node:net"
import { test } from "node:test"
import pg from "pg"
import { openSqlUsers } from "../../../src/control-plane/sql-users/sql-users.ts"
import { startSqlPort } from "../../../src/front-doors/sql/sql-port.ts"
import { openDuckDbQueries } from "../../../src/query/duckdb/query-engine.ts"
import { openStore } from "../../../src/state/store.ts"
import { scramVerifier, verifierText } from "../../../src/wire/pgwire/admission/scram.ts"
import { password, testWarehouse } from "../warehouse.ts"

function message(type: string, body: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), header, body])
}

/** What the server answers to a user's first SCRAM message: salt and iterations. */
async function scramAnswer(port: number, user: string): Promise<{ salt: string; iterations: string }> {
  const socket = createConnection({ port, host: "127.0.0.1" })
  await once(socket, "connect")
  const startup = Buffer.from(`\0\x03\0\0user\0${user}\0database\0shop\0\0`)
  socket.write(message("", startup))
  await once(socket, "data")
  const first = Buffer.from("n,,n=,r=abcdefghijklmnopqrstuvwx")
  const length = Buffer.alloc(4)
  length.writeInt32BE(first.length)
  socket.write(message("p", Buffer.concat([Buffer.from("SCRAM-SHA-256\0"), length, first])))
  const [answer] = (await once(socket, "data")) as [Buffer]
  socket.destroy()
  const [, salt = "", iterations = ""] = /,s=([^,]*),i=(\d+)/.exec(answer.toString("latin1")) ?? []
  return { salt, iterations }
}

test("users who exist and who do not are answered alike, through restarts and on every process", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'; CREATE USER adam PASSWORD DISABLE")
  await admin.query("CREATE USER late PASSWORD 'Sesame2024'")
  const names = ["admin", "analyst", "eve", "adam", "late", "nobody", "somebody", "postgres"]
  const answersOf = async (port: number) =>
    new Map(await Promise.all(names.map(async (name) => [name, await scramAnswer(port, name)] as const)))
  const before = await answersOf(warehouse.port.port)
  for (const [name, { salt, iterations }] of before) {
    assert.equal(iterations, "4096", name)
    assert.equal(Buffer.from(salt, "base64").length, 16, name)
  }
  assert.equal(new Set([...before.values()].map(({ salt }) => salt)).size, names.length)
  assert.deepEqual(await answersOf(warehouse.port.port), before)

  const store = await openStore(warehouse.stateUrl)
  const configured = ["admin", "analyst"].map((name) => ({ name, password, role: "admin" as const }))
  const users = await openSqlUsers({ store: store.sqlUsers, configured, onRefreshError: () => undefined })
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const another = await startSqlPort({
    listen: { host: "127.0.0.1", port: 0 },
    configured,
    users,
    log,
    engine: await openDuckDbQueries({ instance: warehouse.instance, users, log, isReplicated: () => true }),
  })
  t.after(async () => {
    await another.close(100)
    users.stop()
    await store.close()
  })
  assert.deepEqual(await answersOf(another.port), before)

  await admin.query("ALTER USER late VALID UNTIL '2001-01-01'")
  const now = await scramAnswer(warehouse.port.port, "late")
  assert.deepEqual(now, before.get("late"), "the salt does not tell that the time is over")
})

test("a verifier that no PostgreSQL makes is refused, whoever brings it, and in no time", async (t) => {
  const { client: connect, users } = await testWarehouse(t)
  const admin = await connect("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  const eve = await connect("eve", "dev", { password: "Sesame2024" })
  const good = verifierText(scramVerifier("Other2024"))
  const [, , keys = ""] = good.split("$").length === 3 ? ["", "", good.split("$")[2]] : []
  const salted = (bytes: number) => `SCRAM-SHA-256$4096:${Buffer.alloc(bytes, 7).toString("base64")}$${keys}`
  const bad = [
    ...[30_000_000, 65_536, 1_000, 65, 17, 15, 1].map(salted),
    `SCRAM-SHA-256$4096:$${keys}`,
    `SCRAM-SHA-256$1:${Buffer.alloc(16).toString("base64")}$${keys}`,
    `SCRAM-SHA-256$2147483647:${Buffer.alloc(16).toString("base64")}$${keys}`,
    `SCRAM-SHA-256$4096:${"A".repeat(21)}$${keys}`,
    `SCRAM-SHA-256$4096:${"=".repeat(24)}$${keys}`,
    `SCRAM-SHA-256$4096:${Buffer.alloc(16).toString("base64")}$${keys}${"=".repeat(1_000_000)}`,
    `SCRAM-SHA-256$4096:${Buffer.alloc(16).toString("base64")}$${Buffer.alloc(33).toString("base64")}:${keys.split(":")[1]}`,
    "SCRAM-SHA-256$Sesame2024",
  ]
  const kept = users.verifierOf("eve")
  for (const verifier of bad) {
    for (const [client, sql] of [
      [eve, `ALTER USER eve PASSWORD '${verifier}'`],
      [admin, `ALTER USER eve PASSWORD '${verifier}'`],
      [admin, `CREATE USER adam PASSWORD '${verifier}'`],
    ] as const) {
      await assert.rejects(client.query(sql), { code: "22023" }, sql.slice(0, 80))
    }
  }
  assert.equal(users.verifierOf("eve"), kept)
  assert.equal(users.find("adam"), undefined)
  await eve.query(`ALTER USER eve PASSWORD '${good}'`)
  await connect("eve", "dev", { password: "Other2024" })
})

test("a kept verifier with a salt of megabytes is nobody's password and is never sent", async (t) => {
  const warehouse = await testWarehouse(t)
  const admin = await warehouse.client("admin", "dev")
  await admin.query("CREATE USER eve PASSWORD 'Sesame2024'")
  const store = await openStore(warehouse.stateUrl)
  t.after(() => store.close())
  const keys = verifierText(scramVerifier("Sesame2024")).split("$")[2]
  const verifier = `SCRAM-SHA-256$4096:${Buffer.alloc(5_000_000).toString("base64")}$${keys}`
  await store.sqlUsers.change("eve", { verifier })
  await admin.query("CREATE USER adam PASSWORD DISABLE")
  const { salt } = await scramAnswer(warehouse.port.port, "eve")
  assert.equal(Buffer.from(salt, "base64").length, 16)
})

function createFrom(localAddress: string): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket)
  return Object.assign(socket, {
    connect: (port: number, host: string) => connect({ port, host, localAddress }),
  })
}

test("who guesses passwords is slowed down, and nobody else", async (t) => {
  const { client: connect, port } = await testWarehouse(t)
  const config = { host: "127.0.0.1", port: port.port, database: "shop", password: "wrong" }
  const from = (localAddress: string) => ({ stream: () => createFrom(localAddress) })
  const until = performance.now() + 5_000
  const said: string[] = []
  async function guess(user: string): Promise<void> {
    while (performance.now() < until) {
      const client = new pg.Client({ ...config, ...from("127.0.0.2"), user })
      client.on("error", () => undefined)
      await client.connect().then(
        () => said.push("in"),
        (error: unknown) => said.push(error instanceof pg.DatabaseError ? (error.code ?? "") : "cut"),
      )
    }
  }
  const guessing = Promise.all([
    ...Array.from({ length: 10 }, () => guess("admin")),
    ...Array.from({ length: 10 }, () => guess("who")),
  ])
  while (performance.now() < until - 1_000) {
    // The same user from elsewhere, and another user from the same address.
    const admin = await connect("admin", "shop", from("127.0.0.3"))
    assert.deepEqual((await admin.query("SELECT 1 AS a")).rows, [{ a: 1 }])
    const analyst = await connect("analyst", "shop", from("127.0.0.2"))
    assert.deepEqual((await analyst.query("SELECT 1 AS a")).rows, [{ a: 1 }])
    await Promise.all([admin.end(), analyst.end()])
  }
  await guessing
  const wrong = said.filter((code) => code === "28P01").length
  t.diagnostic(`${wrong} passwords tried in 5 s, ${said.length - wrong} refused`)
  assert.ok(
    said.every((code) => ["28P01", "53300", "cut"].includes(code)),
    said.join(),
  )
  assert.ok(wrong >= 2 && wrong <= 100, `${wrong} passwords were tried in 5 s`)
})
