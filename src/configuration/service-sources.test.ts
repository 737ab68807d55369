import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { engines } from "../server/registries.ts"
import { loadConfiguration } from "./load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-sources-"))
after(() => rmSync(folder, { recursive: true }))

const namespace = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
const warehouses = `warehouses: [{ arn: "${namespace}", engine: duckdb }]`
const withSource = (entry: string) => `sources:\n  - ${entry}\n${warehouses}\n`

function load(text: string) {
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, text)
  return loadConfiguration(path, {}, engines)
}

describe("sources behind an AWS API", () => {
  it("tables and buckets, with and without endpoint and keys", () => {
    const keys = 'endpoint: "http://127.0.0.1:8000", access_key_id: A, secret_access_key: B'
    const table = "arn:aws:dynamodb:us-east-1:123456789012:table/carts"
    const text = `sources: [{ arn: "${table}", engine: dynamodb, ${keys} }, { arn: "arn:aws:s3:::landing", engine: s3 }]`
    const loaded = load(`${text}\n${warehouses}`)
    assert.deepEqual("ok" in loaded && loaded.ok.sources, [
      {
        arn: table,
        engine: "dynamodb",
        endpoint: "http://127.0.0.1:8000",
        accessKeyId: "A",
        secretAccessKey: "B",
      },
      {
        arn: "arn:aws:s3:::landing",
        engine: "s3",
        bucket: { copyUsers: [], listEveryMs: 10_000, eventSecret: undefined },
      },
    ])
  })

  const refused: [string, string, (string | RegExp)[]][] = [
    [
      "ARN of another kind than the engine",
      withSource('{ arn: "arn:aws:s3:::bucket", engine: dynamodb }'),
      [/^sources\[0\]\.arn: must be a table's ARN/],
    ],
    [
      "a table in another region",
      withSource('{ arn: "arn:aws:dynamodb:eu-west-1:123456789012:table/carts", engine: dynamodb }'),
      ["sources[0].arn: is in region eu-west-1, but region is us-east-1"],
    ],
    [
      "half a key pair",
      withSource('{ arn: "arn:aws:s3:::bucket", engine: s3, access_key_id: A }'),
      ["sources[0]: must have both access_key_id and secret_access_key, or neither"],
    ],
    [
      "an endpoint with a password in it",
      withSource('{ arn: "arn:aws:s3:::bucket", engine: s3, endpoint: "http://u:s3cret@h" }'),
      ["sources[0].endpoint: must be http://host:port or https://host:port, without user, path or query"],
    ],
  ]
  for (const [name, text, expected] of refused) {
    it(`refuses ${name}, in one line`, () => {
      const loaded = load(text)
      const found = "mistakes" in loaded ? loaded.mistakes : assert.fail("no mistake found")
      assert.equal(found.length, expected.length, JSON.stringify(found))
      const wanted = expected[0] ?? ""
      if (typeof wanted === "string") assert.equal(found[0], wanted)
      else assert.match(found[0] ?? "", wanted)
    })
  }
})
