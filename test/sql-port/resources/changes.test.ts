/** Changes of resources by SQL: parameters, several rows, queries, conflicts, full states, and what is refused. */
import assert from "node:assert/strict"
import { after, before, beforeEach, describe, type TestContext, test } from "node:test"
import type pg from "pg"
import { type ResourcePlace, region, resourcePlace } from "./place.ts"

const domain = "AWS::CustomerProfiles::Domain"
const domains = "awscc.customerprofiles.domains"
const integrations = "awscc.customerprofiles.integrations"

async function refusalOf(work: Promise<unknown>): Promise<[code: string | undefined, message: string]> {
  try {
    await work
  } catch (error) {
    const { code, message } = error as pg.DatabaseError
    return [code, message]
  }
  throw new Error("not refused")
}

describe("changes of resources", () => {
  let place: ResourcePlace
  const ends: (() => unknown)[] = []
  before(async () => {
    place = await resourcePlace({
      after: (end: () => unknown) => void ends.unshift(end),
      diagnostic: () => undefined,
    } as unknown as TestContext)
  })
  after(async () => {
    for (const end of ends) await end()
  })
  beforeEach(() => {
    for (const { kept } of Object.values(place.handlers)) kept.clear()
    place.calls.length = 0
  })

  const modelOf = (typeName: string, identifier: string) =>
    place.handlers[typeName]?.kept.get(identifier)?.model
  const make = async (...names: string[]) => {
    for (const name of names)
      await place.rows(
        `INSERT /*+ AWAIT */ INTO ${domains} (DomainName, DefaultExpirationDays, region) VALUES ($1, 30, $2)`,
        [name, region],
      )
  }

  test("parameters of text, numbers and truth values stand for values", async () => {
    const [row] = await place.rows(
      `INSERT /*+ AWAIT */ INTO ${domains} (DomainName, default_expiration_days, data__Tags, Matching, region)
       VALUES ($1, $2, $3, json_object('Enabled', $4::boolean), $5) RETURNING OperationStatus, Identifier, default_expiration_days AS days`,
      ["shop", 90, '[{"Key":"team","Value":"data"}]', true, region],
    )
    assert.deepEqual(row, ["SUCCESS", "shop", "90"])
    const { CreatedAt, ...made } = modelOf(domain, "shop") ?? {}
    assert.deepEqual(made, {
      DomainName: "shop",
      DefaultExpirationDays: 90,
      Tags: [{ Key: "team", Value: "data" }],
      Matching: { Enabled: true },
    })
    await place.rows(
      `UPDATE /*+ AWAIT */ ${domains} SET DefaultExpirationDays = $2, Tags = NULL WHERE domain_name = $1`,
      ["shop", 7],
    )
    assert.equal(modelOf(domain, "shop")?.DefaultExpirationDays, 7)
    assert.equal(modelOf(domain, "shop")?.Tags, undefined)
    const [deleted] = await place.rows(
      `DELETE /*+ AWAIT */ FROM ${domains} WHERE Identifier = $1 AND region = $2 RETURNING *`,
      ["shop", region],
    )
    assert.deepEqual([deleted?.[2], deleted?.[3], deleted?.[4]], ["shop", "DELETE", "SUCCESS"])
  })

  test("rows of VALUES and of a query are one request each", async () => {
    const values = await place.rows(
      `INSERT /*+ AWAIT */ INTO ${domains} (DomainName, DefaultExpirationDays) VALUES ('a', '1'), ('b', 1 + 1) RETURNING Identifier, OperationStatus`,
    )
    assert.deepEqual(values, [
      ["a", "SUCCESS"],
      ["b", "SUCCESS"],
    ])
    const copied = await place.rows(
      `INSERT /*+ AWAIT */ INTO ${domains} (DomainName, DefaultExpirationDays)
       SELECT d.domain_name || '-' || c.id, d.default_expiration_days FROM ${domains} d, crm.public.customers c WHERE c.id < 2
       ORDER BY 1 RETURNING Identifier`,
    )
    assert.deepEqual(copied, [["a-0"], ["a-1"], ["b-0"], ["b-1"]])
  })

  test("UPDATE and DELETE find resources by any condition, and by joins", async () => {
    await make("a1", "a2", "b1")
    const updated = await place.rows(
      `UPDATE /*+ AWAIT */ ${domains} AS d SET default_expiration_days = d.default_expiration_days + c.id
       FROM crm.public.customers c WHERE d.domain_name LIKE 'a%' AND c.id = 5 RETURNING Identifier, default_expiration_days`,
    )
    assert.deepEqual(updated.sort(), [
      ["a1", "35"],
      ["a2", "35"],
    ])
    const deleted = await place.rows(
      `DELETE /*+ AWAIT */ FROM ${domains} WHERE default_expiration_days BETWEEN 31 AND 40 RETURNING Identifier`,
    )
    assert.deepEqual(deleted.sort(), [["a1"], ["a2"]])
  })

  test("what would change everything is refused, unless it is asked for", async () => {
    await make("a", "b")
    for (const where of [
      "",
      `WHERE region = '${region}'`,
      "WHERE domain_name = 'a' OR true",
      "WHERE 1 = 1",
    ]) {
      for (const verb of [`DELETE FROM ${domains}`, `UPDATE ${domains} SET default_expiration_days = 2`])
        assert.deepEqual((await refusalOf(place.rows(`${verb} ${where}`)))[0], "42P10", `${verb} ${where}`)
    }
    await place.rows("SET allow_unbounded_delete = on")
    await place.rows("SET await = on")
    assert.equal((await place.rows(`DELETE FROM ${domains} RETURNING OperationStatus`)).length, 2)
    await place.rows("RESET allow_unbounded_delete")
    await place.rows("RESET await")
    assert.equal(place.handlers[domain]?.kept.size, 0)
  })

  test("ON CONFLICT leaves or changes what is there, and names what it looks for", async () => {
    const insert = (days: number, rest: string) =>
      place.rows(
        `INSERT /*+ AWAIT */ INTO ${domains} (DomainName, DefaultExpirationDays) VALUES ('d', ${days}) ${rest} RETURNING Operation, OperationStatus`,
      )
    const update = "ON CONFLICT DO UPDATE SET DefaultExpirationDays = EXCLUDED.DefaultExpirationDays"
    assert.deepEqual(await insert(10, update), [["CREATE", "SUCCESS"]])
    assert.deepEqual(await insert(20, update), [["UPDATE", "SUCCESS"]])
    assert.equal(modelOf(domain, "d")?.DefaultExpirationDays, 20)
    assert.deepEqual(await insert(30, "ON CONFLICT (domain_name) DO NOTHING"), [])
    assert.deepEqual(await insert(40, "ON DUPLICATE KEY UPDATE DefaultExpirationDays = 40"), [
      ["UPDATE", "SUCCESS"],
    ])
    assert.equal(modelOf(domain, "d")?.DefaultExpirationDays, 40)
    assert.deepEqual(await insert(50, ""), [["CREATE", "FAILED"]])
    const [code, message] = await refusalOf(
      place.rows(`INSERT INTO ${integrations} (DomainName) VALUES ('d') ON CONFLICT DO NOTHING`),
    )
    assert.deepEqual([code, /Uri/.test(message)], ["42P10", true])
  })

  test("REPLACE gives a resource these properties and no others", async () => {
    await make("d")
    await place.rows(
      `UPDATE /*+ AWAIT */ ${domains} SET Tags = '[{"Key":"k","Value":"v"}]' WHERE domain_name = 'd'`,
    )
    const replaced = await place.rows(
      `REPLACE /*+ AWAIT */ ${domains} SET DefaultExpirationDays = 3 WHERE Identifier = 'd' RETURNING OperationStatus, StatusMessage`,
    )
    assert.deepEqual(replaced, [["SUCCESS", null]])
    const { CreatedAt, ...left } = modelOf(domain, "d") ?? {}
    assert.deepEqual(left, { DomainName: "d", DefaultExpirationDays: 3 })
  })

  test("EXPLAIN of a change tells its calls and makes none", async () => {
    const told = await place.rows(`EXPLAIN DELETE FROM ${domains} WHERE Identifier IN ('a', 'b')`)
    assert.deepEqual(told, [
      [`DeleteResource a {"typeName":"${domain}"}`],
      [`DeleteResource b {"typeName":"${domain}"}`],
    ])
    assert.equal(
      (await place.store.resourceRequests.list({}, { after: undefined, limit: 1 })).some(
        ({ identifier }) => identifier === "b",
      ),
      false,
    )
  })
})
