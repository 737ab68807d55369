import assert from "node:assert/strict"
import { test } from "node:test"
import { foldName, type Grant, type Privilege } from "../../domain/sql-access.ts"
import { accessOf, allows, type KnownUser, mayConnect, mayWriteSomewhere } from "./sql-access.ts"

const eve: KnownUser = {
  name: "eve",
  role: undefined,
  isSuperuser: false,
  canCreateDatabases: false,
  validUntil: null,
}
const grant = (privilege: Privilege, database: string, schema = "", table = "", grantee = "eve"): Grant => ({
  grantee,
  privilege,
  database,
  schema,
  table,
})
const orders = { database: "shop", schema: "sales", table: "orders" }

test("a table takes the right to it and the use of its schema", () => {
  const both = [grant("select", "shop", "sales", "orders"), grant("usage", "shop", "sales")]
  assert.equal(allows(accessOf(eve, both, []), "select", orders), true)
  for (const one of both) assert.equal(allows(accessOf(eve, [one], []), "select", orders), false)
  assert.equal(allows(accessOf(eve, both, []), "select", { ...orders, table: "others" }), false)
  assert.equal(allows(accessOf(eve, both, []), "select", { ...orders, database: "crm" }), false)
  assert.equal(allows(accessOf(eve, both, []), "insert", orders), false)
  const open = { ...orders, schema: "public" }
  assert.equal(allows(accessOf(eve, [grant("select", "shop", "public")], []), "select", open), true)
})

test("grants to others do not count, grants to everyone do", () => {
  const wide = (grantee: string) => [
    grant("select", "shop", "", "", grantee),
    grant("usage", "shop", "", "", grantee),
  ]
  assert.equal(allows(accessOf(eve, wide("mallory"), []), "select", orders), false)
  assert.equal(allows(accessOf(eve, wide("public"), []), "select", orders), true)
})

test("a partner's databases are its user's, and no others", () => {
  const access = accessOf({ ...eve, role: "partner:Etleap" }, [], ["Landing"])
  const landed = { database: "landing", schema: "main", table: "t" }
  assert.equal(allows(access, "insert", landed), true)
  assert.equal(allows(access, "drop", landed), false)
  assert.equal(allows(access, "select", orders), false)
  assert.deepEqual(
    [mayConnect(access, "LANDING"), mayConnect(access, "shop"), mayConnect(access, "dev")],
    [true, false, true],
  )
  assert.deepEqual([mayWriteSomewhere(access, "landing"), mayWriteSomewhere(access, "dev")], [true, false])
})

test("only A to Z fold, as in the warehouse: other letters keep tables apart", () => {
  assert.equal(foldName("ORDERS"), "orders")
  // The sign of Kelvin is not the letter K, whatever Unicode's lower case says.
  assert.notEqual(foldName("\u212a"), foldName("k"))
  assert.notEqual(foldName("Ä"), foldName("ä"))
})
