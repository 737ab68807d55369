import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault } from "../../domain/faults.ts"
import type { Grant } from "../../domain/sql-access.ts"
import type { Caller } from "../control-plane.ts"
import { allUsers, findUser, newKnownUsers, readUsers } from "./known-users.ts"
import { requireAlterable, requireCreatable, requireGrantable, requireRevocable } from "./user-rules.ts"

const account = (name: string) => ({
  name,
  verifier: null,
  isSuperuser: false,
  canCreateDatabases: false,
  validUntil: null,
})
const grant = (schema: string, table: string): Grant => ({
  grantee: "ann",
  privilege: "select",
  database: "dev",
  schema,
  table,
})

/** `boss` is of the configuration; `ann`, and an older `boss`, are of the state database. */
async function knownWith(...grants: Grant[]) {
  const known = newKnownUsers([{ name: "boss", password: "x", role: "admin" }])
  const store = { all: async () => [account("ann"), account("boss")], grants: async () => grants }
  assert.equal(await readUsers(known, store), "changed")
  assert.equal(await readUsers(known, store), "same")
  return known
}

const boss: Caller = { name: "boss", role: "admin" }
const ann: Caller = { name: "ann", role: "read-only" }

const isFault = (kind: Fault["kind"]) => (error: unknown) => error instanceof Fault && error.kind === kind

test("of two users of one name the configured one counts, and cannot be changed", async () => {
  const known = await knownWith()
  assert.equal(findUser(known, "boss")?.isSuperuser, true)
  assert.deepEqual(
    allUsers(known).map(({ name }) => name),
    ["boss", "ann"],
  )
  assert.throws(() => requireAlterable(boss, known, "boss", { verifier: null }), isFault("invalidValue"))
})

test("who is no administrator may change nothing but the own password", async () => {
  const known = await knownWith()
  requireAlterable(ann, known, "ann", { verifier: null })
  for (const [name, changes] of [
    ["ann", { verifier: null, isSuperuser: true }],
    ["bob", { verifier: null }],
  ] as const)
    assert.throws(() => requireAlterable(ann, known, name, changes), isFault("accessDenied"))
  assert.throws(() => requireCreatable(ann, known, "bob"), isFault("accessDenied"))
})

test("names that PostgreSQL keeps for itself, or that are too long, are no users' names", async () => {
  const known = await knownWith()
  for (const name of ["", "public", "pg_bob", "ü".repeat(64)])
    assert.throws(() => requireCreatable(boss, known, name), isFault("invalidValue"), name)
  requireCreatable(boss, known, "ü".repeat(63))
})

test("nobody is granted anything who is not there, but everyone", async () => {
  const known = await knownWith()
  requireGrantable(boss, known, [grant("s", "t"), { ...grant("s", "t"), grantee: "public" }])
  const toBob = { ...grant("s", "t"), grantee: "bob" }
  assert.throws(() => requireGrantable(boss, known, [toBob]), isFault("invalidValue"))
})

test("a right is not revoked from a part of what is granted as a whole", async () => {
  const ofSchema = await knownWith(grant("s", ""))
  assert.throws(() => requireRevocable(boss, ofSchema, [grant("s", "t")]), isFault("invalidValue"))
  requireRevocable(boss, ofSchema, [grant("s", ""), grant("other", "t")])
  const ofDatabase = await knownWith(grant("", ""))
  assert.throws(() => requireRevocable(boss, ofDatabase, [grant("s", "")]), isFault("invalidValue"))
  requireRevocable(boss, ofDatabase, [{ ...grant("s", "t"), privilege: "insert" }])
})
