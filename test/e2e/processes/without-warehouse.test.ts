/** Two processes of one installation: one has the warehouse's files open, the other tells how it is. */
import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import type { StatusReport } from "../../../src/control-plane/pipelines/status.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sourceArn, targetArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { onDatabase } from "../workload.ts"

async function statusOf(place: Place): Promise<StatusReport> {
  return JSON.parse((await place.run("status", "--json")).output) as StatusReport
}

async function becomes(place: Place, what: string, isSo: (report: StatusReport) => boolean): Promise<void> {
  await waitUntil(async () => isSo(await statusOf(place)), { what, timeoutMs: 60_000 })
}

const rowsOf = (table: string) => (report: StatusReport) =>
  report.integrations[0]?.pipelines[0]?.tables.find(({ name }) => name === table)?.rows

test("a process without the warehouse tells its row counts and the databases that cannot be opened, until they are unknown", async (context) => {
  const { url, name } = await bank(context)
  const warehousePath = join((await newPlace(context, { sources: [] })).folder, "warehouse")
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }], warehousePath })
  await place.startRoles("api")
  const before = await statusOf(place)
  assert.deepEqual([before.unobservedWarehouses, before.unopenedDatabases], [[targetArn], []])
  const engine = await place.startRoles("sql,worker")
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  const { rows: counted } = await onDatabase(url, (client) =>
    client.query("SELECT count(*)::int AS n FROM accounts"),
  )
  const accounts = rowsOf("accounts")
  await becomes(place, "the rows to be told", (report) => accounts(report) === counted[0]?.n)
  await onDatabase(url, (client) =>
    client.query("DELETE FROM accounts WHERE id IN (SELECT id FROM accounts LIMIT 3)"),
  )
  await becomes(place, "the rows to change", (report) => accounts(report) === counted[0]?.n - 3)
  assert.deepEqual((await statusOf(place)).unobservedWarehouses, [])

  await engine.kill9()
  await becomes(
    place,
    "the warehouse to be unknown",
    (report) => report.unobservedWarehouses[0] === targetArn && accounts(report) === null,
  )
  assert.match(
    (await place.run("status")).output,
    new RegExp(`^! warehouse ${targetArn}: the process that has it`, "m"),
  )

  await writeFile(join(warehousePath, "dev.duckdb"), "no database")
  await place.startRoles("sql,worker")
  await becomes(place, "the ruined database", (report) => report.unopenedDatabases[0]?.name === "dev")
  await becomes(place, "the rows to be told again", (report) => accounts(report) === counted[0]?.n - 3)
})
