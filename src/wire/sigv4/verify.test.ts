import assert from "node:assert/strict"
import { test } from "node:test"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import fc from "fast-check"
import type { WireRequest } from "../http/message.ts"
import { canonicalQuery, uriEncode } from "./canonical.ts"
import { type VerifyOptions, verifySignature } from "./verify.ts"
import "../../../test/support/seed.ts"

const secret = "a/secret+of=tests"
const options: VerifyOptions = {
  region: "us-east-1",
  services: ["things"],
  nowMs: Date.parse("2026-03-04T05:06:07Z"),
  secretOf: (key) => (key === "AKIDTEST" ? secret : undefined),
}

interface Unsigned {
  method: string
  /** Percent-encoded. */
  path: string
  query: Record<string, string | string[]>
  headers: Record<string, string>
  body: string
}

/** As the official signer of the JavaScript SDK signs, turned into what the wire would carry. */
async function officially(unsigned: Unsigned): Promise<WireRequest> {
  const signer = new SignatureV4({
    service: "things",
    region: "us-east-1",
    credentials: { accessKeyId: "AKIDTEST", secretAccessKey: secret },
    sha256: Sha256,
  })
  const signed = await signer.sign(
    { protocol: "http:", hostname: "h", ...unsigned, headers: { host: "h:9", ...unsigned.headers } },
    { signingDate: new Date(options.nowMs) },
  )
  const query = Object.entries(unsigned.query)
    .flatMap(([name, value]) => [value].flat().map((one) => `${uriEncode(name)}=${uriEncode(one)}`))
    .join("&")
  return {
    method: unsigned.method,
    path: unsigned.path,
    query,
    headers: Object.entries(signed.headers),
    body: Buffer.from(unsigned.body),
  }
}

// The official signer folds empty and dot segments away, which ours refuses on purpose.
const segment = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map(uriEncode)
  .filter((text) => text !== "." && text !== "..")
const words = fc.string({ unit: "grapheme", maxLength: 12 })
const headerText = fc
  .string({ unit: fc.constantFrom(..." !#%&',;=\"()abcXYZ019"), minLength: 1, maxLength: 20 })
  .filter((text) => text.trim() !== "")

const anyRequest: fc.Arbitrary<Unsigned> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`),
  query: fc.dictionary(
    words.filter((name) => name !== "" && !/^x-amz-/i.test(name)),
    fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })),
    { maxKeys: 4, noNullPrototype: true },
  ),
  headers: fc.dictionary(fc.constantFrom("x-one", "x-amz-two", "content-type", "accept"), headerText, {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  body: fc.string({ unit: "grapheme", maxLength: 50 }),
})

test("what the official signer signs is accepted", async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (unsigned) => {
      const verified = verifySignature(await officially(unsigned), options)
      assert.deepEqual(verified, { ok: { accessKeyId: "AKIDTEST", service: "things", region: "us-east-1" } })
    }),
    { numRuns: 300 },
  )
})

test("what the official signer signs is refused with another body, method, path or secret", async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (unsigned) => {
      const request = await officially(unsigned)
      const changed: [WireRequest, VerifyOptions][] = [
        [{ ...request, body: Buffer.concat([request.body, Buffer.from("x")]) }, options],
        [{ ...request, method: `${request.method}X` }, options],
        [{ ...request, path: `${request.path}x` }, options],
        [{ ...request, query: `${request.query}&x=1` }, options],
        [request, { ...options, secretOf: () => "another" }],
      ]
      for (const [tampered, its] of changed) {
        const verified = verifySignature(tampered, its)
        assert.ok("error" in verified && verified.error.kind === "mismatch", JSON.stringify(verified))
      }
    }),
    { numRuns: 50 },
  )
})

test("the date may travel in the Date header, in either spelling", async () => {
  const request = await officially({ method: "POST", path: "/", query: {}, headers: {}, body: "" })
  const stamp = request.headers.find(([name]) => name === "x-amz-date")?.[1] ?? assert.fail("no date")
  const withoutDate = request.headers.filter(([name]) => name !== "x-amz-date")
  for (const date of [stamp, "Wed, 04 Mar 2026 05:06:07 GMT"]) {
    const verified = verifySignature({ ...request, headers: [...withoutDate, ["Date", date]] }, options)
    // Signed for another header, so it cannot match; but the date itself is understood.
    assert.ok("error" in verified && verified.error.message.includes("x-amz-date"), JSON.stringify(verified))
  }
})

test("the skew allowed is five minutes, either way, to the millisecond", async () => {
  const request = await officially({ method: "POST", path: "/", query: {}, headers: {}, body: "" })
  for (const sign of [1, -1]) {
    const at = (ms: number) => verifySignature(request, { ...options, nowMs: options.nowMs + sign * ms })
    assert.ok("ok" in at(300_000))
    const late = at(300_001)
    assert.ok("error" in late && late.error.kind === "expired")
  }
})

test("canonical queries: sorted by encoded name, then value; a plus is a space; repeats stay", () => {
  const cases: [string, string | undefined][] = [
    ["", ""],
    ["b=2&a=1", "a=1&b=2"],
    ["a=2&a=1&a=1", "a=1&a=1&a=2"],
    ["a", "a="],
    ["a=b=c", "a=b%3Dc"],
    ["a=x+y&a=x%20y", "a=x%20y&a=x%20y"],
    ["%61=%7e", "a=~"],
    ["a=%2b", "a=%2B"],
    ["aa=1&a=1", "a=1&aa=1"],
    ["A=1&a=1&%C3%A9=1", "%C3%A9=1&A=1&a=1"],
    ["a=(x)!'*", "a=%28x%29%21%27%2A"],
    ["&&a=1&", "a=1"],
    ["a=%", undefined],
    ["a=%ff", undefined],
  ]
  for (const [query, canonical] of cases) assert.equal(canonicalQuery(query), canonical, query)
})

test("a thousand headers that are said to be signed cost what a thousand headers cost", () => {
  // Each look for a header reads all of them when it is done one by one: counted by the reads, not by the time.
  let reads = 0
  const names = Array.from({ length: 1_000 }, (_, at) => `x${String(at).padStart(4, "0")}`)
  const signedHeaders = ["host", "x-amz-date", ...names].sort().join(";")
  const headers = [
    ["host", "h"],
    ["x-amz-date", "20260304T050607Z"],
    ...names.map((name) => [name, "v"]),
    [
      "authorization",
      `AWS4-HMAC-SHA256 Credential=A/20260304/us-east-1/rds/aws4_request, SignedHeaders=${signedHeaders}, Signature=${"0".repeat(64)}`,
    ],
  ].map(
    (pair) =>
      new Proxy(pair as [string, string], {
        get(target, name, receiver) {
          if (name === "0") reads++
          return Reflect.get(target, name, receiver)
        },
      }),
  )
  const verified = verifySignature(
    { method: "POST", path: "/", query: "", headers, body: new Uint8Array() },
    {
      region: "us-east-1",
      services: ["rds"],
      nowMs: Date.parse("2026-03-04T05:06:07Z"),
      secretOf: () => undefined,
    },
  )
  assert.equal("error" in verified && verified.error.kind, "unknownKey")
  assert.ok(reads < 50 * headers.length, `${reads} reads`)
})
