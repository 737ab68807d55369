/** Customer profiles as tables of the SQL port: fresh, joined with tables of a database, and only for who may read them. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type pg from "pg"
import { flowTables } from "../../../src/query/profile-tables/flow-tables.ts"
import { profileTables } from "../../../src/query/profile-tables/profile-tables.ts"
import { domainWith, ingest, objectType, profilesForTests } from "../../profiles/scene.ts"
import { testWarehouse } from "../warehouse.ts"

const customer = objectType("Customer", {
  fields: {
    id: { source: "_source.id", target: "_profile.AccountNumber" },
    email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
  },
  keys: {
    customerId: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE", "PROFILE"] }],
    _email: [{ fieldNames: ["email"], standardIdentifiers: [] }],
  },
})

describe("customer profiles by SQL", () => {
  const state = profilesForTests()

  test("are joined with tables, show what was put before the statement, and are refused to others", async (t) => {
    const { store } = state
    const domain = await domainWith(store, [customer])
    const warehouse = await testWarehouse(t, {
      virtualTables: [...profileTables(store), ...flowTables(state.all)],
    })
    const client = await warehouse.client("admin", "dev")
    await client.query("CREATE TABLE orders (customer varchar, total int)")
    await client.query("INSERT INTO orders VALUES ('1', 10), ('2', 20), ('2', 5)")
    const totals = async () => {
      const { rows } = await client.query(
        `SELECT p.email_address, sum(o.total)::int AS total FROM orders o
         JOIN customer_profiles.profiles p ON p.account_number = o.customer AND p.domain_name = $1
         GROUP BY 1 ORDER BY 1`,
        [domain],
      )
      return rows.map(({ email_address, total }) => `${email_address} ${total}`)
    }
    assert.deepEqual(await totals(), [])
    await ingest(store, { domain, objectType: "Customer" }, [
      { id: "1", email: "a@example.com" },
      { id: "2", email: "B@example.com" },
    ])
    assert.deepEqual(await totals(), ["B@example.com 25", "a@example.com 10"])
    const { rows } = await client.query(
      `SELECT o.object, k.key_name FROM customer_profiles.profile_keys k
       JOIN customer_profiles.profile_objects o ON o.profile_id = k.profile_id
       WHERE k.key_name = '_email' AND k.key_value = 'b@example.com' AND k.domain_name = '${domain}'`,
    )
    assert.deepEqual(rows, [{ object: '{"id":"2","email":"B@example.com"}', key_name: "_email" }])
    await client.query("CREATE USER ada PASSWORD 'Secret-123'")
    const ada = await warehouse.client("ada", "dev", { password: "Secret-123" })
    const tables = ["profiles", "profile_objects", "profile_keys", "flow_runs", "dead_letters"]
    for (const table of tables)
      await assert.rejects(
        ada.query(`SELECT count(*) FROM customer_profiles.${table}`),
        (error: pg.DatabaseError) => error.code === "42501",
        table,
      )
  })
})
