/** Every route of the published API answers; every route that changes something is in the audit trail. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"
import {
  governanceRoutePage,
  governanceRoutesOfCode,
} from "../../../scripts/documentation/governance-routes.ts"
import { exchangePath } from "../../../src/front-doors/governance/credentials.ts"
import { routeTable } from "../../../src/front-doors/governance/route-table.ts"
import published from "./published-routes.json" with { type: "json" }

const table = routeTable(governanceRoutesOfCode())

test("each published route is served, or says why it is not", () => {
  for (const line of published.filter((one) => one !== `POST ${exchangePath}`)) {
    const [method = "", path = ""] = line.split(" ")
    const given = path.replaceAll(/\{\w+\}/g, (name) => (name === "{modelType}" ? "user" : "1"))
    assert.ok("route" in table.match(method, given), line)
  }
})

/** They read, and take what they are asked by in a body. */
const reading = new Set(["TestPolicy", "SearchPolicies", "NotBuilt"])

test("each route that changes something is audited, and no route that reads is", () => {
  for (const { method, path, operation, audited } of governanceRoutesOfCode()) {
    const changes = method !== "GET" && !reading.has(operation)
    assert.equal(audited !== undefined, changes, `${method} ${path}`)
  }
})

test("the page of routes is that of the code", async () => {
  const page = await readFile(new URL("../../../docs/governance/routes.md", import.meta.url), "utf8")
  assert.equal(page, governanceRoutePage(), "run: node scripts/governance-route-page.ts")
})
