import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { testServer } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { instanceArn, serveDoor, targetArn } from "../served-door.ts"
import { send, signed } from "./raw-http.ts"

const create = new URLSearchParams({
  Action: "CreateIntegration",
  Version: "2014-10-31",
  SourceArn: instanceArn,
  TargetArn: targetArn,
  IntegrationName: "outage",
  DataFilter: "include: a.*.*",
}).toString()

describe("the state database away or broken", () => {
  test("killed: 503 until it is back, then all goes on by itself", async () => {
    const server = await testServer()
    const door = await serveDoor({ stateUrl: server.url() })
    const call = async (body?: string) =>
      send(door.port, await signed({ port: door.port, ...(body !== undefined && { body }) }))
    try {
      assert.equal((await call(create)).status, 200)
      await server.kill9()
      for (const answer of [await call(), await call(create)]) {
        assert.equal(answer.status, 503, answer.body)
        assert.equal(answer.code, "ServiceUnavailable")
        assert.match(answer.body, /<Type>Receiver<\/Type>/)
        assert.doesNotMatch(answer.body, /ECONN|127\.0\.0\.1|postgres:/)
      }
      await server.restart()
      const answer = await waitUntil(
        async () => {
          const one = await call()
          return one.status === 200 ? one : undefined
        },
        { what: "the door to answer again" },
      )
      assert.match(answer.body, /<IntegrationName>outage<\/IntegrationName>/)
    } finally {
      await door.close()
      await server.remove()
    }
  })

  test("an unexpected error is 500 without its details, which the log has under the request id", async () => {
    const door = await serveDoor()
    try {
      await door.sql("alter table millrace.integrations rename to elsewhere")
      const answer = await send(door.port, await signed({ port: door.port }))
      assert.equal(answer.status, 500)
      assert.equal(answer.code, "InternalFailure")
      assert.match(answer.body, /<Type>Receiver<\/Type>/)
      assert.doesNotMatch(answer.body, /millrace\.|elsewhere|relation|\.ts/)
      const requestId = String(answer.headers["x-amzn-requestid"])
      const logged = door.logLines.find((line) => line.includes(requestId) && line.includes("42P01"))
      assert.ok(logged, door.logLines.join("\n"))
    } finally {
      await door.close()
    }
  })
})
