import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import type { TestContext } from "node:test"
import { accountSafe } from "../../../src/control-plane/governance/integrations/account.ts"
import type { IntegrationCalls } from "../../../src/control-plane/governance/integrations/calls.ts"
import { startIntegrationJobs } from "../../../src/control-plane/governance/integrations/jobs.ts"
import type { TemporaryPasswords } from "../../../src/control-plane/governance/integrations/okta-login.ts"
import type { IntegrationPlane } from "../../../src/control-plane/governance/integrations/plane.ts"
import { newKeyRing } from "../../../src/encryption/key-ring.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { rowsOf } from "./state-rows.ts"

const keyArn = "arn:aws:kms:us-east-1:123456789012:key/governance"

/** What all processes of one installation have, here and in a child that is killed. */
export interface Installation {
  stateUrl: string
  key: string
}

export interface StartOptions {
  /** Told the points of jobs. */
  observe?: (point: string) => void
  passwords?: TemporaryPasswords
  tls?: IntegrationPlane["tlsOf"]
  /** Where the installation's SQL port is. */
  ownPort?: { host: string; port: number }
}

const noOkta: TemporaryPasswords = () => assert.fail("nothing here signs in by Okta")

/** The services of a process of the installation. */
export async function startCalls(
  { stateUrl, key }: Installation,
  {
    observe = () => undefined,
    passwords = noOkta,
    tls = () => ({ mode: "prefer" }),
    ownPort = { host: "127.0.0.1", port: 0 },
  }: StartOptions = {},
): Promise<{ calls: IntegrationCalls; store: Store; stop(): Promise<void> }> {
  const store = await openStore(stateUrl)
  const bytes = Buffer.from(key, "hex")
  const keys = newKeyRing([{ arn: keyArn, aliases: [], enabled: true, key: bytes, previous: [] }])
  const line = () => undefined
  const plane: IntegrationPlane = {
    store: store.governedIntegrations,
    policies: store,
    safe: accountSafe(async () => ({ ring: keys, keyArn })),
    secret: bytes,
    temporaryPasswords: passwords,
    tlsOf: tls,
    ownPort,
    log: { info: line, warn: line, error: line },
  }
  const jobs = startIntegrationJobs({ plane, observe, lookEveryMs: 200 })
  let stopping: Promise<void> | undefined
  async function stopOnce(): Promise<void> {
    await jobs.stop()
    await store.close()
  }
  return {
    calls: { plane, jobs },
    store,
    stop() {
      stopping ??= stopOnce()
      return stopping
    },
  }
}

/** A server to govern, with a database of the test's own, and an installation. Removed, with what was set up, when the test ends. */
export async function governedServer(t: TestContext) {
  const [database, state] = [await testDatabase(), await stateDatabase()]
  const tail = randomBytes(4).toString("hex")
  const installation = { stateUrl: state.url, key: randomBytes(32).toString("hex") }
  const stops: (() => Promise<void>)[] = []
  const address = new URL(database.url)
  const admin = { user: `admin_${tail}@example.com`, password: `Secret-${tail}` }
  await rowsOf(database.url, `CREATE USER "${admin.user}" SUPERUSER PASSWORD '${admin.password}'`)
  const managed = `managed_${tail}`
  t.after(async () => {
    for (const stop of stops) await stop()
    await removeSetUp(database.url, managed)
    await rowsOf(database.url, `DROP USER IF EXISTS "${admin.user}"`)
    await database.drop()
    await state.drop()
  })
  return {
    url: database.url,
    databaseName: database.name,
    tail,
    managed,
    admin,
    installation,
    /** `single`: in the test's database; otherwise in a new one. */
    payload: (config: Record<string, unknown> = {}, manner: "automatic" | "manual" = "automatic") => ({
      type: "Redshift",
      autoBootstrap: manner === "automatic",
      config: {
        host: address.hostname,
        port: Number(address.port),
        database: managed,
        initialDatabase: database.name,
        authenticationType: "userPassword",
        username: admin.user,
        password: admin.password,
        ...config,
      },
    }),
    async start(options?: StartOptions) {
      const started = await startCalls(installation, options)
      stops.push(() => started.stop())
      return started
    },
    /** Kinds of what is in the server of this test's set-ups. */
    async left(): Promise<string[]> {
      const rows = await rowsOf(
        database.url,
        `SELECT 'database' AS kind FROM pg_database WHERE datname = '${managed}'
         UNION ALL SELECT 'group' FROM pg_roles WHERE rolname LIKE '%${tail}' AND NOT rolcanlogin
         UNION ALL SELECT 'user' FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles a ON a.oid = m.member
           WHERE r.rolname LIKE 'immuta_system_%' AND a.rolname = '${admin.user}'
         UNION ALL SELECT 'schema' FROM pg_namespace WHERE nspname LIKE 'immuta%'
         ORDER BY 1`,
      )
      return rows.map(({ kind }) => String(kind))
    },
  }
}

async function removeSetUp(url: string, managed: string): Promise<void> {
  const [owner] = await rowsOf(
    url,
    `SELECT quote_ident(pg_get_userbyid(datdba)) AS o FROM pg_database WHERE datname = '${managed}'`,
  )
  if (owner !== undefined) {
    await rowsOf(url, `DROP DATABASE ${managed} WITH (FORCE)`)
    await rowsOf(url, `DROP OWNED BY ${owner.o}; DROP USER ${owner.o}`)
  }
  const owners = await rowsOf(
    url,
    `SELECT DISTINCT quote_ident(pg_get_userbyid(nspowner)) AS o FROM pg_namespace WHERE nspname LIKE 'immuta%'`,
  )
  for (const { o } of owners) await rowsOf(url, `DROP OWNED BY ${o} CASCADE; DROP USER ${o}`)
}

export type GovernedServer = Awaited<ReturnType<typeof governedServer>>

/** Until its job has ended. */
export async function settled({ plane }: IntegrationCalls, id: string): Promise<string> {
  return await waitUntil(
    async () => {
      const integration = await plane.store.byId(Number(id))
      if (integration === undefined) return "deleted"
      return integration.job === undefined ? integration.status : undefined
    },
    { what: "the end of the job" },
  )
}
