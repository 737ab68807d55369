/** Integrations whose host is an SQL port of Millrace itself: one server for all, and set-ups that begin and end with nothing. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
  type IntegrationCalls,
  updateIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { startRevalidation } from "../../../src/control-plane/governance/integrations/revalidate.ts"
import {
  deleteScript,
  editScript,
  payloadScript,
} from "../../../src/control-plane/governance/integrations/scripts.ts"
import { Fault } from "../../../src/domain/faults.ts"
import { settled, startCalls } from "../../governance/integrations/governed-server.ts"
import { killedAt } from "../../governance/integrations/killed-process.ts"
import { rowsOf } from "../../governance/integrations/state-rows.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sqlPassword } from "../place.ts"
import { psql } from "./how-to.ts"

const admin = { username: "admin", password: sqlPassword }
const removal = { authenticationType: "userPassword", ...admin }

/** Where the managed schemas are made; both modes go the same way. */
const modes = { "in one database": "dev", "in a database of its own": "immuta" } as const

test("an SQL port of Millrace is set up, changed, validated and cleaned", async (t) => {
  const place = await newPlace(t, { sources: [] })
  await place.start()
  for (const [mode, database] of Object.entries(modes)) {
    const isSingle = database === "dev"
    const parts: [string, (port: PortTest) => Promise<void>][] = [
      ["by one-time credentials", automatically],
      ["by scripts in psql", byHand],
      ["undone when a step fails", undoneOnFailure],
      isSingle
        ? ["refused before it begins", othersSchemas]
        : ["not removed with tables of others", othersTables],
      ["killed at each step", killedAtEachStep],
    ]
    for (const [name, part] of parts)
      await t.test(`${mode}, ${name}`, async (one) => {
        const port = await portTest(one, place, database)
        await part(port)
        assert.deepEqual(await port.left(), [])
      })
  }
})

type PortTest = Awaited<ReturnType<typeof portTest>>

async function portTest(t: TestContext, place: Place, database: string) {
  const state = await stateDatabase()
  const installation = { stateUrl: state.url, key: randomBytes(32).toString("hex") }
  const stops: (() => Promise<void>)[] = []
  t.after(async () => {
    for (const stop of stops) await stop()
    await state.drop()
  })
  const urlOf = (name: string) =>
    `postgres://admin:${encodeURIComponent(sqlPassword)}@127.0.0.1:${place.sqlPort}/${name}`
  return {
    t,
    database,
    urlOf,
    installation,
    payload: (config: object = {}, manner: "automatic" | "manual" = "automatic") => ({
      type: "Redshift",
      autoBootstrap: manner === "automatic",
      config: {
        host: "127.0.0.1",
        port: place.sqlPort,
        database,
        initialDatabase: "dev",
        authenticationType: "userPassword",
        ...admin,
        ...config,
      },
    }),
    async start(observe?: (point: string) => void) {
      const started = await startCalls(installation, {
        ownPort: { host: "127.0.0.1", port: place.sqlPort },
        ...(observe && { observe }),
      })
      stops.push(() => started.stop())
      return started
    },
    /** What set-ups have left on the port. */
    async left(): Promise<unknown[]> {
      return await rowsOf(
        urlOf("dev"),
        `SELECT usename AS name FROM pg_user WHERE usename <> 'admin' UNION ALL SELECT datname FROM pg_database WHERE datname NOT IN ('dev')
         UNION ALL SELECT nspname FROM pg_namespace WHERE nspname LIKE 'immuta%'`,
      )
    },
  }
}

async function enabled(calls: IntegrationCalls, id: string): Promise<void> {
  assert.equal(await settled(calls, id), "enabled", JSON.stringify(await getIntegration(calls, id)))
}

async function automatically({ payload, start, urlOf, database }: PortTest): Promise<void> {
  const { calls } = await start()
  await assert.rejects(createIntegration(calls, payload({ impersonation: { enabled: true } })), (error) =>
    /has no groups and no procedures: set impersonation\.enabled to false/.test(String(error)),
  )
  await assert.rejects(createIntegration(calls, payload({ database: "awscc" })), (error) =>
    /^Validation failed: .*: The port keeps the name awscc for itself/.test(String((error as Error).message)),
  )
  const { answer } = await createIntegration(calls, payload())
  await enabled(calls, answer.id)
  assert.equal((await getIntegration(calls, answer.id)).validationResults.status, "passed")
  const users = await rowsOf(urlOf("dev"), "SELECT usename, usesuper FROM pg_user WHERE usename <> 'admin'")
  assert.equal(users.length, 1)
  assert.match(String(users[0]?.usename), /^immuta_system_1_[0-9a-f]{8}$/)
  assert.equal(users[0]?.usesuper, false)
  await assert.rejects(createIntegration(calls, payload()), /already exists on host 127\.0\.0\.1 \(id = 1\)/)
  await updateIntegration(calls, answer.id, payload())
  await enabled(calls, answer.id)

  const watch = startRevalidation(calls, 50)
  const becomes = (status: string) =>
    waitUntil(async () => (await getIntegration(calls, answer.id)).status === status, { what: status })
  const user = String(users[0]?.usename)
  try {
    await rowsOf(urlOf(database), `REVOKE USAGE ON SCHEMA immuta_functions FROM "${user}"`)
    await becomes("recurringValidationError")
    await rowsOf(urlOf(database), `GRANT USAGE ON SCHEMA immuta_functions TO "${user}"`)
    await becomes("enabled")
  } finally {
    await watch.stop()
  }
  await deleteIntegration(calls, answer.id, removal)
  assert.equal(await settled(calls, answer.id), "deleted")
}

