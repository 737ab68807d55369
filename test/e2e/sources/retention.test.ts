import assert from "node:assert/strict"
import { test } from "node:test"
import type { StatusReport } from "../../../src/control-plane/pipelines/status.ts"
import { killable } from "../../crash/kill-at.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bankServer } from "../source.ts"
import { onDatabase } from "../workload.ts"

test("status and metrics tell what the source keeps, how much room is left, and for how long", async (context) => {
  const { url, name } = await bankServer(context, { max_slot_wal_keep_size: "256MB" })
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start({ ...killable, MILLRACE_TEST_RETENTION_MS: "500" })
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  let isOver = false
  const writing = (async () => {
    while (!isOver)
      await onDatabase(url, (client) =>
        client.query("SELECT pg_logical_emit_message(false, 'test', repeat('x', 10000)), pg_sleep(0.05)"),
      )
  })()
  const retention = await waitUntil(
    async () => {
      const { stdout } = await place.run("status", "--json")
      const report = JSON.parse(stdout) as StatusReport
      const found = report.integrations[0]?.pipelines[0]?.retention
      return found?.secondsToLoss ? found : undefined
    },
    { what: "two looks at the source", timeoutMs: 60_000, intervalMs: 500 },
  )
  isOver = true
  await writing
  assert.match(retention.status, /^(reserved|extended)$/)
  assert.ok(retention.retainedBytes >= 0 && retention.retainedBytes < 256 * 2 ** 20)
  assert.ok(retention.safeBytes !== null && retention.safeBytes > 100 * 2 ** 20)
  assert.ok(retention.bytesPerSecond !== null && retention.bytesPerSecond > 1_000)
  const { stdout } = await place.run("status")
  assert.match(
    stdout,
    /the source keeps .* for us \(\w+\), .*B to its limit, lost in .* at .*B\/s if nothing is read/,
  )
  const metrics = await (await fetch(`http://127.0.0.1:${place.httpPort}/metrics`)).text()
  for (const gauge of ["retained_bytes", "safe_bytes", "seconds_to_loss"])
    assert.match(
      metrics,
      new RegExp(
        `^millrace_source_${gauge}\\{integration_id="[^"]+",integration="[^"]+",source_database="bank"\\} \\d`,
        "m",
      ),
    )
})
