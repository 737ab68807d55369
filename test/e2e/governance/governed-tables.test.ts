/** A replicated table, governed by calls of the API as an operator makes them: what two people see of it on the SQL port, and when. */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { governanceKeys } from "../../../src/configuration/secrets/governance-key.ts"
import { keptKeys } from "../../../src/encryption/kept-key.ts"
import { newKeyRing } from "../../../src/encryption/key-ring.ts"
import { openStore } from "../../../src/state/store.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { connectSql } from "../warehouse.ts"
import { onDatabase } from "../workload.ts"
import { type Call, governorOf } from "./governor.ts"
import { holdsNoSecret } from "./no-secrets.ts"

const people = [
  "CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, region text)",
  `INSERT INTO people VALUES (1, 'Ann', '111-22-3333', 'north'), (2, 'Ben', '222-33-4444', 'south'),
     (3, 'Cid', '333-44-5555', 'north'), (4, 'Dot', NULL, NULL)`,
]

const policies = [
  {
    policyKey: "everybody",
    type: "subscription",
    subscription: "anyone",
    circumstances: [{ type: "everything" }],
  },
  {
    policyKey: "own-region",
    type: "data",
    circumstances: [{ type: "source", source: "shop.public.people" }],
    rules: [
      { kind: "rowFilter", match: { column: "region", attribute: "region" }, unless: { group: "auditors" } },
      {
        kind: "mask",
        columns: [{ name: "ssn" }],
        mask: { type: "partial", first: 0, last: 4, char: "*" },
        unless: { group: "hr" },
      },
    ],
  },
]

interface Scene {
  place: Place
  call: Call
  source: { url: string }
  admin: pg.Client
  ada: pg.Client
  bob: pg.Client
}

const password = "Sesame2024"

