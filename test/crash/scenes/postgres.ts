import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { newPlace, sourceArn } from "../../e2e/place.ts"
import { apiOf } from "../../e2e/rds.ts"
import { bank } from "../../e2e/source.ts"
import { ask, assertEqualContent, caughtUp } from "../../e2e/warehouse.ts"
import { startWorkload } from "../../e2e/workload.ts"
import type { Scene } from "../random-kills.ts"
import { ownDatabase, type SceneWarehouse } from "./warehouses.ts"

/** Many kills take long, and others use the machine meanwhile. */
const patienceMs = 180_000

/** Sum of all balances, which no transaction changes: anything else would be half a transaction, or a repeated one. */
const wholeSum = "200000.00"

export async function postgresScene(context: TestContext, into: SceneWarehouse): Promise<Scene> {
  const source = await bank(context)
  const { database, integration } = ownDatabase("bank")
  const opened = await into.open(context, database)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }], ...opened })
  const api = apiOf(place)
  return {
    place,
    createIntegration: () => api.create(integration, `include: ${source.name}.public.*`),
    active: () => api.becomes(integration, "active", patienceMs),
    startLoad: (seed) => startWorkload(context, source.url, seed),
    async assertEqual() {
      await caughtUp(place, source.url, database, patienceMs)
      assert.deepEqual(await ask(place, database, "SELECT sum(balance) FROM accounts"), [[wholeSum]])
      await assertEqualContent(place, source.url, database)
    },
  }
}
