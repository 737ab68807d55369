import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import type { WireRequest } from "../http/message.ts"
import type { ShapeValue, StructureShape } from "../shapes/shape.ts"
import { readForm } from "./form.ts"
import { parseInput } from "./parse.ts"
import { faultResponse, resultResponse } from "./respond.ts"

interface Cases<C> {
  shapes: Record<string, StructureShape>
  cases: C[]
}

interface ParseCase {
  name: string
  shape: string
  body: string
  query?: string
  method?: string
  /** Absent: a form. null: none is sent. */
  contentType?: string | null
  ok?: unknown
  code?: string
  /** A part of the message. */
  message?: string
}

interface RespondCase {
  name: string
  shape: string
  value: { [name: string]: ShapeValue }
  xml: string
}

function read<C>(file: string): Cases<C> {
  return JSON.parse(readFileSync(new URL(`./cases/${file}`, import.meta.url), "utf8"))
}

function requestOf(one: ParseCase): WireRequest {
  const type = one.contentType === undefined ? "application/x-www-form-urlencoded" : one.contentType
  return {
    method: one.method ?? "POST",
    path: "/",
    query: one.query ?? "",
    headers: type === null ? [] : [["Content-Type", type]],
    body: Buffer.from(one.body),
  }
}

function parse(one: ParseCase, shape: StructureShape) {
  const form = readForm(requestOf(one))
  return "fault" in form ? form : parseInput(shape, form.ok)
}

const parsing = read<ParseCase>("parse.json")
for (const one of parsing.cases) {
  test(`parse: ${one.name}`, () => {
    const result = parse(one, parsing.shapes[one.shape] ?? assert.fail("no such shape"))
    if (one.code === undefined) {
      assert.deepEqual(JSON.parse(JSON.stringify(result)), { ok: one.ok })
      return
    }
    assert.ok("fault" in result, JSON.stringify(result))
    assert.equal(result.fault.code, one.code, result.fault.message)
    assert.ok(result.fault.message.includes(one.message ?? ""), result.fault.message)
  })
}

const context = { namespace: "http://example.com/doc/1/", requestId: "id-1" }
const responding = read<RespondCase>("respond.json")
for (const one of responding.cases) {
  test(`respond: ${one.name}`, () => {
    const shape = responding.shapes[one.shape] ?? assert.fail("no such shape")
    const answer = resultResponse("Do", shape, one.value, context)
    const result = one.xml === "" ? "<DoResult/>" : `<DoResult>${one.xml}</DoResult>`
    assert.equal(
      answer.body,
      '<?xml version="1.0" encoding="UTF-8"?>\n<DoResponse xmlns="http://example.com/doc/1/">' +
        `${result}<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DoResponse>`,
    )
    assert.deepEqual(answer.headers, { "content-type": "text/xml", "x-amzn-RequestId": "id-1" })
    assert.equal(answer.status, 200)
  })
}

test("respond: a timestamp, in ISO 8601 form", () => {
  const shape: StructureShape = { kind: "structure", members: { At: { kind: "timestamp" } } }
  const answer = resultResponse("Do", shape, { At: new Date(1_704_164_645_678) }, context)
  assert.match(answer.body, /<At>2024-01-02T03:04:05.678Z<\/At>/)
})

test("respond: an operation without output has only its request id", () => {
  const answer = resultResponse("Do", undefined, {}, context)
  assert.match(
    answer.body,
    /<DoResponse [^>]*><ResponseMetadata><RequestId>id-1<\/RequestId><\/ResponseMetadata><\/DoResponse>$/,
  )
})

test("respond: a fault of the caller's and one of ours", () => {
  const fault = { code: "Gone", status: 404, sender: true, message: "no <such> thing & that" }
  const theirs = faultResponse(fault, context)
  assert.equal(theirs.status, 404)
  assert.match(
    theirs.body,
    /<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type><Code>Gone<\/Code><Message>no &lt;such&gt; thing &amp; that<\/Message><\/Error><RequestId>id-1<\/RequestId><\/ErrorResponse>$/,
  )
  const ours = faultResponse({ ...fault, sender: false }, { namespace: undefined, requestId: "id-1" })
  assert.match(ours.body, /<ErrorResponse><Error><Type>Receiver<\/Type>/)
})

test("a long value is shown cut, and more parameters than the limit are refused", () => {
  const shape: StructureShape = { kind: "structure", members: { Name: { kind: "string", max: 5 } } }
  const long = parse({ name: "", shape: "", body: `Name=${"x".repeat(500_000)}` }, shape)
  assert.ok("fault" in long && long.fault.message.length < 500, "the message is too long")
  const body = Array.from({ length: 2_001 }, (_, at) => `P${at}=1`).join("&")
  const many = parse({ name: "", shape: "", body }, shape)
  assert.ok("fault" in many && many.fault.message.includes("More than 2000 parameters"))
})
