import assert from "node:assert/strict"
import { test } from "node:test"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { arrayBytes, arrayElements } from "./array-forms.ts"

test("an array comes back as it went", () => {
  for (const items of [[], [null], [Buffer.from("a"), null, Buffer.alloc(0)]]) {
    assert.deepEqual(arrayElements(arrayBytes(25, items)), { elementOid: 25, items })
  }
})

test("whatever is cut off or lies about its lengths is refused", () => {
  const whole = arrayBytes(23, [Buffer.alloc(4), Buffer.alloc(4)])
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => arrayElements(whole.subarray(0, length)), PgError, String(length))
  for (const [at, value] of [
    [0, 2],
    [12, 2 ** 31 - 1],
    [20, 2 ** 31 - 1],
  ] as const) {
    const lying = Buffer.from(whole)
    lying.writeInt32BE(value, at)
    assert.throws(() => arrayElements(lying), PgError)
  }
})
