/** The services of the integrations API on a real PostgreSQL: order of checks, statuses, edits, failures, validation. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  type BegunIntegration,
  createIntegration,
  deleteIntegration,
  getIntegration,
  type IntegrationCalls,
  shownIntegration,
  updateIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { startRevalidation } from "../../../src/control-plane/governance/integrations/revalidate.ts"
import {
  deleteScript,
  editScript,
  payloadScript,
} from "../../../src/control-plane/governance/integrations/scripts.ts"
import { Fault } from "../../../src/domain/faults.ts"
import type { Store } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type GovernedServer, governedServer, settled } from "./governed-server.ts"
import { rowsOf } from "./state-rows.ts"

const fault = (kind: string, words: RegExp | string) => (error: unknown) =>
  error instanceof Fault &&
  error.kind === kind &&
  (typeof words === "string" ? error.message === words : words.test(error.message))

const removalOf = ({ config: { username, password } }: { config: Record<string, unknown> }) => ({
  authenticationType: "userPassword",
  username,
  password,
})

test("an integration is made, edited and deleted; statuses decide which call is allowed", async (t) => {
  const server = await governedServer(t)
  const { calls, store } = await server.start()
  const body = server.payload()
  const { answer } = await createIntegration(calls, body)
  const { id } = answer
  assert.equal(await settled(calls, id), "enabled")
  await refusedInOtherStatuses(server, calls, body)
  await oneOfTwoBegins(store, answer)
  await refusedCalls(server, calls, body)

  const role = `imp_${server.tail}`
  await updateIntegration(calls, id, server.payload({ impersonation: { enabled: true, role } }))
  assert.equal(await settled(calls, id), "enabled")
  assert.deepEqual(await server.left(), ["database", "group", "user"])
  await updateIntegration(calls, id, body)
  assert.equal(await settled(calls, id), "enabled")
  assert.deepEqual(await server.left(), ["database", "user"])
  const shown = JSON.stringify(shownIntegration(await getIntegration(calls, id)))
  const rows = await rowsOf(
    server.installation.stateUrl,
    "SELECT t::text FROM millrace.governance_integrations t",
  )
  const steps = await store.governedIntegrations.steps(1)
  for (const text of [shown, JSON.stringify(rows), JSON.stringify(steps)])
    assert.ok(!text.includes(server.admin.password) && !text.includes(server.admin.user))

  assert.equal(await store.governedIntegrations.idOnHost("Redshift", body.config.host.toUpperCase()), 1)
  await deleteIntegration(calls, id, removalOf(body))
  assert.equal(await settled(calls, id), "deleted")
  assert.deepEqual(await server.left(), [])
  assert.equal(await store.governedIntegrations.idOnHost("Redshift", body.config.host), undefined)
})

type Payload = ReturnType<GovernedServer["payload"]>

/** The integration has the id 1, and is enabled before and after. */
async function refusedInOtherStatuses(
  { installation }: GovernedServer,
  calls: IntegrationCalls,
  body: Payload,
): Promise<void> {
  const become = (status: string) =>
    rowsOf(installation.stateUrl, `UPDATE millrace.governance_integrations SET status = '${status}'`)
  const text = (act: string, status: string) =>
    fault("integrationInWrongState", `Unable to ${act} integration with ID 1 in current state ${status}.`)
  for (const status of ["creating", "editing", "deleting", "migrating"]) {
    await become(status)
    await assert.rejects(updateIntegration(calls, "1", body), text("edit", status))
    await assert.rejects(deleteIntegration(calls, "1", removalOf(body)), text("delete", status))
  }
  await become("enabled")
}

/** Of two that compare and set the status, one does; only that one ends its job. */
async function oneOfTwoBegins(
  { governedIntegrations }: Store,
  { id, validationResults }: BegunIntegration,
): Promise<void> {
  const begin = { from: ["enabled"], to: "editing", kind: "edit", owner: "a", validationResults } as const
  const both = await Promise.all([1, 2].map(() => governedIntegrations.beginJob(Number(id), begin)))
  const begun = both.filter((one) => one !== undefined)
  assert.equal(begun.length, 1)
  const job = { integrationId: Number(id), jobNumber: begun[0]?.job?.number ?? 0, owner: "a" }
  const end = { status: "enabled", then: "keep" } as const
  assert.equal(await governedIntegrations.endJob({ ...job, owner: "b" }, end), false)
  assert.equal(await governedIntegrations.endJob(job, end), true)
}

