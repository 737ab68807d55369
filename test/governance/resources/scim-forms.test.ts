/** What identity providers ask of a directory beside its users: what there is, in which order, and each form of a change. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { resourcesDoor } from "./resources-door.ts"

const core = "urn:ietf:params:scim:schemas:core:2.0"
const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

/** Operations of one PATCH, and what the user says then. (Fact: as Okta, Entra and others send them.) */
const userForms: readonly [what: string, operations: object[], then: Record<string, unknown>][] = [
  ["a text for a truth", [{ op: "Replace", path: "active", value: "False" }], { active: false }],
  [
    "an object without a path",
    [{ op: "replace", value: { active: true, title: "Lead" } }],
    { active: true, title: "Lead" },
  ],
  [
    "paths as members",
    [{ op: "Replace", value: { "name.givenName": "Jo", [`${enterprise}:department`]: "R&D" } }],
    { givenName: "Jo" },
  ],
  [
    "a chosen address",
    [{ op: "Add", path: 'emails[type eq "work"].value', value: "a@example.com" }],
    { email: "a@example.com" },
  ],
  [
    "a chosen address as an object",
    [{ op: "Replace", path: 'emails[type eq "work"]', value: { value: "b@example.com", primary: true } }],
    { email: "b@example.com" },
  ],
  [
    "addresses as a list",
    [
      {
        op: "replace",
        path: "emails",
        value: [{ value: "x@example.com" }, { value: "c@example.com", primary: true }],
      },
    ],
    { email: "c@example.com" },
  ],
  [
    "a path with its schema",
    [{ op: "replace", path: `${core}:User:displayName`, value: "Jo D." }],
    { displayName: "Jo D." },
  ],
  ["a name as an object", [{ op: "add", path: "name", value: { familyName: "Doe" } }], { familyName: "Doe" }],
  ["an empty text", [{ op: "Replace", path: "title", value: "" }], { title: undefined }],
  [
    "several at once, in order",
    [
      { op: "add", path: "title", value: "A" },
      { op: "remove", path: "title" },
      { op: "add", path: "title", value: "B" },
    ],
    { title: "B" },
  ],
  [
    "what is not kept",
    [
      { op: "Add", path: 'roles[primary eq "True"].value', value: "x" },
      { op: "add", path: `${enterprise}:manager`, value: "7" },
    ],
    { title: "B" },
  ],
]

const refused: readonly [what: string, body: unknown][] = [
  ["no operations", {}],
  ["an operation that there is not", { Operations: [{ op: "move", path: "title", value: "x" }] }],
  ["remove without a path", { Operations: [{ op: "remove" }] }],
  ["a text without a path", { Operations: [{ op: "add", value: "x" }] }],
  ["no name left", { Operations: [{ op: "remove", path: "userName" }] }],
  ["active that is neither", { Operations: [{ op: "replace", path: "active", value: "maybe" }] }],
]

