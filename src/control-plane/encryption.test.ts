import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault } from "../domain/faults.ts"
import { type EncryptionInput, encryptionOf } from "./encryption.ts"

const arn = (id: string) => `arn:aws:kms:us-east-1:123456789012:key/${id}`
const keys = [
  { arn: arn("orders"), aliases: ["alias/main"], enabled: true },
  { arn: arn("retired"), aliases: [], enabled: false },
]

for (const kmsKeyId of [
  arn("orders"),
  "orders",
  "alias/main",
  "arn:aws:kms:us-east-1:123456789012:alias/main",
])
  test(`a key may be named ${kmsKeyId}`, () => {
    const additionalEncryptionContext = { team: "payments" }
    assert.deepEqual(encryptionOf(keys, { kmsKeyId, additionalEncryptionContext }), {
      kmsKeyId: arn("orders"),
      additionalEncryptionContext,
    })
  })

test("no key is no encryption", () => {
  assert.deepEqual(encryptionOf(keys, {}), { kmsKeyId: undefined, additionalEncryptionContext: {} })
})

const pairs = (names: string) => Object.fromEntries([...names].map((name) => [name, "v"]))

const refusals: [string, EncryptionInput, string, RegExp][] = [
  ["an unknown key", { kmsKeyId: arn("none") }, "kmsKeyNotAccessible", /No key .* is configured/],
  ["part of an ARN", { kmsKeyId: "key/orders" }, "kmsKeyNotAccessible", /No key/],
  ["a disabled key", { kmsKeyId: "retired" }, "kmsKeyNotAccessible", /disabled/],
  ["a context alone", { additionalEncryptionContext: pairs("a") }, "invalidCombination", /needs KMSKeyId/],
  [
    "seven pairs",
    { kmsKeyId: "orders", additionalEncryptionContext: pairs("abcdefg") },
    "invalidValue",
    /at most 6/,
  ],
  [
    "a name of the service's",
    { kmsKeyId: "orders", additionalEncryptionContext: { "aws:servicename:id": "RDS" } },
    "invalidValue",
    /reserved/,
  ],
]

for (const [name, input, kind, words] of refusals)
  test(`${name} is refused`, () => {
    assert.throws(
      () => encryptionOf(keys, input),
      (error) => error instanceof Fault && error.kind === kind && words.test(error.message),
    )
  })
