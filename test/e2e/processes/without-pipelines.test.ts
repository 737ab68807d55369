/**
 * Two processes over one state database: a server that runs the pipelines, and this one, which runs none and holds nothing
 * but the database.
 */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { systemViewFacts } from "../../../src/control-plane/databases/system-views.ts"
import { shownStatus } from "../../../src/control-plane/integrations/shown-status.ts"
import { followed } from "../../../src/control-plane/pipelines/ask-owner.ts"
import { monitored } from "../../../src/control-plane/pipelines/monitored-integrations.ts"
import { unknownAfterMs } from "../../../src/control-plane/pipelines/observed-pipelines.ts"
import { resyncIntegration } from "../../../src/control-plane/pipelines/resync.ts"
import { statusReport } from "../../../src/control-plane/pipelines/status.ts"
import { verificationReport, verifyIntegration } from "../../../src/control-plane/pipelines/verifier.ts"
import { waitForPosition } from "../../../src/control-plane/pipelines/wait-for-position.ts"
import { newMetrics } from "../../../src/front-doors/operations/metrics.ts"
import { engines } from "../../../src/server/registries.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { onDatabase } from "../workload.ts"

const caller = { name: "AKID", role: "admin" } as const
const aMinuteMs = 60_000

interface Scene {
  place: Place
  url: string
  server: MillraceProcess
  store: Store
}

async function scene(context: TestContext): Promise<Scene> {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  const server = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  const store = await openStore(place.stateUrl ?? "")
  atEnd(context, () => store.close())
  return { place, url, server, store }
}

/** As this process tells it. */
async function told(store: Store) {
  const report = await statusReport({ store, countRows: async () => new Map() })
  const [integration] = report.integrations
  const [pipeline] = integration?.pipelines ?? []
  const kinds = new Set(["integrations", "tables"] as const)
  const views = await systemViewFacts(
    { store, sources: [], sourceEngines: engines.sources, countRows: async () => new Map() },
    kinds,
    () => true,
  )
  return {
    status: integration?.status,
    codes: integration?.errors.map(({ code }) => code) ?? [],
    phase: pipeline?.phase,
    tableStates: [...new Set(pipeline?.tables.map(({ state }) => state))],
    viewState: views.integrations[0]?.state,
    viewTableStates: [...new Set(views.tables.map(({ state }) => state))],
    metrics: await newMetrics(() => monitored(store)).render(),
  }
}

const well = {
  status: "active",
  codes: [] as string[],
  phase: "streaming",
  tableStates: ["Synced"],
  viewState: "CdcRefreshState",
  viewTableStates: ["Synced"],
}
const unknown = {
  status: "needs_attention",
  codes: ["PIPELINE_STATE_UNKNOWN"],
  phase: "unknown",
  tableStates: ["unknown"],
  viewState: "ErrorState",
  viewTableStates: ["Unknown"],
}

async function becomes(store: Store, wanted: typeof well): Promise<string> {
  const metrics = await waitUntil(
    async () => {
      const { metrics, ...seen } = await told(store)
      return JSON.stringify(seen) === JSON.stringify(wanted) ? metrics : undefined
    },
    { what: `all to be ${wanted.phase}`, timeoutMs: 2 * aMinuteMs },
  )
  return metrics
}

/** From now on, until it is unknown: nothing says `active` that nobody has reported on for three intervals. */
async function neverWellWhenSilent(store: Store): Promise<void> {
  for (;;) {
    const silentBefore = await store.observations.silent(unknownAfterMs)
    const [shown] = await shownStatus(store, await store.integrations.all())
    if (silentBefore.size > 0) return assert.equal(shown?.status, "needs_attention")
    assert.ok(shown)
  }
}