async function byHand({ payload, start, urlOf, database }: PortTest): Promise<void> {
  const { calls } = await start()
  const account = { username: "sys.by.hand", password: "By-hand-1" }
  const body = payload(account, "manual")
  const script = async (kind: "initial-create" | "create" | "cleanup") =>
    (await payloadScript(calls, kind, { body, dialect: undefined })).script
  await psql(urlOf("dev"), await script("initial-create"))
  await psql(urlOf("dev"), await script("cleanup"))
  await psql(urlOf("dev"), await script("initial-create"))
  await assert.rejects(createIntegration(calls, body), Fault)
  await psql(urlOf(database), await script("create"))
  await psql(urlOf(database), await script("create"))
  const { answer } = await createIntegration(calls, body)
  await enabled(calls, answer.id)
  const edited = payload({ ...account, password: "By-hand-2" }, "manual")
  await assert.rejects(updateIntegration(calls, answer.id, edited), /Basic Connection Test/)
  await psql(urlOf(database), (await editScript(calls, answer.id, edited)).script)
  await updateIntegration(calls, answer.id, edited)
  await enabled(calls, answer.id)
  await psql(urlOf("dev"), (await deleteScript(calls, answer.id)).script)
  await deleteIntegration(calls, answer.id, undefined)
  assert.equal(await settled(calls, answer.id), "deleted")
}

/** In the middle of the set-up its account loses the right to go on. */
async function undoneOnFailure({ payload, start, urlOf, database }: PortTest): Promise<void> {
  const sql = (statement: string) =>
    execFileSync("psql", ["--no-psqlrc", "-qAtc", statement, urlOf("dev")]).toString()
  const { calls } = await start((point) => {
    if (point !== (database === "dev" ? "create/system account/done" : "create/managed database/done")) return
    const user = sql("SELECT usename FROM pg_user WHERE usename <> 'admin'").trim()
    sql(`ALTER USER "${user}" NOCREATEUSER`)
  })
  const { answer } = await createIntegration(calls, payload())
  assert.equal(await settled(calls, answer.id), "createError")
  const { validationResults } = await getIntegration(calls, answer.id)
  assert.deepEqual(
    validationResults.validationTests.filter(({ status }) => status === "failed").map(({ name }) => name),
    // A database of its own is closed to the account as soon as it is no administrator.
    [`Automatic Bootstrap: ${database === "dev" ? "fingerprint and smoke read" : "managed objects"}`],
  )
  await deleteIntegration(calls, answer.id, removal)
  assert.equal(await settled(calls, answer.id), "deleted")
}

/** What stands there before a set-up is nothing that a failed one may drop. */
async function othersSchemas({ payload, start, urlOf, database }: PortTest): Promise<void> {
  const { calls } = await start()
  await rowsOf(urlOf(database), "CREATE SCHEMA immuta_system")
  await assert.rejects(
    createIntegration(calls, payload()),
    /There are schemas immuta_system already: drop them/,
  )
  await rowsOf(urlOf(database), "DROP SCHEMA immuta_system")
  await rowsOf(urlOf("dev"), "CREATE USER other PASSWORD 'Other12345'")
  await assert.rejects(
    createIntegration(calls, payload({ username: "other", password: "Other12345" })),
    /User Grants: The account must be an administrator of the SQL port/,
  )
  await rowsOf(urlOf("dev"), "DROP USER other")
}

async function othersTables({ payload, start, urlOf, database }: PortTest): Promise<void> {
  const { calls } = await start()
  const { answer } = await createIntegration(calls, payload())
  await enabled(calls, answer.id)
  await rowsOf(urlOf(database), "CREATE TABLE main.mine (a integer)")
  await deleteIntegration(calls, answer.id, removal)
  assert.equal(await settled(calls, answer.id), "deleteError")
  assert.match(
    JSON.stringify((await getIntegration(calls, answer.id)).validationResults),
    /Database immuta holds tables that the set-up did not make: move them away, and ask again/,
  )
  await rowsOf(urlOf(database), "DROP TABLE main.mine")
  await deleteIntegration(calls, answer.id, removal)
  assert.equal(await settled(calls, answer.id), "deleted")
}

async function killedAtEachStep({ payload, start, installation, left, database }: PortTest): Promise<void> {
  // What is before the first database-level step is the same in both modes.
  const points: [point: string, status: string][] =
    database === "dev"
      ? [
          ["create/system account/begun", "createError"],
          ["create/system account/done", "enabled"],
          ["create/return of rights/done", "enabled"],
        ]
      : [["create/managed database/done", "enabled"]]
  for (const [point, expected] of points) {
    await killedAt({ installation, call: "create", body: payload(), point })
    const { calls, stop } = await start()
    const [{ id } = { id: 0 }] = await calls.plane.store.all()
    assert.equal(await settled(calls, String(id)), expected, point)
    assert.equal((await left()).length > 0, expected === "enabled", point)
    await deleteIntegration(calls, String(id), removal)
    assert.equal(await settled(calls, String(id)), "deleted", point)
    assert.deepEqual(await left(), [], point)
    await stop()
  }
}
