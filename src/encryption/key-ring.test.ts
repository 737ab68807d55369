import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { test } from "node:test"
import type { KmsKeyConfiguration } from "../domain/configuration.ts"
import { Problem } from "../domain/problems.ts"
import { newKeyRing } from "./key-ring.ts"

const arn = "arn:aws:kms:us-east-1:123456789012:key/7d8e3a0c-0000-4000-8000-000000000001"
const context = { "aws:servicename:id": "RDS", team: "payments" }

function keyOf(more: Partial<KmsKeyConfiguration> = {}): KmsKeyConfiguration {
  return { arn, aliases: [], enabled: true, key: randomBytes(32), previous: [], ...more }
}

const isNotAccessible = (error: unknown) => error instanceof Problem && error.kind === "keyNotAccessible"

test("a data key is opened with its key and its context, and with nothing else", async () => {
  const key = keyOf()
  const ring = newKeyRing([key])
  const made = await ring.newDataKey(arn, context)
  assert.equal(made.key.length, 32)
  assert.ok(!made.wrapped.includes(made.key.toString("base64")))
  assert.deepEqual(await newKeyRing([key]).openDataKey(arn, context, made.wrapped), made.key)
  for (const wrong of [{}, { ...context, team: "sales" }, { ...context, more: "1" }, { team: "payments" }])
    await assert.rejects(ring.openDataKey(arn, wrong, made.wrapped), isNotAccessible)
  await assert.rejects(newKeyRing([keyOf()]).openDataKey(arn, context, made.wrapped), isNotAccessible)
  await assert.rejects(ring.openDataKey(arn, context, "AAAA"), isNotAccessible)
  const bytes = Buffer.from(made.wrapped, "base64")
  for (let at = 0; at < bytes.length; at += 5) {
    const damaged = Buffer.from(bytes)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
    await assert.rejects(ring.openDataKey(arn, context, damaged.toString("base64")), isNotAccessible)
  }
})

test("after a rotation the new key encrypts, and what the old one encrypted can still be read", async () => {
  const old = keyOf()
  const before = await newKeyRing([old]).newDataKey(arn, context)
  const rotated = keyOf({ previous: [old.key] })
  const after = await newKeyRing([rotated]).newDataKey(arn, context)
  assert.deepEqual(await newKeyRing([rotated]).openDataKey(arn, context, before.wrapped), before.key)
  await assert.rejects(newKeyRing([old]).openDataKey(arn, context, after.wrapped), isNotAccessible)
})

test("a key that is disabled or gone opens nothing and says why", async () => {
  const key = keyOf()
  const { wrapped } = await newKeyRing([key]).newDataKey(arn, context)
  const disabled = newKeyRing([{ ...key, enabled: false }])
  assert.match(disabled.refusal(arn) ?? "", /is disabled/)
  assert.match(newKeyRing([]).refusal(arn) ?? "", /is not configured/)
  for (const ring of [disabled, newKeyRing([])]) {
    await assert.rejects(ring.openDataKey(arn, context, wrapped), isNotAccessible)
    await assert.rejects(ring.newDataKey(arn, context), isNotAccessible)
  }
})
