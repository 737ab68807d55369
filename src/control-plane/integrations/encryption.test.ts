import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultKeyArn } from "../../domain/default-key.ts"
import { Fault } from "../../domain/faults.ts"
import { type EncryptionInput, encryptionOf, shownKey } from "./encryption.ts"

const arn = (id: string) => `arn:aws:kms:us-east-1:123456789012:key/${id}`
const keys = [
  { arn: arn("orders"), aliases: ["alias/main"], enabled: true },
  { arn: arn("retired"), aliases: [], enabled: false },
]
const place = { region: "us-east-1", account: "123456789012", kmsKeys: keys }
const usual = defaultKeyArn(place)

for (const kmsKeyId of [
  arn("orders"),
  "orders",
  "alias/main",
  "arn:aws:kms:us-east-1:123456789012:alias/main",
])
  test(`a key may be named ${kmsKeyId}`, () => {
    const additionalEncryptionContext = { team: "payments" }
    assert.deepEqual(encryptionOf(place, { kmsKeyId, additionalEncryptionContext }), {
      kmsKeyId: arn("orders"),
      additionalEncryptionContext,
    })
  })

test("no key is no encryption", () => {
  assert.deepEqual(encryptionOf(place, {}), { kmsKeyId: undefined, additionalEncryptionContext: {} })
})

for (const kmsKeyId of [usual, usual.split("/")[1] ?? ""])
  test(`the default key named ${kmsKeyId} is no encryption`, () => {
    assert.deepEqual(encryptionOf(place, { kmsKeyId }), {
      kmsKeyId: undefined,
      additionalEncryptionContext: {},
    })
  })

test("an integration without a key shows the default key of its account and region", () => {
  assert.match(usual, /^arn:aws:kms:us-east-1:123456789012:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(usual, "arn:aws:kms:us-east-1:123456789012:key/616b705a-fed3-84d3-881e-ca957922d5a5")
  assert.equal(shownKey(place, { kmsKeyId: undefined }), usual)
  assert.equal(shownKey(place, { kmsKeyId: arn("orders") }), arn("orders"))
  assert.notEqual(defaultKeyArn({ ...place, region: "eu-west-1" }).split("/")[1], usual.split("/")[1])
  assert.notEqual(defaultKeyArn({ ...place, account: "210987654321" }).split("/")[1], usual.split("/")[1])
})

const pairs = (names: string) => Object.fromEntries([...names].map((name) => [name, "v"]))

const refusals: [string, EncryptionInput, string, RegExp][] = [
  ["an unknown key", { kmsKeyId: arn("none") }, "kmsKeyNotAccessible", /No key .* is configured/],
  ["part of an ARN", { kmsKeyId: "key/orders" }, "kmsKeyNotAccessible", /No key/],
  ["a disabled key", { kmsKeyId: "retired" }, "kmsKeyNotAccessible", /disabled/],
  [
    "a context with the default key",
    { kmsKeyId: usual, additionalEncryptionContext: pairs("a") },
    "invalidCombination",
    /not the default key's/,
  ],
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
      () => encryptionOf(place, input),
      (error) => error instanceof Fault && error.kind === kind && words.test(error.message),
    )
  })
