import assert from "node:assert/strict"
import { test } from "node:test"
import { randomFrom } from "../../../../test/replication/random.ts"
import { testSeed } from "../../../../test/support/seed.ts"
import { Problem } from "../../../domain/problems.ts"
import { newRowBuffer } from "../../../replication/values/columns.ts"
import { readServerError } from "../errors.ts"
import { mappedOids, mapType } from "../types/types.ts"
import { newFramer } from "./framing.ts"

/** What no PostgreSQL sends, but whoever answers in its place may: it must end, and take no more memory than came. */

function header(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes.write(type, "latin1")
  bytes.writeInt32BE(length, 1)
  return bytes
}

test("a message whose length leads nowhere, or asks for all memory, is refused", () => {
  for (const length of [3, 0, -1, -4, -100, 2 ** 30 + 1, 2 ** 31 - 1, -(2 ** 31)]) {
    const framer = newFramer(() => undefined)
    assert.throws(
      () => framer.feed(Buffer.concat([header("d", length), Buffer.alloc(100)])),
      (error: unknown) => error instanceof Problem && error.kind === "sourceProtocol",
      `length ${length}`,
    )
  }
})

test("an error message that does not end is read as far as it goes", () => {
  const bytes = Buffer.concat([header("E", 100), Buffer.from("SERROR\0C28P01\0Mno zero byte follows")])
  assert.deepEqual(readServerError(bytes, 5, bytes.length), { sqlState: "28P01", message: "unknown error" })
})

test(`any bytes in the place of a value end in a value or an error`, () => {
  const random = randomFrom(testSeed)
  const scalars = mappedOids().map((oid) => ({ oid, modifier: (38 << 16) + 4 + 10, element: undefined }))
  const arrays = [23, 16, 114, 25].map((oid) => ({ oid: 1, modifier: -1, element: { oid, delimiter: "," } }))
  for (const facts of [...scalars, ...arrays]) {
    const { type, fromText, fromBinary } = mapType(facts)
    for (const decode of fromBinary === undefined ? [fromText] : [fromText, fromBinary])
      for (let round = 0; round < 200; round++) {
        const value = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))
        // Digits and signs get further than other bytes.
        const digits = Buffer.from(
          Array.from(value, (byte) => '0123456789-.:+ {}"\\BC,N'[byte % 23] ?? "0").join(""),
        )
        const [column] = newRowBuffer([type]).columns
        assert.ok(column)
        const bytes = round % 2 === 0 ? value : digits
        try {
          decode(column, bytes, 0, bytes.length)
        } catch (error) {
          assert.ok(error instanceof Error)
        }
        assert.ok(column.bytes.length <= 4096, `${type.kind} took ${column.bytes.length} bytes`)
      }
  }
})
