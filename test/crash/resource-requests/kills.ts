import assert from "node:assert/strict"
import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Caller } from "../../../src/control-plane/control-plane.ts"
import { type Integration, integrationStatuses } from "../../../src/domain/integration.ts"
import { integrationHandlers } from "../../../src/resources/integrations/handler.ts"
import { resources } from "../../../src/resources/registry.ts"
import type { ResourcePlane } from "../../../src/resources/requests/context.ts"
import type { ProgressEvent } from "../../../src/resources/requests/events.ts"
import { createResource, deleteResource, updateResource } from "../../../src/resources/requests/mutations.ts"
import { type RequestPoint, startRequestRunner } from "../../../src/resources/requests/runner.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { instanceArn, planeOver, targetArn } from "../../conformance/served-door.ts"
import { onDatabase } from "../../e2e/workload.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { settleIntegrations } from "../../support/settle-integrations.ts"
import { waitUntil } from "../../support/wait-until.ts"

export type Operation = "CREATE" | "UPDATE" | "DELETE"

/** A state database with one request at a time, which a process dies over and the next one ends. */
export interface KillScene {
  /**
   * Kills a process at the point of a request of this kind; asserts how it ends in the next process, and what there is then. The
   * dead process has the request for some more seconds, which are waited for, or over at once.
   */
  killed(operation: Operation, point: RequestPoint, lease?: "waited for" | "over"): Promise<void>
  /** Kills a process when it has made an integration, which is deleted before the next one looks; asserts that it is not made again. */
  deletedMeanwhile(): Promise<void>
  close(): Promise<void>
}

const caller: Caller = { name: "AKIDADMINEXAMPLE", role: "admin" }
const typeName = "AWS::RDS::Integration"
const tags = [{ Key: "after", Value: "1" }]

export async function killScene(): Promise<KillScene> {
  const database = await stateDatabase()
  const store = await openStore(database.url)
  const served = resources({ handlers: integrationHandlers(planeOver(store, {})) })
  const requests = store.resourceRequests
  const plane = { account: "", region: "us-east-1", resources: served, requests, nudge: () => undefined }

  /** In this process, to the request's end. */
  async function ended(requestToken: string): Promise<ProgressEvent["operationStatus"]> {
    const runner = startRequestRunner({ requests, resources: served, log: console })
    try {
      return await waitUntil(
        async () => {
          await settleIntegrations(store)
          const status = (await requests.byToken(requestToken))?.status
          return status === "SUCCESS" || status === "FAILED" ? status : undefined
        },
        { what: "the request ends", timeoutMs: 60_000 },
      )
    } finally {
      await runner.stop()
    }
  }

  return {
    async killed(operation, point, lease = "over") {
      let identifier = ""
      if (operation !== "CREATE") {
        const before = await begin(plane, "CREATE", "")
        await ended(before.requestToken)
        identifier = before.identifier ?? ""
      }
      const request = await begin(plane, operation, identifier)
      await dieAt(point, database.url, store)
      if (lease === "over") await takeOver(database.url)
      assert.equal(await ended(request.requestToken), "SUCCESS", `${operation} at ${point}`)
      await assertEffect(store, operation, request)
      await removeAll(store)
    },
    async deletedMeanwhile() {
      const request = await begin(plane, "CREATE", "")
      await dieAt("effectMade", database.url, store)
      const [one] = await store.integrations.all()
      assert.equal(one?.arn, request.identifier)
      await removeAll(store)
      await takeOver(database.url)
      assert.equal(await ended(request.requestToken), "FAILED")
      await assertNotMadeLate(plane, request)
      assert.deepEqual(await store.integrations.all(), [])
    },
    async close() {
      await store.close()
      await database.drop()
    },
  }
}

async function removeAll(store: Store): Promise<void> {
  for (const one of await store.integrations.all()) {
    assert.ok(integrationStatuses.includes(one.status))
    await store.integrations.setStatus(one.id, "deleting", [])
    await store.integrations.remove(one.id)
  }
}

/** Ends the hold that a dead process has on its request. */
async function takeOver(url: string): Promise<void> {
  await onDatabase(url, (client) =>
    client.query("update millrace.resource_requests set taken_until = clock_timestamp()"),
  )
}

/** By a process that was frozen just before it made the effect. */
async function assertNotMadeLate(
  { resources: served }: ResourcePlane,
  request: ProgressEvent,
): Promise<void> {
  const identity = { IntegrationArn: request.identifier ?? "" }
  const call = { caller, requestToken: request.requestToken, isRepeated: false }
  const desired = { SourceArn: instanceArn, TargetArn: targetArn, DataFilter: "include: late.*.*" }
  const { handler } = served.served(typeName)
  await assert.rejects(handler.create(call, identity, desired), { kind: "conflictingOperation" })
}

let made = 0

async function begin(plane: ResourcePlane, operation: Operation, identifier: string): Promise<ProgressEvent> {
  switch (operation) {
    case "CREATE": {
      const desired = { IntegrationName: `made-${++made}`, SourceArn: instanceArn, TargetArn: targetArn }
      const input = { ...desired, DataFilter: `include: shop${made}.*.*` }
      return await createResource(plane, caller, { typeName, desiredState: JSON.stringify(input) })
    }
    case "UPDATE": {
      const document = JSON.stringify([{ op: "add", path: "/Tags", value: tags }])
      return await updateResource(plane, caller, {
        typeName,
        identifier,
        change: { kind: "patch", document },
      })
    }
    case "DELETE":
      return await deleteResource(plane, caller, { typeName, identifier })
  }
}

/** A process of its own carries out requests until the point; integrations settle meanwhile. */
async function dieAt(point: RequestPoint, url: string, store: Store): Promise<void> {
  const env = { ...process.env, MILLRACE_KILL_AT: point, MILLRACE_STATE_URL: url }
  const child = fork(join(import.meta.dirname, "child.ts"), { env })
  const over = once(child, "exit")
  // What comes behind the effect needs its settlement.
  let isOver = false
  child.on("exit", () => {
    isOver = true
  })
  await waitUntil(
    async () => {
      await settleIntegrations(store)
      return isOver || undefined
    },
    { what: `the process dies at ${point}`, timeoutMs: 60_000 },
  )
  assert.equal((await over)[1], "SIGKILL")
}

async function assertEffect(
  store: Store,
  operation: Operation,
  { identifier }: ProgressEvent,
): Promise<void> {
  const all: Integration[] = await store.integrations.all()
  if (operation === "DELETE") return assert.deepEqual(all, [])
  assert.deepEqual(
    all.map(({ arn }) => arn),
    [identifier],
    "made once, and under the name that the request had from the start",
  )
  if (operation === "UPDATE") assert.deepEqual(all[0]?.tags, [{ key: "after", value: "1" }])
}
