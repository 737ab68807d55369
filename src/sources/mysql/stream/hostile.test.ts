import assert from "node:assert/strict"
import { test } from "node:test"
import { recordingSink } from "../../../../test/contract/sources/source-sink.ts"
import { positionFrom } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import { putBytes } from "../../../replication/values/columns.ts"
import { meaningOf } from "../statements/statements.ts"
import { int32 } from "../types/decode-binlog.ts"
import { newFramer } from "./connection/framing.ts"
import { insertRows } from "./row-images.ts"

/** What no server sends, but whoever answers in its place may: it must end, and take no more memory than came. */

const isProtocol = (error: unknown) => error instanceof Problem && error.kind === "sourceProtocol"

test("a packet that goes on and on is refused", () => {
  const framer = newFramer(() => undefined, 32 * 2 ** 20)
  const full = Buffer.alloc(4 + 0xffffff)
  full.writeUIntLE(0xffffff, 0, 3)
  assert.throws(() => {
    for (let at = 0; at < 4; at++) framer.feed(full)
  }, isProtocol)
})

test("a row that its event does not hold whole is refused, not read from what lies behind", () => {
  const schema: TableSchema = {
    id: "1",
    schema: "s",
    name: "t",
    columns: [
      { name: "id", type: { kind: "int32" }, sourceType: "int" },
      { name: "v", type: { kind: "bytes" }, sourceType: "varbinary(200)" },
    ],
    key: [0],
  }
  const fields = [
    { fixed: 4, prefix: 0, put: int32, column: 0 },
    { fixed: 0, prefix: 1, put: putBytes, column: 1 },
  ]
  const row = Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 3]), Buffer.from("abc")])
  const bytes = Buffer.concat([row, Buffer.alloc(300)])
  const sink = recordingSink()
  sink.begin()
  const rows = { bytes, end: row.length, sink: sink.table(schema), fields, key: [0], keyPlaces: [0] }
  insertRows(rows, 0)
  bytes[5] = 200
  assert.throws(() => insertRows(rows, 0), isProtocol)
  sink.commit(positionFrom("end"), 0)
  assert.deepEqual(sink.ids(), [7])
})

test("statements as the log may hold them take time in proportion to their length", () => {
  const length = 4_000_000
  const texts = [
    `INSERT INTO t VALUES ('${"a".repeat(10 * length)}')`,
    `CREATE TABLE t (a int) COMMENT '${'x "y '.repeat(length / 5)}`,
    `DROP TABLE t /*${" /* ".repeat(length / 4)}`,
    `ALTER TABLE t COMMENT "${"\\\\".repeat(length / 2)}"`,
  ]
  const startedMs = performance.now()
  assert.deepEqual(
    texts.map((text) => meaningOf([text], { schema: "s", plainBackslashes: false }).kind),
    ["unloggedRows", "redefine", "redefine", "none"],
  )
  // In proportion to its square it would be minutes.
  assert.ok(performance.now() - startedMs < 20_000)
})
