/** The configuration read again by what runs: what is taken over, what is not interrupted, what is refused. */
import assert from "node:assert/strict"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { TLSSocket } from "node:tls"
import { DescribeIntegrationsCommand, RDSClient } from "@aws-sdk/client-rds"
import pg from "pg"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, region, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp, connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

const keptArn = sourceArn.replace("orders", "kept")
const laterArn = sourceArn.replace("orders", "later")
const analyst = { name: "analyst", password: "pw-analyst-MARKER", policy: "admin" }
const second = { access_key_id: "AKIDSECOND", secret_access_key: "kEy-second-MARKER", policy: "read-only" }

/** A role of the source's server whose password stands in a file. */
async function rotatedRole(context: TestContext, url: string) {
  const role = `rotated_${process.pid}`
  const set = (client: pg.Client, password: string) =>
    client.query(`ALTER ROLE ${role} PASSWORD '${password}'`)
  await onDatabase(url, async (client) => {
    await client.query(`CREATE ROLE ${role} SUPERUSER LOGIN`)
    await set(client, "pw-first-MARKER")
  })
  atEnd(context, () =>
    onDatabase(url, (client) => client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`)),
  )
  const mine = new URL(url)
  mine.username = role
  mine.password = "SECRET"
  return {
    // As it is written: what the file holds is put in when the configuration is read.
    url: mine.href.replace("SECRET", `\${file:password}`),
    rotate: (password: string) =>
      onDatabase(url, async (client) => {
        await set(client, password)
        await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
          role,
        ])
      }),
  }
}

/** By integration: the generation of its pipeline's lease. */
async function generations({ stateUrl = "" }: Place): Promise<Map<string, number>> {
  const { rows } = await onDatabase(stateUrl, (client) =>
    client.query<{ name: string; generation: number }>(
      `SELECT name, generation::int FROM millrace.pipeline_leases JOIN millrace.integrations ON starts_with(pipeline, integrations.id || '/')`,
    ),
  )
  return new Map(rows.map(({ name, generation }) => [name, generation]))
}

async function fingerprint({ sqlPort }: Place): Promise<string> {
  const client = new pg.Client({
    ...{ host: "127.0.0.1", port: sqlPort, user: "nobody", password: "none", database: "dev" },
    ssl: { rejectUnauthorized: false },
  })
  client.on("error", () => undefined)
  let shown = ""
  client.connection.once("sslconnect", () => {
    const { stream } = client.connection
    if (!(stream instanceof TLSSocket)) return
    stream.once("secureConnect", () => {
      shown = stream.getPeerCertificate().fingerprint256
    })
  })
  await assert.rejects(client.connect(), { code: "28P01" })
  assert.notEqual(shown, "")
  return shown
}

interface Scene {
  place: Place
  /** Of the source whose password is rotated. */
  role: Awaited<ReturnType<typeof rotatedRole>>
  passwordPath: string
  later: { url: string }
}

/** Everything that a reload takes over changes, and one key that it does not. */
async function changeAll({ place, role, passwordPath, later }: Scene): Promise<void> {
  await role.rotate("pw-second-MARKER")
  await writeFile(passwordPath, "pw-second-MARKER\n")
  await rm(join(place.dataDir, "sql-tls.pem"))
  await place.configure((configuration) => {
    const { sources, sql_users: users, credentials } = configuration as Record<string, unknown[]>
    sources?.push({ arn: laterArn, engine: "postgres", url: later.url })
    users?.push(analyst)
    credentials?.push(second)
    configuration.verify = { every: "24h" }
  })
  const { code, stdout, output } = await place.run("reload")
  assert.equal(code, 0, output)
  assert.equal(stdout, "reloaded: credentials, sql_users, sources\n! a restart is needed for: verify\n")
}

async function assertNewcomersServed(place: Place, integrations: number): Promise<void> {
  const session = await connectSql(place, "kept", { user: analyst.name, password: analyst.password })
  await session.end()
  const client = new RDSClient({
    endpoint: `http://127.0.0.1:${place.httpPort}`,
    region,
    credentials: { accessKeyId: second.access_key_id, secretAccessKey: second.secret_access_key },
  })
  const { Integrations: seen } = await client.send(new DescribeIntegrationsCommand({}))
  assert.equal(seen?.length, integrations)
}

/** By a signal, without the command. */
async function removeAnalyst(place: Place, pid: number): Promise<void> {
  await place.configure((configuration) => {
    const users = configuration.sql_users as { name: string }[]
    configuration.sql_users = users.filter(({ name }) => name !== analyst.name)
  })
  process.kill(pid, "SIGHUP")
  await waitUntil(() => place.output().match(/"applied":\["sql_users"\]/), { what: "the second reload" })
  await assert.rejects(connectSql(place, "kept", { user: analyst.name, password: analyst.password }), {
    code: "28P01",
  })
}

async function reloadBroken(place: Place): Promise<void> {
  await place.configure((configuration) => {
    configuration.sources = [{ arn: sourceArn, engine: "postgres", url: "mysql://host/database" }]
  })
  const broken = await place.run("reload")
  assert.equal(broken.code, 1)
  assert.match(
    broken.stderr,
    /sources.*\n.*the configuration was not reloaded; what applied before still does/s,
  )
  assert.match(place.output(), /the configuration was not reloaded/)
}

test("reload: secrets, sources, users and keys are taken over while other pipelines stream on; a broken file changes nothing", async (context) => {
  const [rotated, kept, later] = [await bank(context), await bank(context), await bank(context)]
  const role = await rotatedRole(context, rotated.url)
  const place = await newPlace(context, {
    sources: [
      { arn: sourceArn, url: role.url },
      { arn: keptArn, url: kept.url },
    ],
    isIsolated: true,
  })
  const passwordPath = join(place.folder, "password")
  await writeFile(passwordPath, "pw-first-MARKER\n", { mode: 0o600 })
  const running = await place.start()
  const api = apiOf(place)
  await api.create("rotated", `include: ${rotated.name}.public.*`)
  await api.create("kept", `include: ${kept.name}.public.*`, keptArn)
  for (const name of ["rotated", "kept"]) await api.becomes(name, "active")
  const before = await generations(place)
  const shown = await fingerprint(place)

  await changeAll({ place, role, passwordPath, later })
  await onDatabase(rotated.url, (client) => client.query("UPDATE accounts SET owner = owner || ' again'"))
  await caughtUp(place, rotated.url, "rotated")
  await assertEqualContent(place, rotated.url, "rotated")
  await api.create("later", `include: ${later.name}.public.*`, laterArn)
  await api.becomes("later", "active")
  for (const [source, name] of [[later, "later"] as const, [kept, "kept"] as const])
    await caughtUp(place, source.url, name)
  const after = await generations(place)
  assert.equal(after.get("kept"), before.get("kept"))
  assert.ok(Number(after.get("rotated")) > Number(before.get("rotated")))
  await assertNewcomersServed(place, 3)
  assert.notEqual(await fingerprint(place), shown)

  await removeAnalyst(place, running.pid)
  await reloadBroken(place)
  assert.deepEqual(await generations(place), after)
  await onDatabase(kept.url, (client) => client.query("UPDATE accounts SET owner = owner || ' still'"))
  await caughtUp(place, kept.url, "kept")
  assert.equal((await running.terminate()).code, 0)
})
