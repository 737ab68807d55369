import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmod, rm, stat, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { promisify } from "node:util"
import pg from "pg"
import { defaultConfiguration } from "../../../src/configuration/load.ts"
import {
  generatedCertificatePath,
  portCertificate,
} from "../../../src/configuration/secrets/port-certificate.ts"
import type { ListenTls } from "../../../src/domain/configuration.ts"
import { engines } from "../../../src/server/registries.ts"
import { temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { password, type TestWarehouse, testWarehouse } from "../warehouse.ts"

const run = promisify(execFile)
const isThere = (command: string, ask = "--version") => spawnSync(command, [ask]).status === 0
const skip = isThere("psql") ? false : "psql is not on this machine: install postgresql-client to run these"

async function dataFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder("tls")
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function secured(
  t: TestContext,
  unencrypted: ListenTls["unencrypted"] = "loopback",
): Promise<{ warehouse: TestWarehouse; pem: string }> {
  const dataDir = await dataFolder(t)
  const certificate = await portCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  const warehouse = await testWarehouse(t, { tls: { ...certificate, unencrypted } })
  return { warehouse, pem: generatedCertificatePath(dataDir) }
}

async function psql({ port }: TestWarehouse, parameters: string, ...commands: string[]): Promise<string> {
  const place = `host=localhost port=${port.port} user=analyst dbname=shop ${parameters}`
  const env = { ...process.env, PGPASSWORD: password, LC_ALL: "C.UTF-8" }
  const { stdout } = await run("psql", ["-X", place, ...commands.flatMap((one) => ["-c", one])], {
    env,
    timeout: 20_000,
  })
  return stdout
}

test("psql logs in with every sslmode, the certificate verified and the channel bound", {
  skip,
}, async (t) => {
  const { warehouse, pem } = await secured(t)
  for (const mode of ["disable", "allow", "prefer", "require"]) {
    assert.match(await psql(warehouse, `sslmode=${mode}`, "SELECT count(*) FROM orders"), / 1000\n/)
  }
  const full = `sslmode=verify-full sslrootcert=${pem} channel_binding=require`
  assert.match(await psql(warehouse, full, "\\conninfo"), /SSL connection \(protocol: TLSv1\.3/)
  const { pem: other } = await secured(t)
  await assert.rejects(
    psql(warehouse, `sslmode=verify-full sslrootcert=${other}`, "SELECT 1"),
    /certificate verify failed/,
  )
})

test("who may come without TLS is configured", { skip }, async (t) => {
  const { warehouse } = await secured(t, "nowhere")
  assert.match(await psql(warehouse, "sslmode=prefer", "SELECT 42 AS n"), /42/)
  await assert.rejects(psql(warehouse, "sslmode=disable", "SELECT 1"), /with TLS only/)
  await assert.rejects(warehouse.client("analyst", "shop"), { code: "28000" })
})

test("node-postgres binds its password to the connection, and a large result passes through TLS", async (t) => {
  const { warehouse } = await secured(t, "nowhere")
  const client = await warehouse.client("analyst", "shop", {
    ssl: { rejectUnauthorized: false },
    enableChannelBinding: true,
  })
  const { rows } = await client.query("SELECT i, repeat('x', 100) AS text FROM range(100000) numbers(i)")
  assert.equal(rows.length, 100_000)
  const wrong = warehouse.client("analyst", "shop", {
    ssl: { rejectUnauthorized: false },
    enableChannelBinding: true,
    password: "wrong",
  })
  await assert.rejects(wrong, { code: "28P01" })
})

test("a statement is cancelled through TLS", async (t) => {
  const { warehouse } = await secured(t, "nowhere")
  const victim = await warehouse.client("analyst", "shop", { ssl: { rejectUnauthorized: false } })
  const endless = assert.rejects(
    victim.query("SELECT count(*) FROM range(100000000) a(x), range(100000) b(y) WHERE x % 7 = y % 5"),
    { code: "57014" },
  )
  const { processID, secretKey } = victim as unknown as { processID: number; secretKey: number }
  const request = Buffer.alloc(16)
  for (const [at, value] of [16, 80_877_102, processID, secretKey].entries())
    request.writeInt32BE(value, at * 4)
  await waitUntil(
    async () => {
      const socket = connect(warehouse.port.port, "127.0.0.1")
      socket.write(request)
      socket.resume()
      await once(socket, "close")
      return Promise.race([
        endless.then(() => true),
        new Promise<boolean>((done) => setImmediate(done, false)),
      ])
    },
    { what: "the statement to be cancelled" },
  )
})

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

test("what is sent before the handshake is not taken as said under it", async (t) => {
  const { warehouse } = await secured(t)
  const socket = connect(warehouse.port.port, "127.0.0.1")
  socket.write(Buffer.concat([sslRequest, Buffer.from([0, 0, 0, 8, 0, 3, 0, 0])]))
  const answers: Buffer[] = []
  socket.on("data", (chunk: Buffer) => answers.push(chunk))
  await once(socket, "close")
  assert.match(Buffer.concat(answers).toString("latin1"), /^E.*08P01.*unencrypted data after SSL request/s)
})

test("a handshake that fails or never ends costs that connection only", async (t) => {
  const dataDir = await dataFolder(t)
  const certificate = await portCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  const warehouse = await testWarehouse(t, {
    tls: { ...certificate, unencrypted: "loopback" },
    limits: { startupMs: 500 },
  })
  for (const bytes of [Buffer.from("this is no TLS at all, to be sure of it"), Buffer.alloc(0)]) {
    const socket = connect(warehouse.port.port, "127.0.0.1")
    socket.on("error", () => socket.destroy())
    socket.write(sslRequest)
    const [first] = (await once(socket, "data")) as [Buffer]
    assert.equal(first.toString(), "S")
    socket.write(bytes)
    socket.resume()
    await once(socket, "close")
  }
  // The limit that ends the silent one holds for this one, too: a busy machine may need several tries.
  const client = await waitUntil(
    () => warehouse.client("analyst", "shop", { ssl: { rejectUnauthorized: false } }),
    { what: "a client to be let in" },
  )
  assert.deepEqual((await client.query("SELECT 1 AS fine")).rows, [{ fine: 1 }])
  assert.deepEqual(
    warehouse.logged.filter((line) => !line.startsWith("client:")),
    [],
  )
})

test("a certificate is made once, for this user's eyes only, and anew when it is damaged", async (t) => {
  const dataDir = await dataFolder(t)
  const configuration = { ...defaultConfiguration(dataDir, engines), dataDir }
  const first = await portCertificate(configuration)
  assert.deepEqual(await portCertificate(configuration), first)
  const path = generatedCertificatePath(dataDir)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await writeFile(path, first.cert.slice(0, 300))
  const second = await portCertificate(configuration)
  assert.notEqual(second.cert, first.cert)
})

const openssl = isThere("openssl", "version") ? false : "openssl makes the certificates of this test"

test("a configured certificate is used; one that cannot be is refused with the reason", {
  skip: openssl || skip,
}, async (t) => {
  const folder = await dataFolder(t)
  const [cert, key, otherKey] = ["cert.pem", "key.pem", "other.pem"].map((name) => join(folder, name))
  assert.ok(cert && key && otherKey)
  const make = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-sha384",
    "-nodes",
    "-days",
    "30",
    "-subj",
    "/CN=localhost",
  ]
  await run("openssl", [...make, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert])
  await run("openssl", ["genrsa", "-out", otherKey, "2048"])
  const configured = (files: { cert: string; key: string }) => {
    const usual = defaultConfiguration(folder, engines)
    const tls: ListenTls = { ...files, unencrypted: "nowhere" }
    return portCertificate({ ...usual, listen: { ...usual.listen, tls } })
  }
  const warehouse = await testWarehouse(t, {
    tls: { ...(await configured({ cert, key })), unencrypted: "nowhere" },
  })
  const full = `sslmode=verify-full sslrootcert=${cert} channel_binding=require`
  assert.match(await psql(warehouse, full, "SELECT 42 AS n"), /42/)
  await assert.rejects(configured({ cert, key: otherKey }), /key does not belong to cert/)
  await assert.rejects(configured({ cert: key, key }), /must be a certificate in PEM form/)
  await chmod(cert, 0o600)
  await assert.rejects(configured({ cert, key: cert }), /must be a private key in PEM form/)
  await assert.rejects(configured({ cert: `${cert}x`, key }), /cannot be read \(ENOENT\)/)
  await chmod(key, 0o644)
  await assert.rejects(configured({ cert, key }), /open to every user/)
})

test("without TLS the port says so, and pg is told", async (t) => {
  const warehouse = await testWarehouse(t)
  const refused = warehouse.client("analyst", "shop", { ssl: { rejectUnauthorized: false } })
  await assert.rejects(
    refused,
    (error: unknown) => error instanceof Error && !(error instanceof pg.DatabaseError),
  )
})
