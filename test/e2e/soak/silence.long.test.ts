import assert from "node:assert/strict"
import { test } from "node:test"
import { tcpProxy } from "../../support/tcp-proxy.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"

test("a source that has been silent for a minute is reported, and taken up when it speaks again", async (context) => {
  const source = await bank(context)
  const at = new URL(source.url)
  const proxy = await tcpProxy({ host: at.hostname, port: Number(at.port) })
  atEnd(context, () => proxy.close())
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: proxy.through(source.url) }] })
  await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  proxy.stall()
  await onDatabase(source.url, (client) => client.query("UPDATE accounts SET owner = owner || ' unheard'"))
  const message = await api.reports("bank", "SOURCE_UNREACHABLE", 90_000)
  assert.match(message, /silent for 60 s|does not answer/)
  proxy.mend()
  proxy.cut()
  assert.deepEqual(await api.becomes("bank", "active", 60_000), [])
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
})
