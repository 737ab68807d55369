/** The bodies of the published calls, as JSON and as the same in YAML. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { stringify } from "yaml"
import { bodyOf } from "../../../src/front-doors/governance/body.ts"
import { readPayload, readRemoval } from "../../../src/governance/setup/payload.ts"
import { publishedCalls } from "../../e2e/governance/published-calls.ts"

const request = (type: string, text: string) => ({
  method: "POST",
  path: "/integrations",
  query: "",
  headers: [["content-type", type] as const],
  body: Buffer.from(text),
})

test("each published body is accepted as JSON and as YAML, and says the same", () => {
  const bodies = Object.entries(publishedCalls).flatMap(([name, call]) => {
    const [, body] = /-d '([\s\S]*)'$/.exec(call) ?? []
    return body === undefined ? [] : [{ name, body }]
  })
  assert.equal(bodies.length, 12)
  for (const { name, body } of bodies) {
    const read = name === "remove" ? readRemoval : readPayload
    const asJson = read(bodyOf(request("application/json", body)))
    for (const type of ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml; charset=utf-8"])
      assert.deepEqual(read(bodyOf(request(type, stringify(JSON.parse(body))))), asJson, `${name} as ${type}`)
  }
})
