/** A directory's synchronisation: the requests that identity providers send (fact: RFC 7644; Okta and Entra as they document theirs). */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { resourcesDoor } from "./resources-door.ts"

const patchOf = (...Operations: object[]) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations,
})

describe("SCIM 2.0", () => {
  const door = resourcesDoor()
  const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

  test("Okta: a user is looked for, made, changed whole and deactivated", async () => {
    const okta = await door.as("okta", "USER_ADMIN")
    const none = await okta(
      'GET /scim/v2/Users?filter=userName%20eq%20"Ida%40example.com"&startIndex=1&count=100',
    )
    assert.deepEqual([none.status, none.body.totalResults, none.body.Resources], [200, 0, []])
    const user = {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
      userName: "Ida@example.com",
      name: { givenName: "Ida", familyName: "Rhodes" },
      emails: [{ primary: true, value: "ida@example.com", type: "work" }],
      displayName: "Ida Rhodes",
      externalId: "00u1",
      locale: "en-US",
      groups: [],
      password: "hunter2",
      active: true,
    }
    const made = await okta("POST /scim/v2/Users", user)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    assert.deepEqual(
      [made.body.userName, made.body.externalId, made.body.active],
      ["Ida@example.com", "00u1", true],
    )
    assert.equal((await okta("POST /scim/v2/Users", user)).status, 409)
    const facts = await door.store.governance.personOf("ida@example.com")
    assert.deepEqual([facts?.iamId, facts?.attributes.get("locale")], ["okta", new Set(["en-US"])])
    const found = await okta('GET /scim/v2/Users?filter=userName%20eq%20"IDA%40EXAMPLE.COM"')
    assert.equal(found.body.Resources[0].id, made.body.id)
    const put = await okta(`PUT /scim/v2/Users/${made.body.id}`, {
      ...user,
      title: "Boss",
      displayName: "I. R.",
    })
    assert.deepEqual([put.body.title, put.body.displayName], ["Boss", "I. R."])
    const off = await okta(
      `PATCH /scim/v2/Users/${made.body.id}`,
      patchOf({ op: "replace", value: { active: false } }),
    )
    assert.deepEqual([off.status, off.body.active], [200, false])
    assert.equal((await door.store.governance.personOf("ida@example.com"))?.isDisabled, true)
    const trail = JSON.stringify(await door.store.audit.list({ since: undefined, limit: 100 }))
    assert.ok(trail.includes("PatchDirectoryUser") && !trail.includes("hunter2"))
  })

  test("Entra: operations with paths, capitals and texts for truths; attributes of others stay", async () => {
    const entra = await door.as("entra", "USER_ADMIN")
    const made = await entra("POST /scim/v2/Users", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", enterprise],
      userName: "joe@example.com",
      externalId: "joe",
      active: true,
      [enterprise]: { department: "Sales", costCenter: "7" },
    })
    const user = `/scim/v2/Users/${made.body.id}`
    await entra("PUT /bim/iam/entra/user/joe@example.com/authorizations/clearance/high")
    const changed = await entra(
      `PATCH ${user}`,
      patchOf(
        { op: "Add", path: 'emails[type eq "work"].value', value: "joe@work.example.com" },
        { op: "Replace", path: "name.familyName", value: "Doe" },
        { op: "Replace", path: `${enterprise}:department`, value: "Finance" },
        { op: "Remove", path: `${enterprise}:costCenter` },
        { op: "Replace", path: "active", value: "False" },
      ),
    )
    assert.equal(changed.status, 200, JSON.stringify(changed.body))
    assert.deepEqual(
      [changed.body.emails[0].value, changed.body.name.familyName, changed.body.active],
      ["joe@work.example.com", "Doe", false],
    )
    const facts = await door.store.governance.personOf("joe@example.com")
    assert.deepEqual(
      facts?.attributes,
      new Map([
        ["clearance", new Set(["high"])],
        ["department", new Set(["Finance"])],
      ]),
    )
    assert.equal((await entra(`PATCH ${user}`, patchOf({ op: "Move", path: "x", value: 1 }))).status, 400)
    const removed = await entra(`DELETE ${user}`)
    assert.deepEqual([removed.status, removed.body], [204, undefined])
    assert.equal((await entra(`GET ${user}`)).status, 404)
  })

  test("groups: members come and go in each form; a directory reaches its own only", async () => {
    const ask = await door.as("directory", "USER_ADMIN")
    const other = await door.as("other-directory", "USER_ADMIN")
    const idOf = async (userName: string) =>
      (await ask("POST /scim/v2/Users", { userName })).body.id as string
    const [a, b, c] = [await idOf("a@x"), await idOf("b@x"), await idOf("c@x")]
    const made = await ask("POST /scim/v2/Groups", {
      displayName: "Eng",
      externalId: "g1",
      members: [{ value: a }],
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const group = `/scim/v2/Groups/${made.body.id}`
    const membersAfter = async (...operations: object[]) => {
      const answer = await ask(`PATCH ${group}`, patchOf(...operations))
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return answer.body.members.map(({ value }: { value: string }) => value)
    }
    assert.deepEqual(await membersAfter({ op: "add", path: "members", value: [{ value: b }] }), [a, b])
    assert.deepEqual(await membersAfter({ op: "remove", path: `members[value eq "${a}"]` }), [b])
    assert.deepEqual(await membersAfter({ op: "Remove", path: "members", value: [{ value: b }] }), [])
    assert.deepEqual(
      await membersAfter({ op: "replace", value: { members: [{ value: c }, { value: a }] } }),
      [c, a],
    )
    assert.deepEqual(
      await membersAfter({ op: "replace", value: { id: made.body.id, displayName: "Engineering" } }),
      [c, a],
    )
    assert.deepEqual((await door.store.governance.personOf("c@x"))?.groups, new Set(["Engineering"]))
    const found = await ask(
      'GET /scim/v2/Groups?filter=displayName%20eq%20"Engineering"&excludedAttributes=members',
    )
    assert.deepEqual([found.body.totalResults, found.body.Resources[0].members], [1, []])
    assert.equal((await ask('GET /scim/v2/Groups?filter=externalId%20eq%20"g1"')).body.totalResults, 1)
    assert.equal((await ask('GET /scim/v2/Groups?filter=displayName%20co%20"E"')).status, 400)

    for (const request of [`GET ${group}`, `DELETE ${group}`, `GET /scim/v2/Users/${a}`]) {
      assert.equal((await other(request)).status, 404, request)
    }
    const foreign = await other("POST /scim/v2/Groups", { displayName: "Theirs", members: [{ value: a }] })
    assert.equal(foreign.status, 404)
    assert.equal((await other("GET /scim/v2/Users")).body.totalResults, 0)
    assert.equal((await ask(`DELETE ${group}`)).status, 204)
    assert.equal((await door.store.governance.personOf("c@x"))?.groups.size, 0)
  })

  test("a provider shows its key as a bearer token that lasts; nothing else is taken as one", async () => {
    const { ask, key, origin } = await door.withKey("bearer", "USER_ADMIN")
    const bearer = (path: string) =>
      fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${key}` } })
    assert.equal((await bearer("/scim/v2/ServiceProviderConfig")).status, 200)
    assert.equal((await bearer("/bim/user")).status, 401)
    assert.equal((await ask("GET /scim/v2/ServiceProviderConfig")).body.patch.supported, true)
    const reader = await door.as("scim-reader", "GOVERNANCE")
    assert.equal((await reader("GET /scim/v2/Users")).status, 403)
  })
})