async function refusedCalls(server: GovernedServer, calls: IntegrationCalls, body: Payload): Promise<void> {
  await assert.rejects(
    updateIntegration(calls, "99", body),
    fault("integrationNotFound", "No Integration found with ID 99."),
  )
  await assert.rejects(
    deleteIntegration(calls, "x", undefined),
    fault("integrationNotFound", "No integration found with ID x."),
  )
  await assert.rejects(
    deleteIntegration(calls, "1", undefined),
    fault(
      "validation",
      "Integrations that are automatically configured require privileged credentials to disable. Please provide them in your payload.",
    ),
  )
  for (const [member, value] of [
    ["host", "other.example"],
    ["port", 5_438],
    ["database", "other"],
    ["initialDatabase", "other"],
  ] as const)
    await assert.rejects(
      updateIntegration(calls, "1", server.payload({ [member]: value })),
      fault("validation", `Field config.${member} cannot be changed after creation.`),
    )
  await assert.rejects(
    updateIntegration(calls, "1", { ...body, autoBootstrap: false }),
    fault("validation", "Field autoBootstrap cannot be changed after creation."),
  )
}

test("a set-up that fails takes back what it made; after the cause is gone an update begins it anew", async (t) => {
  const server = await governedServer(t)
  const { calls } = await server.start()
  const body = server.payload()
  // The account may make users and databases, and may not grant on the database at hand: single-database mode fails late.
  const limited = { username: `lim_${server.tail}`, password: "lim" }
  await rowsOf(server.url, `CREATE USER ${limited.username} CREATEDB CREATEROLE PASSWORD 'lim'`)
  const single = {
    database: server.databaseName,
    ...limited,
    impersonation: { enabled: true, role: `imp_${server.tail}` },
  }
  const { answer } = await createIntegration(calls, server.payload(single))
  assert.equal(await settled(calls, answer.id), "createError")
  const failed = (await getIntegration(calls, answer.id)).validationResults
  assert.equal(failed.status, "failed")
  assert.match(
    JSON.stringify(failed.validationTests.at(-1)),
    /Automatic Bootstrap: managed objects.*permission denied/,
  )
  assert.deepEqual(await server.left(), [])
  await updateIntegration(
    calls,
    answer.id,
    server.payload({ ...single, ...{ username: server.admin.user, password: server.admin.password } }),
  )
  assert.equal(await settled(calls, answer.id), "enabled")
  assert.deepEqual(await server.left(), ["group", "schema", "schema", "schema", "user"])
  await deleteIntegration(calls, answer.id, removalOf(body))
  assert.equal(
    await settled(calls, answer.id),
    "deleted",
    JSON.stringify(await calls.plane.store.steps(Number(answer.id))),
  )
  assert.deepEqual(await server.left(), [])
  await rowsOf(server.url, `DROP USER ${limited.username}`)
})

test("an account that is no superuser can set up, and nothing keeps a right it does not need", async (t) => {
  const server = await governedServer(t)
  await rowsOf(server.url, `ALTER USER "${server.admin.user}" NOSUPERUSER CREATEDB CREATEROLE`)
  const { calls } = await server.start()
  const body = server.payload({ impersonation: { enabled: true, role: `imp_${server.tail}` } })
  const { answer } = await createIntegration(calls, body)
  assert.equal(
    await settled(calls, answer.id),
    "enabled",
    JSON.stringify(await getIntegration(calls, answer.id)),
  )
  const [owner] = await rowsOf(
    server.url,
    `SELECT r.rolcreatedb, r.rolcreaterole FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE datname = '${server.managed}'`,
  )
  assert.deepEqual(owner, { rolcreatedb: false, rolcreaterole: false })
  await deleteIntegration(calls, answer.id, removalOf(body))
  assert.equal(await settled(calls, answer.id), "deleted")
  assert.deepEqual(await server.left(), [])
})

