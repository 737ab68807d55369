import assert from "node:assert/strict"
import { test } from "node:test"
import { userShares } from "./admission/user-shares.ts"
import { newKeptByName, openPortals } from "./kept-by-name.ts"
import { PgError } from "./pg-error.ts"

function newPortals() {
  const share = { statements: 1, portals: 2, keptBytes: 100, incomingBytes: 100 }
  const holding = userShares(share).open({ user: "ann", isAdministrator: false })
  const closed: string[] = []
  const portals = newKeptByName<{ close(): void }>(openPortals, holding)
  const portal = (name: string) => async () => ({ close: () => void closed.push(name) })
  return { portals, portal, closed }
}

const hasCode = (code: string) => (error: unknown) => error instanceof PgError && error.code === code

test("one without a name takes the place of the one before it, a named one does not", async () => {
  const { portals, portal, closed } = newPortals()
  await portals.keep("", 10, portal("first"))
  await portals.keep("", 10, portal("second"))
  assert.deepEqual(closed, ["first"])
  await portals.keep("c", 10, portal("third"))
  await assert.rejects(portals.keep("c", 10, portal("fourth")), hasCode("42P03"))
  assert.throws(() => portals.get("d"), hasCode("34000"))
})

test("what was closed, or could not be made, counts no more in the user's share", async () => {
  const { portals, portal, closed } = newPortals()
  const fails = () => Promise.reject(new Error("no such type"))
  await assert.rejects(portals.keep("a", 60, fails), /no such type/)
  await portals.keep("a", 60, portal("a"))
  await assert.rejects(portals.keep("b", 60, portal("b")), hasCode("53000"))
  portals.close("a")
  await portals.keep("b", 60, portal("b"))
  portals.closeAll()
  portals.closeAll()
  await portals.keep("c", 100, portal("c"))
  assert.deepEqual(closed, ["a", "b"])
})