/** A replicated table of people, and two users who may read it. Nothing is governed yet. */
async function scene(t: TestContext): Promise<Scene> {
  const source = await testDatabase()
  atEnd(t, () => source.drop())
  await atSource(source, ...people)
  const place = await newPlace(t, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.start()
  const call = await governorOf(place)
  const api = apiOf(place)
  await api.create("shop", `include: ${source.name}.public.*`)
  await api.becomes("shop", "active")
  const connect = async (login?: { user: string; password: string }) => {
    const client = await connectSql(place, "shop", login)
    atEnd(t, () => client.end())
    return client
  }
  const admin = await connect()
  for (const user of ["ada", "bob"]) {
    await admin.query(`CREATE USER ${user} PASSWORD '${password}'`)
    await admin.query(`GRANT USAGE ON SCHEMA public TO ${user}`)
    await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}`)
    const profile = { name: user, email: `${user}@example.com` }
    await call("POST", "/bim/iam/bim/user", { userid: user, profile })
  }
  const [ada, bob] = [await connect({ user: "ada", password }), await connect({ user: "bob", password })]
  return { place, call, source, admin, ada, bob }
}

async function atSource({ url }: { url: string }, ...statements: string[]): Promise<void> {
  await onDatabase(url, async (client) => {
    for (const statement of statements) await client.query(statement)
  })
}

/** Rows of the table, or the code of the refusal. */
async function seenBy(client: pg.Client): Promise<unknown> {
  const statement = { text: "SELECT id, ssn FROM people ORDER BY id", rowMode: "array" } as const
  return await client.query(statement).then(
    ({ rows }) => rows,
    ({ code }: { code?: string }) => code,
  )
}

async function comesToSee(client: pg.Client, expected: unknown[], what: string): Promise<void> {
  await waitUntil(async () => JSON.stringify(await seenBy(client)) === JSON.stringify(expected), { what })
}

test("people see of a replicated table what policies allow, through changes of policies, people and rows", async (t) => {
  const { place, call, source, admin, ada, bob } = await scene(t)
  assert.equal(((await seenBy(ada)) as unknown[]).length, 4, "nothing is governed yet")
  await call("POST", "/api/v2/data", { connectionKey: "shop", integration: "shop" })
  await comesToSee(ada, [], "no rows without a policy")
  for (const policy of policies) await call("POST", "/api/v2/policy", policy)
  await call("PUT", "/bim/iam/bim/user/ada/authorizations/region/north")
  const north = [
    ["1", "*******3333"],
    ["3", "*******5555"],
  ]
  await comesToSee(ada, north, "ada's region, masked")
  assert.deepEqual(await seenBy(bob), [], "bob has no region")

  const group = (await call("POST", "/bim/group", { iamid: "bim", name: "auditors" })) as { id: number }
  await call("POST", `/bim/group/${group.id}/user`, { userid: "bob", iamid: "bim" })
  const all = [
    ["1", "*******3333"],
    ["2", "*******4444"],
    ["3", "*******5555"],
    ["4", null],
  ]
  await comesToSee(bob, all, "every row, and no number in clear")

  await atSource(source, "INSERT INTO people VALUES (5, 'Eve', '555-66-7777', 'north')")
  await comesToSee(ada, [...north, ["5", "*******7777"]], "a row that came since")
  assert.equal((await admin.query("SELECT 1 FROM people WHERE ssn LIKE '5%'")).rowCount, 1)
  await explained(place)
  const trail = await place.run("audit")
  assert.match(trail.output, /ReadGovernedTable/)
  assert.match(trail.output, /sql:Impersonate/)
  assert.doesNotMatch(place.output() + trail.output, /555-66|Sesame/)
  await holdsNoSecret(place, await secretOf(place))
})

/** What is added before hashing, as statements have it: found by the key of the data folder. */
async function secretOf(place: Place): Promise<string> {
  const dataDir = place.dataDir
  const { current, all } = await governanceKeys({
    dataDir,
    kmsKeys: [],
    account: "123456789012",
    region: "us-east-1",
  })
  const context = { purpose: "secrets of governance policies" }
  const secretKeys = keptKeys(async () => ({ ring: newKeyRing(all), keyArn: current.arn }), context)
  const store = await openStore(place.stateUrl ?? "", { secretKeys })
  try {
    const [secret] = (await store.governance.salts()).values()
    assert.equal(secret?.length, 32)
    return secret.toString("hex")
  } finally {
    await store.close()
  }
}

/** What the terminal says of what was seen. */
async function explained(place: Place): Promise<void> {
  const explain = (...words: string[]) =>
    place.run("policy", "explain", "--user", "ada", "--source", "shop.public.people", ...words)
  const { stdout } = await explain("--row", "id=3")
  assert.match(stdout, /^bim\/ada on shop\.public\.people: some of the rows/)
  assert.match(stdout, /own-region .*rows by region .*applies .*not in group auditors/)
  assert.match(stdout, / ssn +\| masked +\| partial \(own-region 2\)/)
  assert.match(stdout, / ssn +\| \*{7}5555/)
  assert.match((await explain("--row", "id=2")).stdout, /The row is not shown\.\n$/)
  assert.match((await explain("--row", "id=99")).stdout, /There is no such row\.\n$/)
  const made = await explain("--json", "--row", '{"id": 7, "region": "north", "ssn": "999-88-7777"}')
  const told = JSON.parse(made.stdout) as { rows: string; row: { values: unknown } }
  assert.deepEqual(
    [told.rows, told.row.values],
    ["some", { id: "7", name: null, ssn: "*******7777", region: "north" }],
  )
  for (const [words, code, message] of [
    [["--row", "nonsense"], 2, /JSON object, or column=value/],
    [["--row", '{"gone": 1}'], 1, /has no column gone/],
    [["--row", "gone=1"], 1, /no column gone/],
    [["--user", "nobody"], 1, /There is no user nobody/],
    [["--source", "people"], 1, /There is no data source people\. Name it whole: shop\.public\.people\.$/m],
  ] as const) {
    const refused = await explain(...words)
    assert.equal(refused.code, code, refused.output)
    assert.match(refused.output, message)
  }
}

test("a table that comes later is governed, too", async (t) => {
  const { call, source, admin, bob } = await scene(t)
  await call("POST", "/api/v2/data", { connectionKey: "shop", integration: "shop" })
  await atSource(
    source,
    "CREATE TABLE salaries (id int PRIMARY KEY, pay int)",
    "INSERT INTO salaries VALUES (1, 100)",
  )
  const rowsFor = async (client: pg.Client) =>
    await client.query("SELECT pay FROM salaries").then(
      ({ rowCount }) => rowCount,
      ({ code }: { code?: string }) => code,
    )
  await waitUntil(async () => (await rowsFor(admin)) === 1, { what: "the new table" })
  await admin.query("GRANT SELECT ON salaries TO bob")
  const seen = new Set<unknown>()
  const isListed = async () => seen.add(await rowsFor(bob)) && seen.has(0)
  await waitUntil(isListed, { what: "the new table, without a policy" })
  for (const policy of policies) await call("POST", "/api/v2/policy", policy)
  await waitUntil(async () => (await rowsFor(bob)) === 1, { what: "what policies allow of it" })
  // Closed until it was listed; 40001: the policies changed meanwhile.
  for (const one of seen) assert.ok([0, "42501", "40001"].includes(one as number | string), String(one))
})
