import assert from "node:assert/strict"
import { chmod, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { type TlsMode, type TlsSettings, tlsModes, urlWithTls } from "../../src/configuration/tls/settings.ts"
import { close, connect, takeOver } from "../../src/sources/mysql/client.ts"
import { mysqlTls } from "../../src/sources/mysql/url.ts"
import { mysqlServer } from "../support/mysql/fixtures.ts"
import { mariaDbProduct } from "../support/mysql/products.ts"
import type { MysqlServer } from "../support/mysql/server.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { assertTaken, type CertificateKinds, certificateKinds } from "./certificate-kinds.ts"

const skip = mariaDbProduct.missing() ?? false
let server: MysqlServer
let folder: string
let certificates: CertificateKinds

before(async () => {
  if (skip !== false) return
  folder = await temporaryFolder("mysql-tls")
  certificates = await certificateKinds(folder)
  server = await mysqlServer(mariaDbProduct)
})
after(async () => {
  if (skip === false) await removeFolder(folder)
})

async function serve({ cert, key }: { cert: string; key: string }): Promise<void> {
  for (const [name, text] of [
    ["tls.pem", cert],
    ["tls-key.pem", key],
  ] as const) {
    await writeFile(join(server.folder, name), text)
    await chmod(join(server.folder, name), 0o644)
  }
}

function urlOf(tls: TlsSettings, login?: { user: string; password: string }): string {
  const url = new URL(server.url)
  if (login !== undefined) [url.username, url.password] = [login.user, login.password]
  return urlWithTls(url.href, tls, mysqlTls)
}

/** As statements go, and as the log and snapshots are read: past the driver. */
async function enter(tls: TlsSettings, login?: { user: string; password: string }): Promise<void> {
  const client = await connect({ url: urlOf(tls, login) })
  try {
    const [row] = await client.query("SHOW STATUS LIKE 'Ssl_version'")
    assert.equal(row?.Value !== "", tls.mode !== "off", `encrypted with ${tls.mode}`)
    const raw = takeOver(client)
    const answer = new Promise<Buffer>((resolve) => raw.socket.once("data", resolve))
    raw.send(0x0e, Buffer.alloc(0))
    assert.equal((await answer)[4], 0)
  } finally {
    close(client)
  }
}

/** Without verifying, no authority is named: `require` would verify by it in a PostgreSQL url. */
const inMode = (mode: TlsMode): TlsSettings =>
  mode.startsWith("verify") ? { mode, ca: certificates.ca } : { mode }

test("a server without TLS", { skip }, async () => {
  for (const mode of ["require", "verify-ca", "verify-full"] as const)
    await assertTaken(enter({ mode, ca: certificates.ca }), /The server does not offer TLS/, mode)
  close(await connect({ url: urlOf({ mode: "prefer" }) }))
})

test("every mode with every kind of certificate", { skip }, async () => {
  const [good] = certificates.kinds
  assert.ok(good)
  const path = (name: string) => join(server.folder, name)
  await serve(good.made)
  await writeFile(path("clients.pem"), await readFile(certificates.ca, "utf8"), { mode: 0o644 })
  await server.restart({
    "ssl-cert": path("tls.pem"),
    "ssl-key": path("tls-key.pem"),
    "ssl-ca": path("clients.pem"),
  })
  for (const { name, made, refusals } of certificates.kinds) {
    await serve(made)
    await server.sql("FLUSH SSL")
    for (const mode of tlsModes)
      await assertTaken(enter(inMode(mode)), refusals[mode], `${mode}, a certificate ${name}`)
  }
})

test("a server that takes only TLS, and client certificates", { skip }, async () => {
  const [good] = certificates.kinds
  assert.ok(good)
  await serve(good.made)
  await server.sql(
    "FLUSH SSL",
    "CREATE USER app@'%' IDENTIFIED BY 'word' REQUIRE X509",
    "GRANT ALL ON *.* TO app@'%'",
  )
  const full: TlsSettings = { mode: "verify-full", ca: certificates.ca }
  const app = { user: "app", password: "word" }
  await assert.rejects(enter(full, app), { kind: "sourceRefusedLogin", message: /client certificate/ })
  await enter({ ...full, ...certificates.client }, app)
  await server.sql("SET GLOBAL require_secure_transport = ON")
  try {
    // MariaDB says no more than that access is denied.
    await assert.rejects(enter({ mode: "off" }), { message: /or it takes only TLS \(`tls: \{ mode: require/ })
    await enter(full)
  } finally {
    await connect({ url: urlOf(full) }).then(async (client) => {
      await client.query("SET GLOBAL require_secure_transport = OFF")
      close(client)
    })
  }
})
