import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { usualCopyOptions } from "../../src/domain/copy.ts"
import type { BucketEvent } from "../../src/state/copy/bucket-events.ts"
import { storeForTests } from "./integration-fixture.ts"

const firstTarget = "arn:aws:redshift:us-east-1:123456789012:namespace:1"
const secondTarget = "arn:aws:redshift:us-east-1:123456789012:namespace:2"

const anyHost = (targetArn: string) => ({ targetArn, host: undefined })

function event(bucket: string, key: string): BucketEvent {
  const modifiedAt = new Date("2026-01-02T03:04:05.678Z")
  return { bucket, object: { key, etag: 'it"s', sizeBytes: 2 ** 40, modifiedAt } }
}

describe("events of buckets", () => {
  const test = storeForTests()

  const addJob = (name: string, bucket: string, targetArn: string) =>
    test.store.copyJobs.add(
      {
        name,
        targetArn,
        bucket,
        prefix: "",
        schema: "public",
        table: "t",
        columns: undefined,
        iamRole: undefined,
        options: usualCopyOptions,
        database: "dev",
        statement: "COPY t",
        isAuto: true,
        includesExisting: false,
        owner: "admin",
        host: undefined,
      },
      99,
    )

  it("are kept once for each warehouse with jobs of the bucket, and taken once, oldest first", async () => {
    const { bucketEvents } = test.store
    for (const name of ["a", "b"]) await addJob(name, "landing", firstTarget)
    await addJob("c", "landing", secondTarget)
    await addJob("d", "other", secondTarget)
    const keys = ["ä/1", "2", "3"]
    await bucketEvents.add([...keys.map((key) => event("landing", key)), event("nobodys", "x")])
    await bucketEvents.add([])
    const takes = await Promise.all([1, 2, 3, 4].map(() => bucketEvents.take(anyHost(firstTarget), 1)))
    assert.deepEqual(
      takes
        .flat()
        .map(({ object }) => object.key)
        .sort(),
      [...keys].sort(),
    )
    assert.deepEqual(
      await bucketEvents.take(anyHost(secondTarget), 99),
      keys.map((key) => event("landing", key)),
    )
    for (const target of [firstTarget, secondTarget])
      assert.deepEqual(await bucketEvents.take(anyHost(target), 99), [])
  })
})
