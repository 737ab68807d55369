/** Policies that a PostgreSQL warehouse applies itself: what roles of that server see, through all that changes. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { onDatabase } from "../workload.ts"
import { type Call, governorOf } from "./governor.ts"

const people = [
  "CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, region text)",
  `INSERT INTO people VALUES (1, 'Ann', '111-22-3333', 'north'), (2, 'Ben', '222-33-4444', 'south'),
     (3, 'Cid', '333-44-5555', 'north'), (4, 'Dot', NULL, NULL)`,
]

const anyone = {
  policyKey: "everybody",
  type: "subscription",
  subscription: "anyone",
  circumstances: [{ type: "everything" }],
}

const ownRegion = {
  policyKey: "own-region",
  type: "data",
  circumstances: [{ type: "columnRegex", regex: "^region$" }],
  rules: [
    { kind: "rowFilter", match: { column: "region", attribute: "region" }, unless: { group: "auditors" } },
    {
      kind: "mask",
      columns: [{ name: "ssn" }],
      mask: { type: "partial", first: 0, last: 4, char: "*" },
      unless: { group: "hr" },
    },
  ],
}

interface Scene {
  place: Place
  integration: string
  call: Call
  source: { url: string; name: string }
  /** Of the destination database, as the warehouse's own role. */
  url: string
  database: string
  names: { ada: string; bob: string; cleo: string }
  /** Roles of the server; Cleo is nobody whom policies know. */
  ada: pg.Client
  bob: pg.Client
  cleo: pg.Client
}

/** A replicated table of people in a PostgreSQL warehouse, governed by rule, and three roles that sign in there. */
async function scene(t: TestContext): Promise<Scene> {
  const source = await testDatabase()
  const home = await testDatabase()
  atEnd(t, () => source.drop())
  atEnd(t, () => home.drop())
  await onDatabase(source.url, async (client) => {
    for (const statement of people) await client.query(statement)
  })
  const place = await newPlace(t, {
    sources: [{ arn: sourceArn, url: source.url }],
    warehouseUrl: home.url,
  })
  await place.start()
  const call = await governorOf(place)
  const mark = randomBytes(4).toString("hex")
  const integration = `shop-${mark}`
  const database = integration.replace("-", "_")
  const url = new URL(home.url)
  url.pathname = `/${database}`
  atEnd(t, () =>
    onDatabase(home.url, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)),
  )
  const api = apiOf(place)
  await api.create(integration, `include: ${source.name}.public.*`)
  await api.becomes(integration, "active")
  for (const policy of [anyone, ownRegion]) await call("POST", "/api/v2/policy", policy)
  await call("POST", "/api/v2/data", { connectionKey: integration, integration })
  const names = { ada: `ada_${mark}`, bob: `bob_${mark}`, cleo: `cleo_${mark}` }
  const [ada, bob, cleo] = [
    await roleOf(t, url, names.ada),
    await roleOf(t, url, names.bob),
    await roleOf(t, url, names.cleo),
  ]
  await call("POST", "/bim/iam/bim/user", { userid: names.ada, profile: profileOf("Ada") })
  // Bob is called otherwise by the directory than by the warehouse.
  await call("POST", "/bim/iam/bim/user", {
    userid: "robert",
    profile: { ...profileOf("Bob"), externalUserIds: { redshiftUser: names.bob } },
  })
  await call("PUT", `/bim/iam/bim/user/${names.ada}/authorizations/region/north`)
  return { place, integration, call, source, url: url.href, database, names, ada, bob, cleo }
}

function profileOf(name: string) {
  return { name, email: `${name.toLowerCase()}@example.com` }
}

const password = "Sesame2024"

async function roleOf(t: TestContext, url: URL, name: string): Promise<pg.Client> {
  await onDatabase(url.href, (client) => client.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`))
  const login = new URL(url)
  login.username = name
  login.password = password
  const client = new pg.Client({ connectionString: login.href })
  client.on("error", () => undefined)
  await client.connect()
  atEnd(t, async () => {
    await client.end()
    await onDatabase(url.href, (admin) => admin.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`))
  })
  return client
}

/** Rows, or the code of the refusal. */
async function seenBy(client: pg.Client, statement = question): Promise<unknown> {
  return await client.query({ text: statement, rowMode: "array" }).then(
    ({ rows }) => rows,
    ({ code }: { code?: string }) => code,
  )
}

const question = "SELECT id, ssn FROM governed_public.people ORDER BY id"

