import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import fc from "fast-check"
import { testSeed } from "../../support/seed.ts"
import { instanceArn, type ServedDoor, serveDoor, targetArn } from "../served-door.ts"
import { formType, type RawRequest, send, signed } from "./raw-http.ts"

const operations = ["CreateIntegration", "DescribeIntegrations", "ModifyIntegration", "DeleteIntegration"]
const names = [
  "SourceArn",
  "TargetArn",
  "IntegrationName",
  "IntegrationIdentifier",
  "DataFilter",
  "Description",
  "KMSKeyId",
  "MaxRecords",
  "Marker",
  "Tags",
  "Tags.Tag.1.Key",
  "Tags.Tag.1.Value",
  "Tags.Tag.2.Key",
  "Filters.Filter.1.Name",
  "Filters.Filter.1.Values.Value.1",
  "AdditionalEncryptionContext.entry.1.key",
  "AdditionalEncryptionContext.entry.1.value",
  "__proto__",
  "Action.Action",
]
const text = fc.oneof(
  fc.constantFrom(
    instanceArn,
    targetArn,
    "name",
    "include: a.*.*",
    "",
    "20",
    "arn:",
    "00000000-0000-4000-8000-000000000000",
  ),
  fc.string({ unit: "binary", maxLength: 60 }).map((one) => one.toWellFormed()),
  fc.string({ unit: fc.constantFrom(..."-.:*/\\+?$\"' a0\0\n\u{2028}"), maxLength: 300 }),
  fc.integer().map(String),
  fc
    .constantFrom("a", "-a", ".", "a-", "include: a.b.c, ")
    .chain((part) => fc.integer({ min: 1, max: 3_000 }).map((count) => part.repeat(count))),
)
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
)
const formBody = fc
  .record({
    action: fc.constantFrom(...operations),
    parameters: fc.array(fc.tuple(name, text), { maxLength: 8 }),
  })
  .map(({ action, parameters }) =>
    new URLSearchParams([["Action", action], ["Version", "2014-10-31"], ...parameters]).toString(),
  )
const anyBytes = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const almostForm = formBody.chain((body) =>
  fc
    .tuple(
      fc.nat({ max: body.length }),
      fc.constantFrom("&", "=", "%", "%z", ".", "\0", "\xff", "+", "Tags="),
    )
    .map(([at, piece]) => Buffer.from(body.slice(0, at) + piece + body.slice(at), "latin1")),
)

describe(`malformed input`, () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor()
  })
  after(() => door.close())

  /** Whatever is sent: an answer, well formed, and never one that says that we failed. */
  async function assertAnswered(raw: RawRequest): Promise<void> {
    const { status, body, headers } = await send(door.port, raw)
    assert.ok(status === 200 || (status >= 400 && status < 500), `${status} ${body}`)
    if (status === 200 || headers["content-type"] === "text/xml") assertReadableXml(body)
  }

  test("signed bodies of every kind", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(formBody, almostForm, anyBytes),
        fc.boolean(),
        async (body, payloadHeader) => {
          await assertAnswered(await signed({ port: door.port, body, payloadHeader }))
        },
      ),
      { seed: testSeed, numRuns: 400 },
    )
  })

  test("signed queries, methods and content types", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"),
        fc.dictionary(
          fc.oneof(name, fc.constant("Action")),
          text.filter((one) => one.length < 2_000),
          { maxKeys: 4 },
        ),
        fc.constantFrom(formType, "application/json", "multipart/form-data; boundary=x", "text/plain", "x"),
        async (method, query, contentType) => {
          const kept = Object.entries(query).filter(([key]) => key !== "__proto__" && !/^x-amz/i.test(key))
          const options = {
            port: door.port,
            method,
            query: Object.fromEntries(kept),
            headers: { "content-type": contentType },
          }
          await assertAnswered(await signed(options))
        },
      ),
      { seed: testSeed, numRuns: 150 },
    )
  })

  test("headers that almost are a signature", async () => {
    const raw = await signed({ port: door.port })
    const header = raw.headers.find(([key]) => key === "authorization")?.[1] ?? assert.fail("unsigned")
    const printable = fc.string({ unit: fc.constantFrom(..."AWS4=,/;: 0aF-"), maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: header.length }),
        fc.nat({ max: 20 }),
        printable,
        async (at, cut, piece) => {
          const changed = header.slice(0, at) + piece + header.slice(at + cut)
          await assertAnswered({
            ...raw,
            headers: raw.headers.map(([key, value]) => [key, key === "authorization" ? changed : value]),
          })
        },
      ),
      { seed: testSeed, numRuns: 200 },
    )
  })
})

/** Tags balance and nothing that XML forbids is inside: enough for what we write ourselves. */
function assertReadableXml(body: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.ok(!/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(body), "a character that XML forbids")
  const open: string[] = []
  for (const [, end, tag, empty] of body.matchAll(/<(\/?)([A-Za-z]+)[^<>]*?(\/?)>/g)) {
    if (end === "/") assert.equal(open.pop(), tag, body)
    else if (empty !== "/") open.push(tag ?? "")
  }
  assert.deepEqual(open, [], body)
}
