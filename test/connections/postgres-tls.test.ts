import assert from "node:assert/strict"
import { chown, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { TLSSocket } from "node:tls"
import pg from "pg"
import {
  libpqTls,
  type TlsMode,
  type TlsSettings,
  tlsModes,
  urlWithTls,
} from "../../src/configuration/tls/settings.ts"
import { openPg } from "../../src/connections/pg-client.ts"
import { checkServer } from "../../src/control-plane/governance/integrations/checks.ts"
import { accountToRunAs } from "../../src/embedded-postgres/account.ts"
import { closeQuietly, connect, connectForReplication, takeOver } from "../../src/sources/postgres/client.ts"
import { openStore } from "../../src/state/store.ts"
import { connect as connectWarehouse } from "../../src/warehouses/postgres/client.ts"
import { openGovernedHost } from "../../src/warehouses/postgres/governance/host.ts"
import { type TestServer, testServer } from "../support/postgres.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import { waitUntil } from "../support/wait-until.ts"
import { assertTaken, type CertificateKinds, certificateKinds } from "./certificate-kinds.ts"

let server: TestServer
let folder: string
let certificates: CertificateKinds
let dataFolder: string

before(async () => {
  folder = await temporaryFolder("postgres-tls")
  certificates = await certificateKinds(folder)
  server = await testServer()
  dataFolder = String((await asRoot("SHOW data_directory"))[0]?.data_directory)
  await asRoot("CREATE ROLE app LOGIN REPLICATION SUPERUSER PASSWORD 'word'")
})
after(() => removeFolder(folder))

async function asRoot(...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

async function inDataFolder(name: string, text: string): Promise<void> {
  const path = join(dataFolder, name)
  await writeFile(path, text, { mode: 0o600 })
  const account = await accountToRunAs()
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

/** New connections are served by it when this returns. */
async function serve({ cert, key }: { cert: string; key: string }): Promise<void> {
  await inDataFolder("tls.crt", cert)
  await inDataFolder("tls.key", key)
  await asRoot(
    "ALTER SYSTEM SET ssl_cert_file = 'tls.crt'",
    "ALTER SYSTEM SET ssl_key_file = 'tls.key'",
    "ALTER SYSTEM SET ssl = on",
    "SELECT pg_reload_conf()",
  )
  await waitUntil(async () => (await servedCertificate()) === cert.replace(/\s/g, ""), {
    what: "the server to show its new certificate",
  })
}

async function servedCertificate(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: server.url(), ssl: { rejectUnauthorized: false } })
  client.on("error", () => undefined)
  try {
    await client.connect()
    const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection
    const raw = stream.getPeerCertificate().raw.toString("base64")
    return `-----BEGINCERTIFICATE-----${raw}-----ENDCERTIFICATE-----`
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => undefined)
  }
}

function urlOf(tls: TlsSettings, user?: string): string {
  const url = new URL(server.url())
  if (user !== undefined) [url.username, url.password] = [user, "word"]
  return urlWithTls(url.href, tls, libpqTls)
}

/** Both kinds of connections; whether they are encrypted is asked of the server. */
async function enter(tls: TlsSettings, user?: string): Promise<void> {
  const address = { url: urlOf(tls, user), database: "postgres" }
  const client = await connect(address)
  try {
    const { rows } = await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert.equal(rows[0]?.ssl, tls.mode !== "off", `encrypted with ${tls.mode}`)
  } finally {
    await closeQuietly(client)
  }
  const replication = await connectForReplication(address)
  const raw = takeOver(replication)
  const answer = new Promise<Buffer>((resolve) => raw.socket.once("data", resolve))
  raw.query("IDENTIFY_SYSTEM")
  assert.equal((await answer)[0], "T".charCodeAt(0))
  raw.destroy()
}

/** Without verifying, no authority is named: `require` would verify by it in a PostgreSQL url. */
const inMode = (mode: TlsMode): TlsSettings =>
  mode.startsWith("verify") ? { mode, ca: certificates.ca } : { mode }

test("a server without TLS", async () => {
  for (const mode of ["require", "verify-ca", "verify-full"] as const)
    await assertTaken(enter({ mode, ca: certificates.ca }), /The server does not offer TLS/, mode)
  const client = await openPg({ url: urlOf({ mode: "prefer" }) })
  assert.deepEqual((await client.query("SELECT 1 AS one")).rows, [{ one: 1 }])
  await client.end()
})

