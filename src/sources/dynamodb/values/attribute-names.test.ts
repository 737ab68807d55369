import assert from "node:assert/strict"
import { Readable } from "node:stream"
import { describe, it } from "node:test"
import { attributeName, attributeOf, markedName, markNames, unmarkNames } from "./attribute-names.ts"

describe("attribute names", () => {
  const names = ["__proto__", "\ue000", "\ue000__proto__", "\ue000\ue000", "a", "constructor", ""]

  it("come back from their marks, and no two are marked alike", () => {
    for (const name of names) assert.equal(attributeName(markedName(name)), name)
    assert.equal(new Set(names.map(markedName)).size, names.length)
  })

  it("are found only where the item has them", () => {
    assert.equal(attributeOf({ a: { S: "x" } }, "constructor"), undefined)
    assert.deepEqual(attributeOf({ a: { S: "x" } }, "a"), { S: "x" })
  })

  it("are sent as they came, also where they are escaped", async () => {
    const sent = `{"Items":[{"__proto__":{"M":{"\\ue000":{"S":"1"},"\\u005f_proto__":{"N":"2"}}}}]}`
    const response = { body: Readable.from([Buffer.from(sent.slice(0, 15)), Buffer.from(sent.slice(15))]) }
    await markNames(response)
    const body = String(response.body)
    assert.ok(!body.includes(`"__proto__"`), body)
    const request = { body }
    unmarkNames(request)
    assert.equal(request.body, `{"Items":[{"__proto__":{"M":{"\ue000":{"S":"1"},"__proto__":{"N":"2"}}}}]}`)
  })

  it("of what is no JSON stay as they are", async () => {
    const response = { body: Readable.from([Buffer.from("<html>__proto__")]) }
    await markNames(response)
    assert.equal(String(response.body), "<html>__proto__")
  })
})