describe("SCIM 2.0, form by form", () => {
  const door = resourcesDoor()

  test("a user is changed by each form of PATCH, or refused in the protocol's words", async () => {
    const ask = await door.as("forms", "USER_ADMIN")
    const { id } = (await ask("POST /scim/v2/Users", { userName: "jo@example.com" })).body
    for (const [what, Operations, then] of userForms) {
      const { status, body } = await ask(`PATCH /scim/v2/Users/${id}`, { Operations })
      assert.equal(status, 200, `${what}: ${JSON.stringify(body)}`)
      const { givenName, familyName } = body.name
      const said: Record<string, unknown> = { ...body, givenName, familyName, email: body.emails[0]?.value }
      for (const [name, value] of Object.entries(then)) assert.equal(said[name], value, what)
    }
    for (const [what, body] of refused) {
      const answer = await ask(`PATCH /scim/v2/Users/${id}`, body)
      const { schemas, status, detail } = answer.body
      assert.deepEqual(
        [answer.status, status, schemas],
        [400, "400", ["urn:ietf:params:scim:api:messages:2.0:Error"]],
        what,
      )
      assert.ok(detail.length > 10, what)
    }
    const twice = await ask("POST /scim/v2/Users", { userName: "JO@example.com" })
    assert.deepEqual([twice.status, twice.body.scimType], [409, "uniqueness"])
  })

  test("members of a group come and go by each form", async () => {
    const ask = await door.as("members", "USER_ADMIN")
    const ids: string[] = []
    for (const userName of ["a@m", "b@m", "c@m"])
      ids.push((await ask("POST /scim/v2/Users", { userName })).body.id)
    const [a = "", b = "", c = ""] = ids
    const { id } = (await ask("POST /scim/v2/Groups", { displayName: "All" })).body
    const forms: readonly [object, string[]][] = [
      [{ op: "Add", path: "members", value: [{ $ref: null, value: a }] }, [a]],
      [{ op: "add", path: "members", value: { value: b } }, [a, b]],
      [{ op: "add", path: `${core}:Group:members`, value: [{ value: c }] }, [a, b, c]],
      [{ op: "remove", path: `members[value eq "${a}" or value eq "${b}"]` }, [c]],
      [{ op: "replace", value: { id, meta: {}, members: [{ value: a }] } }, [a]],
      [{ op: "Remove", path: "members", value: [{ value: a }] }, []],
    ]
    for (const [operation, then] of forms) {
      const { body } = await ask(`PATCH /scim/v2/Groups/${id}`, { Operations: [operation] })
      assert.deepEqual(
        body.members?.map(({ value }: { value: string }) => value),
        then,
        JSON.stringify(operation),
      )
    }
    await ask(`PATCH /scim/v2/Groups/${id}`, {
      Operations: [{ op: "add", path: "members", value: [{ value: b }] }],
    })
    const isIn = async (member: string) =>
      (
        await ask(
          `GET /scim/v2/Groups?filter=${encodeURIComponent(`id eq "${id}" and members eq "${member}"`)}`,
        )
      ).body.totalResults
    assert.deepEqual([await isIn(b), await isIn(c), await isIn("x")], [1, 0, 0])
  })

  test("lists are sorted and filtered as they are asked for", async () => {
    const ask = await door.as("lists", "USER_ADMIN")
    for (const [userName, email] of [
      ["b@l", "1@e"],
      ["c@l", "2@e"],
      ["a@l", "3@e"],
    ])
      await ask("POST /scim/v2/Users", { userName, emails: [{ value: email, type: "work" }] })
    const names = async (query: string) =>
      (await ask(`GET /scim/v2/Users?${query}`)).body.Resources.map(
        ({ userName }: { userName: string }) => userName,
      )
    assert.deepEqual(await names("sortBy=userName"), ["a@l", "b@l", "c@l"])
    assert.deepEqual(await names("sortBy=emails.value&sortOrder=descending&count=2"), ["a@l", "c@l"])
    assert.deepEqual(await names(`filter=${encodeURIComponent('emails[type eq "work"].value eq "2@E"')}`), [
      "c@l",
    ])
    assert.equal((await ask("GET /scim/v2/Users?sortBy=shoes")).status, 400)
    for (const filter of [
      'userName co "a"',
      'userName eq "a" and',
      'userName eq "a" or userName eq "b"',
      "userName eq a",
    ])
      assert.equal((await ask(`GET /scim/v2/Users?filter=${encodeURIComponent(filter)}`)).status, 400, filter)
  })

  test("what there is, is told: types and schemas, each by its id", async () => {
    const { ask, key, origin } = await door.withKey("discovery", "USER_ADMIN")
    for (const path of ["ResourceTypes", "Schemas"]) {
      const { Resources, totalResults } = (await ask(`GET /scim/v2/${path}`)).body
      assert.equal(totalResults, Resources.length)
      for (const one of Resources) assert.deepEqual((await ask(`GET /scim/v2/${path}/${one.id}`)).body, one)
      assert.equal((await ask(`GET /scim/v2/${path}/none`)).status, 404)
    }
    const response = await fetch(`${origin}/scim/v2/Schemas`, { headers: { authorization: `Bearer ${key}` } })
    assert.match(response.headers.get("content-type") ?? "", /^application\/scim\+json/)
    await response.body?.cancel()
  })

  test("in bulk: ids of what was just made, refusals by themselves, an end after so many", async () => {
    const ask = await door.as("bulk", "USER_ADMIN")
    const bulk = async (failOnErrors: number | undefined, ...Operations: object[]) =>
      (await ask("POST /scim/v2/Bulk", { failOnErrors, Operations })).body.Operations
    const make = { method: "POST", path: "/Users", bulkId: "u", data: { userName: "u@bulk" } }
    const group = { displayName: "Bulk", members: [{ value: "bulkId:u" }] }
    const done = await bulk(
      undefined,
      make,
      { method: "POST", path: "/Groups", bulkId: "g", data: group },
      { ...make, bulkId: "again" },
      {
        method: "PATCH",
        path: "/Users/bulkId:u",
        data: { Operations: [{ op: "add", path: "title", value: "T" }] },
      },
      { method: "DELETE", path: "/Users/bulkId:none" },
    )
    const statuses = done.map(({ status }: { status: string }) => status)
    assert.deepEqual(statuses, ["201", "201", "409", "200", "409"])
    assert.deepEqual((await door.store.governance.personOf("u@bulk"))?.groups, new Set(["Bulk"]))
    assert.equal((await ask(`GET ${done[0].location}`)).body.title, "T")
    assert.equal((await bulk(1, make, make, make)).length, 1)
    const other = await door.as("bulk-of-others", "USER_ADMIN")
    const theirs = { Operations: [{ method: "DELETE", path: done[0].location.slice("/scim/v2".length) }] }
    assert.equal((await other("POST /scim/v2/Bulk", theirs)).body.Operations[0].status, "404")
    const trail = (await door.store.audit.list({ since: undefined, limit: 20 })).find(
      ({ operation }) => operation === "ChangeDirectoryInBulk",
    )
    assert.ok(trail !== undefined)
  })
})
