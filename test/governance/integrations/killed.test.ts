/** Processes that are killed in the middle of a set-up, an edit or a removal; another one goes on, without their credentials. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  createIntegration,
  deleteIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import { governedServer, settled } from "./governed-server.ts"
import { killedAt } from "./killed-process.ts"

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
