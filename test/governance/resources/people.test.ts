/** Users, groups and attributes over HTTP, as public clients of the API ask for them. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { resourcesDoor } from "./resources-door.ts"

describe("people", () => {
  const door = resourcesDoor()
  const newUser = (userid: string, more: object = {}) => ({
    userid,
    password: "hunter2",
    profile: { name: `The ${userid}`, email: `${userid}@example.com` },
    ...more,
  })

  test("a user is made, found, mapped to a warehouse account, disabled and deleted", async () => {
    const ask = await door.as("people-admin", "USER_ADMIN")
    const made = await ask("POST /bim/iam/bim/user", newUser("Ada", { permissions: ["GOVERNANCE"] }))
    assert.equal(made.status, 200, JSON.stringify(made.body))
    assert.deepEqual(
      [made.body.userid, made.body.iamid, made.body.profile.name, made.body.permissions, made.body.disabled],
      ["Ada", "bim", "The Ada", ["GOVERNANCE"], false],
    )
    assert.ok(!JSON.stringify(made.body).includes("hunter2"))
    assert.equal((await door.store.governance.personOf("ada"))?.userId, "Ada")

    const mapped = await ask("PUT /bim/iam/bim/user/Ada/profile", {
      phone: "1",
      externalUserIds: { redshiftUser: "ADA_DW", snowflakeUser: "x" },
    })
    assert.deepEqual(mapped.body.externalUserIds, { redshiftUser: "ADA_DW", snowflakeUser: "x" })
    assert.equal(mapped.body.name, "The Ada", "what is not given stays")
    assert.equal((await door.store.governance.personOf("ada_dw"))?.userId, "Ada")
    assert.equal(await door.store.governance.personOf("ada"), undefined)
    await ask("PUT /bim/iam/bim/user/Ada/profile", { about: "y" })
    assert.equal((await door.store.governance.personOf("ada_dw"))?.userId, "Ada")

    const found = await ask("GET /bim/user?name=the%20AD&size=5&sortField=email&sortOrder=desc")
    assert.deepEqual([found.body.count, found.body.hits[0].userid], [1, "Ada"])
    assert.equal((await ask("PUT /bim/iam/bim/user/Ada/disable/true")).body.disabled, true)
    assert.equal((await door.store.governance.personOf("ada_dw"))?.isDisabled, true)
    assert.equal((await ask("GET /bim/user?name=the%20ad")).body.count, 0)
    assert.equal((await ask("GET /bim/user?name=the%20ad&includeDisabled=true")).body.count, 1)
    assert.equal((await ask("DELETE /bim/iam/bim/user/Ada")).status, 200)
    assert.equal((await ask("GET /bim/iam/bim/user/Ada")).status, 404)
  })

  test("no second user has the name or the warehouse account of another", async () => {
    const ask = await door.as("twice-admin", "USER_ADMIN")
    await ask("POST /bim/iam/bim/user", newUser("bo"))
    assert.equal((await ask("POST /bim/iam/bim/user", newUser("bo"))).status, 409)
    const sameAccount = await ask("POST /bim/iam/bim/user", newUser("BO"))
    assert.equal(sameAccount.status, 409)
    assert.match(sameAccount.body.message, /warehouse account bo belongs to another user/)
    await ask("POST /bim/iam/bim/user", newUser("cy"))
    const mapped = await ask("PUT /bim/iam/bim/user/cy/profile", { externalUserIds: { redshiftUser: "Bo" } })
    assert.equal(mapped.status, 409)
    assert.equal((await door.store.governance.personOf("bo"))?.userId, "bo")
  })

  test("groups: made, changed, listed; members come and go by the id of the membership", async () => {
    const ask = await door.as("group-admin", "USER_ADMIN")
    const made = await ask("POST /bim/group", { iamid: "bim", name: "hr", description: "people" })
    assert.deepEqual([made.body.name, made.body.description, made.body.authorizations], ["hr", "people", {}])
    const { id } = made.body
    assert.equal((await ask("POST /bim/group", { iamid: "bim", name: "hr" })).status, 409)
    await ask("POST /bim/iam/bim/user", newUser("dee"))
    const member = await ask(`POST /bim/group/${id}/user`, { userid: "dee", iamid: "bim" })
    assert.deepEqual(Object.keys(member.body), ["id", "group", "profile", "createdAt", "updatedAt"])
    const again = await ask(`POST /bim/group/${id}/user`, { userid: "dee", iamid: "bim" })
    assert.equal(again.body.id, member.body.id)
    const members = await ask(`GET /bim/group/${id}/user`)
    assert.deepEqual([members.body.count, members.body.hits[0].userid], [1, "dee"])
    assert.deepEqual((await ask("GET /bim/iam/bim/user/dee/groups")).body, [{ id, name: "hr", iamid: "bim" }])
    assert.equal((await ask("GET /bim/group?name=HR&sortField=name")).body.count, 1)
    const renamed = await ask(`PUT /bim/group/${id}`, {
      name: "human resources",
      iamid: "bim",
      id: String(id),
    })
    assert.equal(renamed.body.name, "human resources")
    assert.deepEqual((await door.store.governance.personOf("dee"))?.groups, new Set(["human resources"]))
    assert.equal((await ask(`DELETE /bim/group/${id}/user/${member.body.id}`)).status, 200)
    assert.equal((await ask(`DELETE /bim/group/${id}/user/${member.body.id}`)).status, 404)
    assert.equal((await door.store.governance.personOf("dee"))?.groups.size, 0)
    assert.equal((await ask(`DELETE /bim/group/${id}`)).status, 200)
    assert.equal((await ask(`GET /bim/group/${id}`)).status, 404)
    assert.equal((await ask("GET /bim/group/abc")).status, 400)
  })

  test("attributes: given and taken one by one and as a whole; any name is a name", async () => {
    const ask = await door.as("attribute-admin", "USER_ADMIN")
    await ask("POST /bim/iam/bim/user", newUser("eve"))
    const { id } = (await ask("POST /bim/group", { iamid: "bim", name: "sales" })).body
    await ask(`POST /bim/group/${id}/user`, { userid: "eve", iamid: "bim" })
    const given = await ask("PUT /bim/iam/bim/user/eve/authorizations/region/A%2FB%20%22")
    assert.deepEqual(given.body.authorizations, { region: ['A/B "'] })
    assert.equal(typeof given.body.profile, "number")
    await ask(`PUT /bim/iam/bim/group/${id}/authorizations/region/South`)
    await ask("PUT /bim/iam/bim/group/sales/authorizations/__proto__/constructor")
    const eve = (await ask("GET /bim/iam/bim/user/eve")).body
    assert.deepEqual(eve.bimAuthorizations, { region: ['A/B "'] })
    assert.deepEqual(Object.entries(eve.authorizations), [
      ["__proto__", ["constructor"]],
      ["region", ['A/B "', "South"]],
    ])
    await ask("POST /bim/iam/bim/user/eve/authorizations", { clearance: ["high", "top"], region: "East" })
    assert.deepEqual((await ask("GET /bim/iam/bim/user/eve")).body.bimAuthorizations, {
      clearance: ["high", "top"],
      region: ['A/B "', "East"],
    })
    const replaced = await ask("PUT /bim/iam/bim/user/eve/authorizations", { clearance: ["low"] })
    assert.deepEqual(replaced.body.bimAuthorizations, { clearance: ["low"] })
    await ask("DELETE /bim/iam/bim/user/eve/authorizations/clearance/low")
    await ask("DELETE /bim/iam/bim/group/sales/authorizations/region")
    const facts = await door.store.governance.personOf("eve")
    assert.deepEqual(facts?.attributes, new Map([["__proto__", new Set(["constructor"])]]))
    assert.equal((await ask("PUT /bim/iam/bim/user/eve/authorizations/a/%00")).status, 400)
    assert.equal((await ask("PUT /bim/iam/bim/robot/eve/authorizations/a/b")).status, 400)
    assert.equal((await ask("PUT /bim/iam/bim/user/nobody/authorizations/a/b")).status, 404)
  })

  test("who may what: a key without the permission changes nothing and is not told who there is", async () => {
    const governor = await door.as("reader", "GOVERNANCE")
    assert.equal((await governor("GET /bim/user")).status, 200)
    assert.equal((await governor("POST /bim/group", { iamid: "bim", name: "x" })).status, 403)
    const stranger = await door.as("stranger", "CREATE_PROJECT")
    for (const request of ["GET /bim/user", "GET /bim/group", "DELETE /bim/iam/bim/user/eve"]) {
      assert.equal((await stranger(request)).status, 403, request)
    }
    assert.equal((await stranger("GET /bim/rpc/user/current")).status, 403)
    const admin = await door.as("who-admin", "USER_ADMIN")
    await admin("POST /bim/iam/bim/user", newUser("stranger"))
    assert.equal((await stranger("GET /bim/rpc/user/current")).body.userid, "stranger")
  })

  test("the audit trail has who changed what, before and after, and no password", async () => {
    const ask = await door.as("trail-admin", "USER_ADMIN")
    await ask("POST /bim/iam/bim/user", newUser("fay"))
    await ask("PUT /bim/iam/bim/user/fay/authorizations/region/West")
    const entries = await door.store.audit.list({ since: undefined, limit: 2 })
    const [made, given] = entries.filter(({ accessKeyId }) => accessKeyId === "trail-admin")
    assert.deepEqual([made?.operation, made?.outcome, made?.before], ["CreateUser", "ok", undefined])
    assert.equal(given?.resource, "user bim/fay")
    const attributesOf = (shown: object | undefined) =>
      shown !== undefined && "attributes" in shown ? shown.attributes : undefined
    assert.deepEqual(attributesOf(given?.before), {})
    assert.deepEqual(attributesOf(given?.after), { region: ["West"] })
    assert.ok(!JSON.stringify(entries).includes("hunter2"))
  })
})