test("checks refuse before anything is kept", async (t) => {
  const server = await governedServer(t)
  const { calls, store } = await server.start()
  const existing = server.payload({ database: "postgres" })
  const failed = (words: RegExp) => fault("checksFailed", words)
  await assert.rejects(
    createIntegration(calls, existing),
    failed(
      /^Validation failed: Validate Automatic Bootstrap: Immuta Database Does Not Exist: There is a database postgres\./,
    ),
  )
  await assert.rejects(
    createIntegration(calls, server.payload({ password: "wrong" })),
    (error) =>
      failed(/^Validation failed: Initial Validation: Basic Connection Test: /)(error) &&
      !String(error).includes(server.admin.user),
  )
  await assert.rejects(
    createIntegration(calls, server.payload({ host: "127.0.0.1", port: 1 })),
    failed(/ECONNREFUSED/),
  )
  await assert.rejects(
    createIntegration(calls, server.payload({ impersonation: { enabled: true, role: "pg_monitor" } })),
    failed(/Impersonation Role Does Not Exist: There is a group pg_monitor/),
  )
  await rowsOf(server.url, `ALTER USER "${server.admin.user}" NOSUPERUSER`)
  await assert.rejects(
    createIntegration(calls, server.payload()),
    failed(/User Grants: The account must be a superuser/),
  )
  await assert.rejects(
    createIntegration(calls, server.payload({}, "manual")),
    failed(/Basic Connection Test/),
  )
  assert.deepEqual(await store.governedIntegrations.all(), [])
})

test("by hand: another payload than the scripts' is refused; update and removal go by scripts", async (t) => {
  const server = await governedServer(t)
  const { calls } = await server.start()
  const account = { database: server.databaseName, username: `sys_${server.tail}`, password: "By-hand-1" }
  const body = server.payload(account, "manual")
  const script = async (kind: "initial-create" | "create" | "cleanup", of: unknown = body) =>
    (await payloadScript(calls, kind, { body: of, dialect: undefined })).script
  await rowsOf(server.url, await script("initial-create"))
  await rowsOf(server.url, await script("create"))
  await assert.rejects(
    createIntegration(calls, { ...body, config: { ...body.config, impersonation: { enabled: true } } }),
    fault("checksFailed", /^Validation failed: Validate Manual Bootstrap: Script Matches Payload: /),
  )
  const { answer } = await createIntegration(calls, body)
  assert.equal(await settled(calls, answer.id), "enabled")
  await assert.rejects(
    deleteIntegration(calls, answer.id, removalOf(body)),
    fault(
      "validation",
      /^Credentials are not required for disable unless the integration was configured automatically\. If you/,
    ),
  )

  const edited = {
    ...body,
    config: {
      ...body.config,
      password: "By-hand-2",
      impersonation: { enabled: true, role: `imp_${server.tail}` },
    },
  }
  await assert.rejects(
    updateIntegration(calls, answer.id, edited),
    fault("checksFailed", /Basic Connection Test/),
  )
  await rowsOf(server.url, (await editScript(calls, answer.id, edited)).script)
  await updateIntegration(calls, answer.id, edited)
  assert.equal(await settled(calls, answer.id), "enabled")
  assert.equal((await getIntegration(calls, answer.id)).config.impersonation.role, `imp_${server.tail}`)

  await rowsOf(server.url, (await deleteScript(calls, answer.id)).script)
  await deleteIntegration(calls, answer.id, undefined)
  assert.equal(await settled(calls, answer.id), "deleted")
  assert.deepEqual(await server.left(), [])
  await assert.rejects(
    payloadScript(calls, "create", { body: server.payload(), dialect: undefined }),
    fault("validation", "Scripts are only available for integrations with autoBootstrap set to false."),
  )
})

test("what was set up is looked at again: it fails when it is gone, and passes when it is back", async (t) => {
  const server = await governedServer(t)
  const { calls } = await server.start()
  const { answer } = await createIntegration(calls, server.payload())
  assert.equal(await settled(calls, answer.id), "enabled")
  const watch = startRevalidation(calls, 50)
  const becomes = (status: string) =>
    waitUntil(async () => (await getIntegration(calls, answer.id)).status === status, { what: status })
  try {
    const managed = new URL(server.url)
    managed.pathname = `/${server.managed}`
    await rowsOf(managed.href, "ALTER SCHEMA immuta_functions RENAME TO away")
    await becomes("recurringValidationError")
    assert.match(
      JSON.stringify(await getIntegration(calls, answer.id)),
      /Schemas are missing: immuta_functions/,
    )
    await rowsOf(managed.href, "ALTER SCHEMA away RENAME TO immuta_functions")
    await becomes("enabled")
    assert.notEqual((await getIntegration(calls, answer.id)).validationResults.status, "failed")
  } finally {
    await watch.stop()
  }
})
