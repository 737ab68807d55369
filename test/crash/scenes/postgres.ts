import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { newPlace, sourceArn } from "../../e2e/place.ts"
import { apiOf } from "../../e2e/rds.ts"
import { bank } from "../../e2e/source.ts"
import { ask, assertEqualContent, caughtUp } from "../../e2e/warehouse.ts"
import { startWorkload } from "../../e2e/workload.ts"
import type { Scene } from "../random-kills.ts"

/** Many kills take long, and others use the machine meanwhile. */
const patienceMs = 180_000

/** Sum of all balances, which no transaction changes: anything else would be half a transaction, or a repeated one. */
const wholeSum = "200000.00"

export async function postgresScene(context: TestContext): Promise<Scene> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], state: "embedded" })
  const api = apiOf(place)
  return {
    place,
    createIntegration: () => api.create("bank", `include: ${source.name}.public.*`),
    active: () => api.becomes("bank", "active", patienceMs),
    startLoad: (seed) => startWorkload(context, source.url, seed),
    async assertEqual() {
      await caughtUp(place, source.url, "bank", patienceMs)
      assert.deepEqual(await ask(place, "bank", "SELECT sum(balance) FROM accounts"), [[wholeSum]])
      await assertEqualContent(place, source.url, "bank")
    },
  }
}