async function comesToSee(client: pg.Client, expected: unknown, what: string): Promise<void> {
  let last: unknown
  const sees = async () => {
    last = await seenBy(client)
    return JSON.stringify(last) === JSON.stringify(expected)
  }
  await waitUntil(sees, { what }).catch((error: unknown) => {
    throw new Error(`${JSON.stringify(last)} was seen last`, { cause: error })
  })
}

const north = [
  [1, "*******3333"],
  [3, "*******5555"],
]
const all = [
  [1, "*******3333"],
  [2, "*******4444"],
  [3, "*******5555"],
  [4, null],
]

/** Ada's rows, with these in place of the numbers. */
function masked(first: string | null, second = first, third = first) {
  return [
    [1, first],
    [3, second],
    [5, third],
  ]
}

/** A resync puts another table in the place. */
async function tableIn(url: string): Promise<unknown> {
  return await onDatabase(url, async (client) => {
    const { rows } = await client.query("SELECT 'public.people'::regclass::oid AS table")
    return rows[0]?.table
  })
}

test("roles of a PostgreSQL warehouse see what policies allow them", async (t) => {
  const found = await scene(t)
  const { call, source, url, names, ada, bob, cleo } = found
  await comesToSee(ada, north, "ada's region, masked")
  assert.deepEqual(await seenBy(bob), [], "bob has no region")
  assert.deepEqual(await seenBy(cleo), [], "cleo is no person of the policies")

  await t.test("nobody reads what is behind the views", async () => {
    for (const statement of [
      "SELECT * FROM public.people",
      "SELECT ssn FROM people",
      "TABLE millrace.entitlement",
      "SELECT value FROM millrace.secret",
      "SELECT * FROM millrace.user_profile",
      "COPY public.people TO STDOUT",
    ])
      assert.equal(await seenBy(ada, statement), "42501", statement)
  })

  await t.test("SET ROLE to a person makes nobody that person", async () => {
    await onDatabase(url, (admin) => admin.query(`GRANT ${names.ada} TO ${names.cleo}`))
    await cleo.query(`SET ROLE ${names.ada}`)
    assert.deepEqual(await seenBy(cleo), [])
    await cleo.query("RESET ROLE")
  })

  await t.test("a group's exemption, a changed policy and new rows count for open sessions", async () => {
    const group = (await call("POST", "/bim/group", { iamid: "bim", name: "auditors" })) as { id: number }
    await call("POST", `/bim/group/${group.id}/user`, { userid: "robert", iamid: "bim" })
    await comesToSee(bob, all, "every row, and no number in clear")
    await onDatabase(source.url, (client) =>
      client.query("INSERT INTO people VALUES (5, 'Eve', '555-66-7777', 'north')"),
    )
    await comesToSee(ada, [...north, [5, "*******7777"]], "a row that came since")
  })
  await t.test("who reads all the time sees the old or the new, through a resync and a changed policy", () =>
    readThroughout(found),
  )

  await t.test("a policy that cannot be kept takes the view away, and the integration says so", () =>
    keepNot(found),
  )
})

async function readThroughout({ place, integration, call, url, ada }: Scene): Promise<void> {
  const seen = new Set<string>()
  let isOver = false
  const reading = (async () => {
    while (!isOver) seen.add(JSON.stringify(await delay(5).then(() => seenBy(ada))))
  })()
  const before = await tableIn(url)
  const nulled = {
    ...ownRegion,
    rules: [ownRegion.rules[0], { ...ownRegion.rules[1], mask: { type: "null" } }],
  }
  const resynced = place.run("resync", "--integration", integration, "--table", "public.people")
  await call("POST", "/api/v2/policy", nulled)
  await comesToSee(ada, masked(null), "the new mask")
  assert.equal((await resynced).code, 0)
  await waitUntil(async () => (await tableIn(url)) !== before, { what: "the resync to be done" })
  isOver = true
  await reading
  const [old, now] = [masked("*******3333", "*******5555", "*******7777"), masked(null)]
  assert.deepEqual([...seen].sort(), [old, now].map((one) => JSON.stringify(one)).sort())
}

async function keepNot({ place, integration, call, ada }: Scene): Promise<void> {
  const unkept = {
    policyKey: "unkept",
    type: "data",
    circumstances: ownRegion.circumstances,
    rules: [{ kind: "mask", columns: [{ name: "missing" }], mask: { type: "null" } }],
  }
  await call("POST", "/api/v2/policy", unkept)
  const message = await apiOf(place).reports(integration, "POLICIES_NOT_ENFORCED")
  assert.match(message, /data source .*people has no view: policy unkept/)
  assert.equal(await seenBy(ada), "42P01")
  await call("DELETE", "/api/v2/policy/unkept")
  await comesToSee(ada, masked(null), "the view again")
  await apiOf(place).becomes(integration, "active")
}
