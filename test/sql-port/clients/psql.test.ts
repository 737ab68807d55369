import assert from "node:assert/strict"
import { execFile, spawnSync } from "node:child_process"
import { test } from "node:test"
import { password, type TestWarehouse, testWarehouse } from "../warehouse.ts"

const found = spawnSync("psql", ["--version"], { encoding: "utf8" })
const skip =
  found.status === 0 ? false : "psql is not on this machine: install postgresql-client to run these"

interface Output {
  status: number
  out: string
  err: string
}

function psql(
  warehouse: TestWarehouse,
  commands: string[],
  database = "shop",
  user = "analyst",
): Promise<Output> {
  const args = [
    "-X",
    "-h",
    "127.0.0.1",
    "-p",
    String(warehouse.port.port),
    "-U",
    user,
    "-d",
    database,
    "-v",
    "ON_ERROR_STOP=1",
  ]
  for (const command of commands) args.push("-c", command)
  const env = { ...process.env, PGPASSWORD: password, PSQL_PAGER: "", LC_ALL: "C.UTF-8" }
  return new Promise((resolve) => {
    execFile("psql", args, { env, timeout: 20_000 }, (error, out, err) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, out, err }),
    )
  })
}

test("psql lists databases, tables and columns, and hides the bookkeeping", { skip }, async (t) => {
  const warehouse = await testWarehouse(t)
  const show = async (...commands: string[]) => {
    const { status, out, err } = await psql(warehouse, commands)
    assert.equal(status, 0, err)
    return out
  }
  const databases = await show("\\l")
  for (const name of ["shop", "crm", "dev"]) assert.match(databases, new RegExp(`^ ${name} +\\| admin`, "m"))
  assert.doesNotMatch(databases, /memory|system|temp/)
  const tables = await show("\\dt *.*")
  assert.match(tables, /public \| orders +\| table/)
  assert.match(tables, /public \| Größe "x" +\| table/)
  assert.doesNotMatch(tables, /progress|millrace/)
  assert.equal(await show("\\dt"), tables)
  const orders = await show("\\d orders")
  assert.match(orders, /Table "public\.orders"/)
  assert.match(orders, /id +\| bigint +\| +\| not null/)
  assert.match(orders, /amount +\| numeric\(12,2\)/)
  assert.match(orders, /placed_at +\| timestamp with time zone/)
  assert.match(await show("\\d big_orders"), /View "public\.big_orders"/)
  assert.match(await show('\\d "Größe ""x"""'), /sp ace +\| integer/)
  assert.match(await show("\\dn"), /public/)
  assert.doesNotMatch(await show("\\dn"), /millrace|pg_catalog/)
  assert.match(await show("\\conninfo"), /database "shop" as user "analyst"/)
  const keyed = await psql(warehouse, ["\\d customers"], "crm")
  assert.match(keyed.out, /"customers_\w*pkey" PRIMARY KEY, btree \(id\)/)
})

test("psql's other backslash commands find nothing rather than fail", { skip }, async (t) => {
  const warehouse = await testWarehouse(t)
  const commands =
    "\\du \\dg \\dv \\di \\ds \\df \\dT \\dx \\dp \\z \\db \\dm \\dE \\det \\dconfig \\dD \\dC \\dRp \\dRs \\dO \\do \\da \\dF \\dy \\ddp \\des \\dL \\dP \\drds \\dc \\dd \\dew \\deu \\dX \\dA \\dl \\l+ \\dt+ \\dn+ \\d+"
  for (const command of [...commands.split(" "), "\\d+ orders", "\\d+ big_orders", "\\sv big_orders"]) {
    const { status, err } = await psql(warehouse, [command])
    assert.equal(status, 0, `${command}: ${err}`)
  }
})

test("psql runs queries, shows errors with their place, and leaves by its exit code", { skip }, async (t) => {
  const warehouse = await testWarehouse(t)
  const good = await psql(warehouse, [
    "BEGIN; SELECT 42 AS answer; COMMIT",
    "EXPLAIN SELECT * FROM orders",
    "SHOW server_version",
  ])
  assert.equal(good.status, 0, good.err)
  assert.match(good.out, /answer *\n-+\n +42/)
  assert.match(good.out, /QUERY PLAN/)
  const bad = await psql(warehouse, ["SELECT * FROM orders WHERE nope = 1"])
  assert.equal(bad.status, 1)
  assert.match(bad.err, /LINE 1: SELECT \* FROM orders WHERE nope = 1\n +\^/)
  const written = await psql(
    warehouse,
    ["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (2)", "TABLE t"],
    "dev",
    "admin",
  )
  assert.equal(written.status, 0, written.err)
  assert.match(written.out, /CREATE TABLE\nINSERT 0 2\n/)
})