test("a process that runs no pipelines tells how they are, waits, and has them resynced and compared", async (context) => {
  const { url, store } = await scene(context)
  const metrics = await becomes(store, well)
  assert.match(metrics, /^millrace_integration_lag_seconds\{[^}]+\} [0-9.]+$/m)
  assert.match(metrics, /^millrace_integration_tables_replicated\{[^}]+\} 4$/m)
  await onDatabase(url, (client) => client.query("UPDATE sentinel SET n = 77"))
  const sources = { store }
  const order = { integration: "bank", position: undefined, timeoutMs: 5_000 }
  await waitUntil(async () => (await waitForPosition(sources, caller, order)).reached, { what: "the change" })
  const changes = async () => {
    const [integration] = (await statusReport({ store, countRows: async () => new Map() })).integrations
    return integration?.pipelines[0]?.totals.changes ?? 0
  }
  await waitUntil(async () => (await changes()) > 0, { what: "the change to be counted" })
  const { tables, refused } = await resyncIntegration(sources, caller, {
    integration: "bank",
    table: undefined,
  })
  assert.deepEqual([tables.length, refused], [4, []])
  // Whoever has the answer sees what it says: none is in step until it was resynced.
  await assert.rejects(resyncIntegration(sources, caller, { integration: "bank", table: "public.none" }), {
    kind: "invalidValue",
  })
  await becomes(store, well)
  const begun = await verifyIntegration(sources, caller, {
    integration: "bank",
    table: undefined,
    repair: false,
  })
  assert.equal(begun.total, 4)
  const report = await waitUntil(
    async () => {
      const report = await verificationReport(sources, caller, "bank")
      return report.state === "running" ? undefined : report
    },
    { what: "the comparison to end", timeoutMs: aMinuteMs },
  )
  assert.deepEqual(
    [report.state, report.error, report.tables.map(({ outcome }) => outcome)],
    ["finished", null, ["equal", "equal", "equal", "equal"]],
  )
})

test("while the process that runs them is stopped or killed, pipelines are unknown, and orders wait for the next one", async (context) => {
  const { place, server, store } = await scene(context)
  const sources = { store }
  await becomes(store, well)
  server.child.kill("SIGSTOP")
  await neverWellWhenSilent(store)
  const metrics = await becomes(store, unknown)
  assert.doesNotMatch(metrics, /^millrace_integration_lag_seconds\{/m)
  assert.match(metrics, /^millrace_integration_observation_age_seconds\{[^}]+\} ([3-9]|[1-9][0-9])/m)
  const [{ id } = { id: "" }] = await store.integrations.all()
  for (const shown of ["active", "needs_attention"] as const) {
    const filter = {
      statuses: [shown],
      shown: { ids: [id], instead: ["active"], as: "needs_attention" },
    } as const
    const listed = await store.integrations.list({ after: undefined, limit: 9, filter })
    assert.equal(listed.length, shown === "active" ? 0 : 1, shown)
  }
  const waited = await waitForPosition(sources, caller, {
    integration: "bank",
    position: undefined,
    timeoutMs: 0,
  })
  assert.equal(waited.reached, false)
  assert.match(waited.hindrance ?? "", /is unknown.*has not reported for \d+ s/)
  const table = undefined
  await assert.rejects(resyncIntegration(sources, caller, { integration: "bank", table }), /is unknown/)
  await assert.rejects(verifyIntegration(sources, caller, { integration: "bank", table, repair: false }), {
    kind: "integrationInWrongState",
  })
  server.child.kill("SIGCONT")
  await becomes(store, well)

  server.child.kill("SIGSTOP")
  const [pipeline] = await store.pipelines.ofIntegration(id)
  const key = { integrationId: id, sourceDatabase: pipeline?.sourceDatabase ?? "" }
  const asked = { ...key, kind: "resync", parameters: { table: null }, askedBy: "AKID" } as const
  const ids = await store.orders.ask([1, 2].map(() => ({ ...asked, lifetimeMs: 5 * aMinuteMs })))
  await server.kill9()
  // As if the process had been killed between taking the orders and ending them.
  const taken = await store.orders.take("a process that is gone", [key])
  assert.equal(taken.length, 2)
  await becomes(store, unknown)
  await place.start()
  const orders = await Promise.all(ids.map((id) => followed(sources, id, 5 * aMinuteMs, () => false)))
  // A look that the killed process had asked for may have taken them, too.
  const attempts = new Map(taken.map((one) => [one.id, one.attempts]))
  for (const [at, order] of orders.entries()) {
    const expected = ["done", (attempts.get(ids[at] ?? "") ?? 0) + 1]
    assert.deepEqual([order?.state, order?.attempts], expected, JSON.stringify(order))
  }
  await becomes(store, well)
})
