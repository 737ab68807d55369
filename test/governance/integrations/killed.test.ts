/** Processes that are killed in the middle of a set-up, an edit or a removal; another one goes on, without their credentials. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { test } from "node:test"
import {
  createIntegration,
  deleteIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { governedServer, settled } from "./governed-server.ts"
import type { KillOrder } from "./killed-set-up.ts"
import { rowsOf } from "./state-rows.ts"

/** A child that never comes to the point ends by SIGTERM. */
const childLimitMs = 120_000

async function killedAt(order: KillOrder): Promise<void> {
  const path = join(import.meta.dirname, "killed-set-up.ts")
  const child = spawn(process.execPath, [path, JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: childLimitMs,
  })
  const [, signal] = (await once(child, "exit")) as [number | null, string | null]
  assert.equal(signal, "SIGKILL", `it was not at ${order.point}`)
  // Its lease would run out by itself.
  await rowsOf(
    order.installation.stateUrl,
    "UPDATE millrace.governance_integrations SET job_expires_at = clock_timestamp() WHERE job_kind IS NOT NULL",
  )
}

const createPoints: [point: string, status: string][] = [
  ["create/system account/begun", "createError"],
  ["create/system account/done", "enabled"],
  ["create/managed database/done", "enabled"],
  ["create/managed objects/done", "enabled"],
  ["create/fingerprint and smoke read/done", "enabled"],
]
for (const [point, expected] of createPoints)
  test(`killed at ${point}: ends as ${expected}, and removal leaves nothing`, async (t) => {
    const server = await governedServer(t)
    const { installation } = server
    const role = `imp_${server.tail}`
    const body = server.payload({ impersonation: { enabled: true, role } })
    await killedAt({ installation, call: "create", body, point })
    const { calls } = await server.start()
    assert.equal(await settled(calls, "1"), expected)
    assert.deepEqual(await server.left(), expected === "enabled" ? ["database", "group", "user"] : [])
    const { username, password } = body.config
    await deleteIntegration(calls, "1", { authenticationType: "userPassword", username, password })
    assert.equal(await settled(calls, "1"), "deleted")
    assert.deepEqual(await server.left(), [])
  })

test("killed in an edit and in a removal: the edit is finished, the removal is asked for again", async (t) => {
  const server = await governedServer(t)
  const { installation } = server
  const first = await server.start()
  const { answer } = await createIntegration(first.calls, server.payload())
  assert.equal(await settled(first.calls, answer.id), "enabled")
  // A process that is alive would take the job from a child that is slow.
  await first.stop()
  const body = server.payload({ impersonation: { enabled: true, role: `imp_${server.tail}` } })
  await killedAt({ installation, call: { edit: answer.id }, body, point: "edit/impersonation group/done" })
  const second = await server.start()
  assert.equal(await settled(second.calls, answer.id), "enabled")
  assert.equal((await second.calls.plane.store.byId(1))?.config.impersonation.enabled, true)
  const { username, password } = body.config
  const removal = { authenticationType: "userPassword", username, password }
  await second.stop()
  await killedAt({
    installation,
    call: { delete: answer.id },
    body: removal,
    point: "delete/managed database/done",
  })
  const third = await server.start()
  assert.equal(await settled(third.calls, answer.id), "deleteError")
  assert.deepEqual(await server.left(), ["group", "user"])
  await deleteIntegration(third.calls, answer.id, removal)
  assert.equal(await settled(third.calls, answer.id), "deleted")
  assert.deepEqual(await server.left(), [])
})
