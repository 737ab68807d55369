/** Data sources, tags and policies over HTTP, as public clients of the API ask for them. */
import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { anIntegration, insertInto } from "../../state/integration-fixture.ts"
import { type Answer, resourcesDoor, warehouseWithoutPolicies } from "./resources-door.ts"

const declaration = {
  connectionKey: "shop-data",
  connection: {
    handler: "Redshift",
    hostname: "h",
    port: 5439,
    database: "shop",
    username: "u",
    password: "hunter2",
  },
  nameTemplate: {
    dataSourceFormat: "<schema>.<tablename>",
    tableFormat: "<tablename>",
    schemaFormat: "gov_<schema>",
    schemaProjectNameFormat: "x",
  },
  options: { tableTags: ["Shop.Raw"] },
  owners: [
    { type: "user", name: "olga" },
    { type: "group", name: "not there yet" },
  ],
}

describe("governed data", () => {
  const door = resourcesDoor()
  let ask: (request: string, body?: unknown) => Promise<Answer>
  let database = ""
  let integrationId = ""
  const replicate = (name: string) =>
    door.store.tables.set({
      integrationId,
      sourceDatabase: "shop",
      tableId: name,
      schema: "public",
      name,
      state: "Synced",
      reason: null,
      keyColumns: [],
      snapshotRows: null,
      verified: null,
      updatedAt: new Date(),
    })

  before(async () => {
    ask = await door.as("governor", "GOVERNANCE", "CREATE_DATA_SOURCE", "USER_ADMIN")
    const integration = await insertInto(door.store, anIntegration({ name: "shop" }))
    integrationId = integration.id
    database = "shop"
    await replicate("orders")
    await ask("POST /bim/iam/bim/user", { userid: "olga", profile: { name: "Olga", email: "o@example.com" } })
  })

  test("a connection governs every table of its database, also those that come later, and says so before", async () => {
    const creating = { creating: ["public.orders"], updating: [], deleting: [], noChange: [] }
    const tried = await ask("POST /api/v2/data?dryRun=true", declaration)
    assert.deepEqual(tried.body, { dryRun: true, ...creating, detectionRunning: false, tagsUpdated: false })
    assert.equal((await ask("DELETE /api/v2/data/shop-data?dryRun=true")).status, 404)
    assert.deepEqual((await door.store.governance.facts()).rules, [])

    const made = await ask("POST /api/v2/data?dryRun=false", declaration)
    assert.deepEqual(made.body, { dryRun: false, ...creating, detectionRunning: false, tagsUpdated: true })
    const [rule] = (await door.store.governance.facts()).rules
    assert.deepEqual([rule?.database, rule?.schema, rule?.integrationName], [database, undefined, "shop"])
    await replicate("items")
    const listed = await ask("GET /dataSource?sortField=name")
    assert.deepEqual(
      listed.body.hits.map((hit: { name: string; sqlSchemaName: string; tags: unknown }) => [
        hit.name,
        hit.sqlSchemaName,
        hit.tags,
      ]),
      ["public.items", "public.orders"].map((name) => [
        name,
        "gov_public",
        [{ name: "Shop.Raw", source: "curated" }],
      ]),
    )
    const again = await ask("POST /api/v2/data", declaration)
    assert.deepEqual(
      [again.body.creating, again.body.noChange.sort()],
      [[], ["public.items", "public.orders"]],
    )
    const { id } = (await ask("GET /dataSource/name/public.orders")).body
    assert.equal((await ask(`DELETE /dataSource/${id}`)).status, 409)
    const access = await ask(`GET /dataSource/${id}/access`)
    assert.deepEqual(
      access.body.users.map(({ userid, state }: { userid: string; state: string }) => [userid, state]),
      [["olga", "owner"]],
    )
    assert.deepEqual((await ask("DELETE /api/v2/data/shop-data?dryRun=true")).body.deleting.length, 2)
    assert.deepEqual((await ask("DELETE /api/v2/data/shop-data")).body.deleting, [
      "public.items",
      "public.orders",
    ])
    assert.equal((await ask("GET /dataSource")).body.count, 0)
    const trail = JSON.stringify(await door.store.audit.list({ since: undefined, limit: 100 }))
    assert.ok(trail.includes("DeclareData") && !trail.includes("hunter2"))
  })

  test("an integration's name is enough; a database of several is asked for by name", async () => {
    const made = await ask("POST /api/v2/data", { connectionKey: "by-name", integration: "shop" })
    assert.deepEqual(made.body.creating, ["shop.public.items", "shop.public.orders"])
    assert.equal((await ask("POST /api/v2/data", { connectionKey: "x", integration: "none" })).status, 404)
    assert.equal((await ask("POST /api/v2/data", { connectionKey: "x" })).status, 400)
    const twice = await ask("POST /api/v2/data", { connectionKey: "other", connection: { database } })
    assert.equal(twice.status, 409)
    await ask("DELETE /api/v2/data/by-name")
  })

  test("a database of a warehouse that people ask directly is refused: no policy would hold there", async () => {
    await insertInto(door.store, anIntegration({ name: "away", targetArn: warehouseWithoutPolicies }))
    const sources = [{ schema: "public", table: "a" }]
    for (const what of [
      { integration: "away" },
      { connection: { database: "away" } },
      { connection: { database: "away" }, sources },
    ]) {
      const { status, body } = await ask("POST /api/v2/data?dryRun=true", { connectionKey: "away", ...what })
      assert.equal(status, 400)
      assert.match(body.message, /No policy would hold on away/)
    }
  })

  test("tables are declared one by one; each declaration replaces the one before", async () => {
    const table = (name: string, more: object = {}) => ({ schema: "public", table: name, ...more })
    const declare = (...sources: object[]) =>
      ask("POST /api/v2/data", { connectionKey: "listed", connection: { database: "own" }, sources })
    const made = await declare(
      table("a", { tags: { table: ["T"], columns: [{ columnName: "ssn", tags: [{ name: "PII.SSN" }] }] } }),
      table("b"),
    )
    assert.deepEqual(made.body.creating, ["own.public.a", "own.public.b"])
    const next = await declare(table("a", { description: "the first" }), table("c"))
    const { creating, updating, deleting, noChange } = next.body
    assert.deepEqual(
      { creating, updating, deleting, noChange },
      { creating: ["own.public.c"], updating: ["own.public.a"], deleting: ["own.public.b"], noChange: [] },
    )
    const [a] = (await door.store.governance.facts()).sources.filter(({ name }) => name === "own.public.a")
    assert.ok(a)
    await door.store.governance.recordColumns(a.id, [{ name: "ssn", kind: "text", type: "text" }])
    const dictionary = await ask(`GET /dictionary/${a.id}`)
    assert.deepEqual(dictionary.body.metadata[0].tags, [{ name: "PII.SSN", source: "curated" }])
    assert.deepEqual((await ask("GET /dictionary/columns?searchText=SS")).body, ["ssn"])
    const changed = await ask(`PUT /dataSource/${a.id}`, { name: "people", eventTimeColumn: "at" })
    assert.deepEqual([changed.body.name, changed.body.eventTimeColumn], ["people", "at"])
  })

  test("tags: made with those above them, given to columns, taken away with those below", async () => {
    const { id } = (await ask("GET /dataSource?searchText=public.c")).body.hits[0]
    const made = await ask("POST /tag", {
      rootTag: { name: "Geo" },
      tags: [{ name: "City" }, { name: "__proto__" }],
    })
    assert.deepEqual(
      made.body.map(({ name, hasLeafNodes }: { name: string; hasLeafNodes: boolean }) => [
        name,
        hasLeafNodes,
      ]),
      [
        ["Geo", true],
        ["Geo.City", false],
        ["Geo.__proto__", false],
      ],
    )
    assert.equal((await ask(`POST /tag/column/${id}_home_town`, [{ name: "Geo.City" }])).status, 200)
    assert.equal((await ask(`POST /tag/datasource/${id}`, [{ name: "Fresh.New" }])).status, 200)
    assert.deepEqual((await ask(`GET /dataSource/${id}/tags`)).body, [
      { name: "Fresh.New", source: "curated" },
    ])
    await door.store.governance.recordColumns(id, [{ name: "home_town", kind: "text", type: "text" }])
    const columnTags = async () => (await ask(`GET /dictionary/${id}`)).body.metadata[0].tags
    assert.deepEqual(await columnTags(), [{ name: "Geo.City", source: "curated" }])
    await putsDictionary(ask, id)
    assert.deepEqual((await ask(`GET /dataSource/${id}/test`)).body, {
      ...{ success: true, dataSource: id, dataSourceName: (await ask(`GET /dataSource/${id}`)).body.name },
      problems: [],
    })
    assert.equal((await ask("DELETE /tag/Geo")).status, 400)
    assert.equal((await ask("DELETE /tag/Geo?deleteHierarchy=true")).status, 200)
    assert.deepEqual(await columnTags(), [])
    assert.deepEqual((await ask("GET /tag?searchText=geo")).body, [])
    assert.equal((await ask(`DELETE /tag/datasource/${id}/Fresh.New`)).status, 200)
    assert.equal((await ask("POST /tag", { tags: [{ name: "a..b" }] })).status, 400)
    assert.equal((await ask("POST /tag/datasource/abc", [{ name: "x" }])).status, 400)
    assert.equal((await ask("POST /tag/query/1", [{ name: "x" }])).status, 501)
  })

  test("policies are kept as given, replaced by key, tried without being made", async () => {
    const policy = {
      policyKey: "mask-ssn",
      name: "Mask SSN",
      type: "data",
      actions: [
        {
          rules: [
            {
              type: "Masking",
              config: { fields: [{ type: "columnTags", columnTag: "PII" }], maskingConfig: { type: "Hash" } },
            },
          ],
        },
      ],
      circumstances: [{ type: "columnTags", columnTag: "PII" }],
    }
    const tried = await ask("POST /api/v2/policy?dryRun=true", policy)
    assert.deepEqual(tried.body, { dryRun: true, creating: true, updating: false })
    assert.equal((await door.store.governance.facts()).policies.length, 0)
    const made = await ask("POST /api/v2/policy", policy)
    assert.equal(made.body.creating, true)
    const before = await door.store.governance.version()
    const again = await ask("POST /api/v2/policy?reCertify=true", { ...policy, staged: true })
    assert.deepEqual([again.body.updating, again.body.policyId], [true, made.body.policyId])
    assert.ok((await door.store.governance.version()) > before)
    const [kept] = (await door.store.governance.facts()).policies
    assert.deepEqual([kept?.isStaged, kept?.document], [true, { ...policy, staged: true }])
    const listed = await ask("GET /policy/global?type=data&searchText=ssn")
    assert.equal(listed.body[0].policyKey, "mask-ssn")
    assert.deepEqual((await ask("GET /policy/global?ignoreStaged=true")).body, [])
    const { policyKey: _key, ...unkeyed } = policy
    const other = await ask("POST /policy/global", { ...unkeyed, name: "Other" })
    assert.equal(other.status, 200, JSON.stringify(other.body))
    assert.equal((await ask(`PUT /policy/global/${other.body.id}`, unkeyed)).status, 409, "the name is taken")
    const sentBack = await ask(`PUT /policy/global/${other.body.id}`, { ...other.body, name: "Another" })
    assert.deepEqual([sentBack.body.name, sentBack.body.policyKey], ["Another", other.body.policyKey])
    assert.equal((await ask("DELETE /api/v2/policy/mask-ssn")).status, 200)
    assert.equal((await ask(`DELETE /policy/global/${other.body.id}`)).body.deleted, true)
    const reader = await door.as("no-governor", "USER_ADMIN")
    assert.equal((await reader("POST /api/v2/policy", policy)).status, 403)
  })

  test("a policy that cannot be read is refused, with the place of the mistake, and nothing changes", async () => {
    const version = await door.store.governance.version()
    const policy = { policyKey: "wrong", name: "Wrong", type: "data" }
    const mistakes: [object, RegExp][] = [
      [
        { rules: [{ kind: "mask", columns: [{ name: "a" }], mask: { type: "blur" } }] },
        /\/rules\/0\/mask\/type: /,
      ],
      [{ rules: [] }, /at least one rule/],
      [{ rules: [{ kind: "rowFilter", where: "1 = pg_sleep(9)" }] }, /\/rules\/0\/where: /],
      [{ actions: [{ rules: [] }], surprise: 1 }, /\/surprise: this key is not known/],
    ]
    for (const [rest, message] of mistakes) {
      for (const request of [
        "POST /api/v2/policy",
        "POST /api/v2/policy?dryRun=true",
        "POST /policy/global",
      ]) {
        const answer = await ask(request, { ...policy, ...rest })
        assert.equal(answer.status, 400, request)
        assert.match(answer.body.message, message)
      }
    }
    assert.equal(await door.store.governance.version(), version)
  })

  test("a route that is not built says so", async () => {
    const answer = await ask("GET /webhooks")
    assert.deepEqual(answer.body, {
      statusCode: 501,
      error: "Not Implemented",
      message: "GET /webhooks is not built here. Nothing is sent on changes: GET /audit has them.",
    })
  })
})

/** The source has the column `home_town`, with the tag `Geo.City`, and has it afterwards. */
async function putsDictionary(
  ask: (request: string, body?: unknown) => Promise<Answer>,
  id: number,
): Promise<void> {
  const path = `/dictionary/${id}`
  const former = (await ask(`GET ${path}`)).body
  const [column] = former.metadata
  const tagged = await ask(`PUT ${path}`, {
    ...former,
    metadata: [{ ...column, tags: [{ name: "Geo.Town" }] }],
  })
  assert.deepEqual(tagged.body.metadata[0].tags, [{ name: "Geo.Town", source: "curated" }])
  for (const wrong of [
    { name: "nowhere", tags: [] },
    { name: column.name, description: "x" },
  ])
    assert.equal((await ask(`PUT ${path}`, { metadata: [wrong] })).status, 400, JSON.stringify(wrong))
  assert.deepEqual((await ask(`GET ${path}`)).body.metadata[0].tags, tagged.body.metadata[0].tags)
  assert.deepEqual((await ask(`POST ${path}`, former)).body.metadata, former.metadata)
}
