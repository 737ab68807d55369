import pg from "pg"
import { readPolicy } from "../../src/control-plane/governance/enforcement/read-policy.ts"
import type { PolicyDatabase, WantedPolicies } from "../../src/engines/policy-server.ts"
import { compileSource } from "../../src/governance/compile/compile-source.ts"
import type { Person } from "../../src/governance/model/person.ts"
import type { Policy } from "../../src/governance/model/policy.ts"
import type { GovernedSource } from "../../src/governance/model/source.ts"
import { openPolicyServer } from "../../src/warehouses/postgres/governance/policy-server.ts"
import { type Bench, type Figures, figure } from "../figures.ts"
import { byHand, type Compared, compared, governedRows, policies, readings } from "./readings.ts"

const sources = 1_000
const people = 5_000
const morePolicies = 198

/** A PostgreSQL warehouse that applies policies itself: views beside the same by hand, and all of a large company at once. */
export async function measureGovernedPostgres(bench: Bench): Promise<Figures> {
  const url = new URL(bench.url)
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  await admin.query("CREATE DATABASE bench_governed")
  await admin.query("CREATE ROLE governed_reader LOGIN PASSWORD 'bench'")
  url.pathname = "/bench_governed"
  const owner = new pg.Client({ connectionString: url.href })
  await owner.connect()
  const database = await openPolicyServer({ url: url.href, layout: "databases" }).open("bench_governed")
  try {
    bench.say("governed on PostgreSQL: rows")
    await owner.query(`CREATE TABLE people AS SELECT i AS id, CASE i % 4 WHEN 0 THEN 'south' ELSE 'north' END AS region,
      'name ' || i AS name, (i / 7)::numeric(12,2) AS amount, (i % 1000)::int AS team
      FROM generate_series(1, ${governedRows(bench)}::bigint) AS i`)
    await owner.query("ALTER TABLE people ADD PRIMARY KEY (id)")
    await owner.query("VACUUM ANALYZE people")
    return { ...(await applyAll(bench, owner, database)), ...(await compare(bench, owner, url)) }
  } finally {
    await database.close()
    await owner.end()
    await admin
      .query("DROP DATABASE bench_governed WITH (FORCE); DROP ROLE governed_reader")
      .catch(() => undefined)
    await admin.end()
  }
}

function sourceOf(id: number): GovernedSource {
  const name = id === 1 ? "people" : `people_${id}`
  return {
    id,
    name,
    table: { database: "bench_governed", schema: "public", name },
    view: { schema: "governed", name },
    columns: [
      { name: "id", kind: "integer", type: "bigint", tags: [] },
      { name: "region", kind: "text", type: "text", tags: [] },
      { name: "name", kind: "text", type: "text", tags: [`T${id % 7}`] },
      { name: "amount", kind: "decimal", type: "numeric(12,2)", tags: [] },
      { name: "team", kind: "integer", type: "integer", tags: [] },
    ],
    tags: [],
    saltId: "salt",
  }
}

function personOf(id: number): Person {
  const account = id === 0 ? "governed_reader" : `p${id}`
  return {
    ...{ id, iamId: "bim", userId: account, warehouseUser: account, isDisabled: false },
    groups: new Set([`g${id % 50}`]),
    attributes: new Map([["region", new Set(["north", `r${id % 20}`])]]),
    purposes: new Set(),
    subscriptions: new Set(),
  }
}

/** Two for every source, and some for a group's exemptions on a few each. */
function allPolicies(): Policy[] {
  const more = Array.from({ length: morePolicies }, (_none, at) => ({
    policyKey: `more${at}`,
    type: "data" as const,
    circumstances: [{ type: "source", source: `people_${at * 5 + 2}` }],
    rules: [
      {
        kind: "mask",
        columns: [{ name: "region" }],
        mask: { type: "hash" },
        unless: { any: [{ group: `g${at % 50}` }, { attribute: { region: "north" } }] },
      },
    ],
  }))
  return [...policies, ...more].map((document) => {
    const { policyKey: key, type: kind } = document
    return readPolicy({ key, name: key, kind, isStaged: false, form: "v2", document })
  })
}

function compiled(): WantedPolicies {
  const all = allPolicies()
  return {
    version: Date.now(),
    installation: "bench",
    people: { kind: "all", people: Array.from({ length: people }, (_none, id) => personOf(id)) },
    sources: Array.from({ length: sources }, (_none, at) => {
      const source = sourceOf(at + 1)
      return {
        id: source.id,
        view: source.view,
        table: source.table,
        plan: compileSource({ source, policies: all }),
      }
    }),
    impersonators: [],
    closed: [{}],
    secrets: new Map([["salt", "bench"]]),
  }
}

async function applyAll(bench: Bench, owner: pg.Client, database: PolicyDatabase): Promise<Figures> {
  bench.say(`${sources} sources, ${people} people, ${morePolicies + policies.length} policies`)
  for (let id = 2; id <= sources; id++) await owner.query(`CREATE TABLE people_${id} (LIKE people)`)
  const fromMs = performance.now()
  const unshown = await database.apply(compiled())
  if (unshown.length > 0) throw new Error(`views could not be made: ${JSON.stringify(unshown.slice(0, 3))}`)
  return { governed_apply_1000_sources_seconds: figure([(performance.now() - fromMs) / 1000], "<= 60") }
}

async function compare(bench: Bench, owner: pg.Client, url: URL): Promise<Figures> {
  const login = new URL(url)
  Object.assign(login, { username: "governed_reader", password: "bench" })
  const reader = new pg.Client({ connectionString: login.href })
  await reader.connect()
  const [reports, lookUps]: [Compared[], Compared[]] = [[], []]
  const pair = (reading: (from: string) => string) =>
    compared(
      () => reader.query(reading("governed.people")),
      () => owner.query(reading(byHand("people", "char_length"))),
    )
  for (let run = 1; run <= bench.runs; run++) {
    bench.say(`governed on PostgreSQL, run ${run} of ${bench.runs}`)
    reports.push(await pair(readings.report))
    lookUps.push(await pair(readings.lookUp))
  }
  await reader.end()
  return {
    governed_postgres_report_ratio: figure(
      reports.map(({ ratio }) => ratio),
      "<= 1.2",
    ),
    governed_postgres_lookup_added_ms: figure(lookUps.map(({ addedMs }) => addedMs)),
  }
}
