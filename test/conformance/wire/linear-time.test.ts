/**
 * Texts that strangers and callers write are read in time that grows with their length at most. 200,000 characters take some
 * 0.1 s; a quadratic reader takes minutes for them and an exponential one does not end, so that the limit tells them apart on any machine.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { parseDataFilter } from "../../../src/domain/data-filter/data-filter-parser.ts"
import { parseResourcePolicy } from "../../../src/domain/resource-policy/resource-policy-parser.ts"
import { parseIntegrationArn, parseSourceArn, parseTargetArn } from "../../../src/domain/text-forms/arn.ts"
import { plainJson, plainLine } from "../../../src/domain/text-forms/plain-text.ts"
import { parseTableArn } from "../../../src/sources/dynamodb/table-arn.ts"
import { escapeXml } from "../../../src/wire/aws-query/xml.ts"
import type { WireRequest } from "../../../src/wire/http/message.ts"
import { claimedService, parseAuthorization } from "../../../src/wire/sigv4/authorization.ts"
import { canonicalQuery } from "../../../src/wire/sigv4/canonical.ts"

const request = (authorization: string, query = ""): WireRequest => ({
  method: "POST",
  path: "/",
  query,
  headers: [["authorization", authorization]],
  body: new Uint8Array(),
})

/** Each takes a text of about so many characters. */
const readers: Record<string, (text: string) => unknown> = {
  "an ARN": (text) =>
    [parseSourceArn, parseTargetArn, parseTableArn, parseIntegrationArn].map((read) => read(text)),
  "a data filter of databases": (text) => parseDataFilter(text, "database.schema.table"),
  "a data filter of tables": (text) => parseDataFilter(text, "database.table"),
  "a resource policy": (text) => parseResourcePolicy(text, "arn:aws:redshift:x"),
  "an authorization": (text) => [parseAuthorization(request(text)), claimedService(request(text))],
  "a presigned query": (text) => [parseAuthorization(request("", text)), claimedService(request("", text))],
  "a query": canonicalQuery,
  "an answer": escapeXml,
  "a line": plainLine,
  "JSON to show": plainJson,
}

/** Repeated to the length wanted, between a beginning and an end: what makes expressions go back and try again. */
const shapes: [begin: string, repeated: string, end: string][] = [
  ["", "a", "!"],
  ["", "-a", "!"],
  ["arn:aws:rds:", "a", ""],
  ["", "arn:aws:", ""],
  ["arn:aws:dynamodb:::table/", "a", "!"],
  ["include: ", "a.", "!"],
  ["include: /", ".*", "x/.b.c"],
  ["include: ", '"a"', ""],
  ["", "include: a.b.c,", ""],
  ["", "[", ""],
  ['{"Version":"2012-10-17","Statement":', "[", ""],
  ['{"Version":"2012-10-17","Statement":', '{"a":', ""],
  ["AWS4-HMAC-SHA256 ", "Credential=a/", ""],
  ["AWS4-HMAC-SHA256 ", "a=b,", ""],
  ["AWS4-HMAC-SHA256 SignedHeaders=", "a;", ""],
  ["", "X-Amz-Credential=", ""],
  ["", "%2F", ""],
  ["", " ", "x"],
  ["", "\u{1b}", ""],
  ["", "\ud800", ""],
  ["", "&<>", ""],
]

const characters = 200_000
const limitMs = 10_000

describe("reading takes linear time", () => {
  for (const [name, read] of Object.entries(readers))
    test(name, () => {
      for (const [begin, repeated, end] of shapes) {
        const startedMs = performance.now()
        read(begin + repeated.repeat(characters / repeated.length) + end)
        const tookMs = performance.now() - startedMs
        assert.ok(tookMs < limitMs, `${begin}${repeated}…${end}: ${tookMs} ms`)
      }
    })
})
