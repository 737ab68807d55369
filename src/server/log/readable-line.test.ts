import assert from "node:assert/strict"
import { test } from "node:test"
import { readableLine } from "./readable-line.ts"

test("a line for people has time, level, message, and each field behind it", () => {
  const fields = { table: "shop.orders", rows: 3, reason: 'a "b" c', odd: "x=y", cause: { kind: "signal" } }
  const line = JSON.stringify({
    level: "warn",
    time: "2026-03-01T09:12:44.100Z",
    ...fields,
    msg: "it was so",
  })
  assert.equal(
    readableLine(line),
    '2026-03-01T09:12:44.100Z WARN  it was so  table=shop.orders rows=3 reason="a \\"b\\" c" odd="x=y" cause={"kind":"signal"}',
  )
  assert.equal(readableLine('{"level":"error","time":"t","msg":"m"}'), "t ERROR m")
})