test("every mode with every kind of certificate", async () => {
  for (const { name, made, refusals } of certificates.kinds) {
    await serve(made)
    for (const mode of tlsModes)
      await assertTaken(enter(inMode(mode)), refusals[mode], `${mode}, a certificate ${name}`)
  }
})

test("a governed server's certificate is judged before a one-time password is sent", async () => {
  const modes = ["require", "verify-ca", "verify-full"] as const
  for (const { name, made, refusals } of certificates.kinds) {
    await serve(made)
    for (const mode of modes)
      await assertGoverned(inMode(mode), refusals[mode], `${mode}, a certificate ${name}`)
  }
})

/** Both ways into a governed server: the set-up's, and that of people and views. */
async function assertGoverned(tls: TlsSettings, refusal: RegExp | undefined, what: string): Promise<void> {
  const { hostname: host, port } = new URL(server.url())
  const place = { host, port: Number(port), database: "postgres", initialDatabase: "postgres" }
  const { results } = await checkServer(
    { temporaryPasswords: () => assert.fail("nothing here signs in by Okta"), tlsOf: () => tls },
    {
      config: { ...place, impersonation: { enabled: false }, authentication: { type: "userPassword" } },
      credentials: { type: "userPassword", username: "app", password: "word" },
      ...{ manner: "automatic", act: "create", fingerprint: "" },
    },
  )
  const [connection] = results.validationTests
  assert.equal(
    connection?.status,
    refusal === undefined ? "passed" : "failed",
    `${what}: ${connection?.message}`,
  )
  const login = async () => ({ user: "app", password: "word" })
  const kept = await openGovernedHost({ ...place, tls, login })
    .open("postgres")
    .then(
      () => assert.fail(`${what}: nothing is set up there`),
      (error: unknown) => error,
    )
  assert.ok(kept instanceof Error)
  if (refusal === undefined) return assert.match(kept.message, /immuta_system/, what)
  assert.match(kept.message, refusal, what)
  assert.match(connection?.message ?? "", refusal, what)
  assert.match(connection?.message ?? "", /`governance\.servers`/, what)
}

test("sslmode=require with an authority verifies, as libpq does", async () => {
  const [, selfSigned] = certificates.kinds
  assert.ok(selfSigned)
  await serve(selfSigned.made)
  const url = (parameters: string) => `${server.url()}?${parameters}`
  const at = (parameters: string) => connect({ url: url(parameters), database: "postgres" })
  await assert.rejects(at(`sslmode=require&sslrootcert=${certificates.ca}`), /self-signed/)
  await closeQuietly(await at("sslmode=require"))
  await closeQuietly(await at("sslmode=allow"))
  await assert.rejects(at("sslmode=verify-full"), /self-signed/)
})

test("a server that takes only TLS, and client certificates", async (context) => {
  const [good] = certificates.kinds
  assert.ok(good)
  await serve(good.made)
  await inDataFolder("tls-clients.crt", await readFile(certificates.ca, "utf8"))
  const rules = join(dataFolder, "pg_hba.conf")
  const former = await readFile(rules, "utf8")
  const reload = async (text: string) => {
    await inDataFolder("pg_hba.conf", text)
    await asRoot("ALTER SYSTEM SET ssl_ca_file = 'tls-clients.crt'", "SELECT pg_reload_conf()")
  }
  context.after(() => reload(former))
  await reload(`hostssl all app 127.0.0.1/32 scram-sha-256\nhost all app 127.0.0.1/32 reject\n${former}`)
  const full: TlsSettings = { mode: "verify-full", ca: certificates.ca }
  await waitUntil(
    async () => {
      const error = await enter({ mode: "off" }, "app").catch((thrown: Error) => thrown)
      return error instanceof Error && /requires TLS for this user/.test(error.message)
    },
    { what: "who comes without TLS to be told that the server requires it" },
  )
  await enter(full, "app")
  const store = await openStore(urlOf(full, "app"))
  await store.ping()
  await store.close()
  const warehouse = await connectWarehouse(urlOf(full, "app"))
  assert.deepEqual(await warehouse.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), [["t"]])
  await warehouse.close()

  await reload(`hostssl all app 127.0.0.1/32 cert\nhost all app 127.0.0.1/32 reject\n${former}`)
  await waitUntil(
    async () => {
      const error = await enter(full, "app").catch((thrown: Error) => thrown)
      return (
        error instanceof Error && /demands a client certificate: give `cert` and `key`/.test(error.message)
      )
    },
    { what: "who shows no certificate to be told that the server demands one" },
  )
  await enter({ ...full, ...certificates.client }, "app")
})
