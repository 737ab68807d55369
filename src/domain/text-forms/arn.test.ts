import assert from "node:assert/strict"
import { describe, it } from "node:test"
import {
  formatArn,
  integrationArn,
  isIntegrationName,
  parseArn,
  parseIntegrationArn,
  parseSourceArn,
  parseTargetArn,
} from "./arn.ts"

const id = "3f0c5d1e-6a57-4b0e-9a54-0d6d696c6c72"

describe("ARNs", () => {
  it("are taken apart and put together", () => {
    for (const text of ["arn:aws:s3:::bucket", "arn:aws-cn:rds:cn-north-1:1:db:x", "arn:aws:x:r:a:b/c:d"]) {
      const arn = parseArn(text)
      assert.ok(arn, text)
      assert.equal(formatArn(arn), text)
    }
    for (const text of [
      "",
      "arn",
      "arn:aws:s3::",
      "arn:aws:s3:::",
      "arn:gcp:s3:::b",
      "arn:aws::r:a:b",
      "ARN:aws:s3:::b",
    ]) {
      assert.equal(parseArn(text), undefined, text)
    }
  })

  it("of sources", () => {
    assert.deepEqual(parseSourceArn("arn:aws:rds:us-east-1:123456789012:db:orders-2"), {
      kind: "db",
      region: "us-east-1",
      account: "123456789012",
      name: "orders-2",
    })
    assert.equal(parseSourceArn("arn:aws-us-gov:rds-x:us-east-1:1:cluster:c")?.kind, "cluster")
    for (const tail of ["instance:x", "db:X", "db:1x", "db:x--y", "db:x-", "db:", "db:x:y", "db:x\n", "db"]) {
      assert.equal(parseSourceArn(`arn:aws:rds:us-east-1:123456789012:${tail}`), undefined, tail)
    }
    assert.equal(parseSourceArn("arn:aws:s3:us-east-1:123456789012:db:x"), undefined)
    assert.equal(parseSourceArn(`arn:aws:rds:us-east-1:123456789012:db:${"x".repeat(255)}`), undefined)
  })

  it("of targets, with either mark", () => {
    for (const service of ["redshift", "redshift-serverless"] as const) {
      for (const mark of [":", "/"]) {
        assert.deepEqual(parseTargetArn(`arn:aws:${service}:us-east-1:123456789012:namespace${mark}${id}`), {
          service,
          region: "us-east-1",
          account: "123456789012",
          namespace: id,
        })
      }
    }
    for (const text of [
      "arn:aws:redshift:us-east-1:123456789012:cluster:x",
      "arn:aws:redshift:us-east-1:1:namespace:x",
      "arn:aws:redshift::123456789012:namespace:x",
      "arn:aws:redshift:us-east-1:123456789012:namespace:X",
      "arn:aws:redshift:us-east-1:123456789012:namespace:",
      `arn:aws:redshift:us-east-1:123456789012:namespace:${"x".repeat(2048)}`,
    ]) {
      assert.equal(parseTargetArn(text), undefined, text.slice(0, 80))
    }
  })

  it("of integrations", () => {
    const arn = { service: "rds", region: "us-east-1", account: "123456789012", id }
    assert.equal(integrationArn(arn), `arn:aws:rds:us-east-1:123456789012:integration:${id}`)
    assert.deepEqual(parseIntegrationArn(integrationArn(arn)), arn)
    assert.equal(parseIntegrationArn(integrationArn({ ...arn, id: id.toUpperCase() })), undefined)
    assert.equal(parseIntegrationArn(integrationArn(arn).replace(`:${id}`, `/${id}`)), undefined)
  })

  it("names of integrations", () => {
    for (const name of ["a", "A1-b2-C3", "x".repeat(63)]) assert.ok(isIntegrationName(name), name)
    for (const name of ["", "1a", "a--b", "a-", "-a", "a_b", "ä", "a\n", "x".repeat(64)]) {
      assert.ok(!isIntegrationName(name), name)
    }
  })
})
