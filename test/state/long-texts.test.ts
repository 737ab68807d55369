/** How long a text is decides who writes it: a server, a table's owner, a file. What is kept of it has a bound. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Problem, reportOf } from "../../src/domain/problems.ts"
import { anIntegration, insertInto, storeForTests } from "./integration-fixture.ts"

const long = "x".repeat(1_000_000)
const most = 3_000

describe("texts of others in the state database", () => {
  const state = storeForTests()

  test("an event's message, a table's reason, a load error's texts are cut", async () => {
    const { store } = state
    const { id, arn, name } = await insertInto(store, anIntegration())
    await store.events.append([
      {
        eventId: "E",
        severity: "INFO",
        category: "Monitoring",
        message: long,
        integrationArn: arn,
        integrationName: name,
        status: "active",
      },
    ])
    const [event] = await store.events.after(0n, 1)
    assert.ok((event?.message.length ?? 0) < most)

    await store.history.append({
      activities: [],
      stateChanges: [
        {
          integrationId: id,
          targetDatabase: "d",
          schema: "s",
          name: "t",
          state: "Failed",
          reason: long,
          position: null,
          recordedAt: new Date(),
        },
      ],
    })
    const [change] = await store.history.stateChanges()
    assert.ok((change?.reason?.length ?? 0) < most)

    const run = {
      queryId: 1,
      sessionId: 1,
      jobId: undefined,
      user: "u",
      database: "d",
      table: "t",
      startedAt: new Date(),
    }
    const where = {
      bucket: "b",
      line: 1,
      column: "c",
      columnType: "int",
      columnLength: "",
      position: 0,
      code: 1200,
    }
    await store.loadErrors.append(run, [{ ...where, key: "k", rawLine: long, rawValue: long, reason: long }])
    const [error] = await store.loadErrors.all()
    for (const text of [error?.rawLine, error?.rawValue, error?.reason]) assert.ok((text?.length ?? 0) < most)
  })

  test("a problem's message is cut where it arises, its remedy is not", () => {
    const { message } = reportOf(new Problem("sourceUnreachable", long))
    assert.ok(message.length < most)
    assert.match(message, /…/)
    assert.match(message, /Start the source database/)
  })
})
