import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { DuckDBInstance } from "@duckdb/node-api"
import { waitUntil } from "../../support/wait-until.ts"
import { account, newPlace, type Place, region, sourceArn } from "../place.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

async function streamingPlace(
  context: TestContext,
  more: Record<string, unknown> = {},
  key?: string,
): Promise<{ place: Place; url: string; restartAfter(work: () => Promise<void>): Promise<void> }> {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => Object.assign(configuration, more))
  let server = await place.start()
  const api = apiOf(place)
  const filter = `include: ${name}.public.*`
  await (key === undefined ? api.create("bank", filter) : api.createKeyed("bank", filter, key, {}))
  await api.becomes("bank", "active")
  const restartAfter = async (work: () => Promise<void>) => {
    await server.terminate()
    await work()
    server = await place.start()
    await streams(place)
  }
  return { place, url, restartAfter }
}

interface Status {
  integrations: {
    pipelines: {
      phase: string
      tables: { name: string; verified: { position: string; at: string; differences: number } | null }[]
    }[]
  }[]
}

async function tablesOf(place: Place) {
  const { stdout } = await place.run("status", "--json")
  const [pipeline] = (JSON.parse(stdout) as Status).integrations[0]?.pipelines ?? []
  return { phase: pipeline?.phase, tables: pipeline?.tables ?? [] }
}

async function streams(place: Place): Promise<void> {
  await waitUntil(async () => (await tablesOf(place)).phase === "streaming", {
    what: "the pipeline to stream",
  })
}

/** Writes into the warehouse's file while Millrace does not run. */
async function tamper(place: Place, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(join(place.dataDir, "warehouse", "bank.duckdb"))
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

test("verify finds and names what differs, repair mends it, status tells of it, also after a restart", async (context) => {
  const { place, url, restartAfter } = await streamingPlace(context)
  await restartAfter(() =>
    tamper(
      place,
      "UPDATE public.accounts SET balance = balance + 1 WHERE id = 17",
      "DELETE FROM public.accounts WHERE id = 18",
      "INSERT INTO public.accounts VALUES (9999, 'nobody', 0, '2026-01-01')",
      "DELETE FROM public.entries WHERE account = 3 AND seq = 2",
      "INSERT INTO public.journal SELECT * FROM public.journal LIMIT 2",
    ),
  )
  const found = await place.run("verify", "--integration", "bank")
  assert.equal(found.code, 1, found.output)
  assert.match(found.stdout, /^public\.accounts {2}DIFFERS {2}3 rows differ at \S+\.$/m)
  assert.match(found.stdout, /^ {2}id=17: not equal$/m)
  assert.match(found.stdout, /^ {2}id=18: not in the warehouse$/m)
  assert.match(found.stdout, /^ {2}id=9999: not at the source$/m)
  assert.match(found.stdout, /^ {2}account=3, seq=2: not in the warehouse$/m)
  assert.match(found.stdout, /^public\.journal {2}DIFFERS {2}2 rows differ/m)
  assert.match(found.stdout, /^public\.sentinel {2}equal {2}1 rows at /m)
  assert.match(found.stderr, /3 of 4 tables differ; --repair mends them/)

  const load = startWorkload(context, url, 3)
  const mended = await place.run("verify", "--integration", "bank", "--repair")
  assert.equal(mended.code, 0, mended.output)
  assert.match(mended.stdout, /^public\.accounts {2}repaired {2}/m)
  assert.match(mended.stdout, /^public\.journal {2}being resynced {2}.*It has no key to tell rows by\.$/m)
  await waitUntil(
    async () => {
      const { code, stdout } = await place.run("verify", "--integration", "bank")
      return code === 0 && !stdout.includes("skipped")
    },
    { what: "the resync to be equal", timeoutMs: 60_000 },
  )
  await load.stop()
  await caughtUp(place, url, "bank")
  await assertEqualContent(place, url, "bank")

  await restartAfter(async () => undefined)
  const { tables } = await tablesOf(place)
  assert.equal(tables.length, 4)
  for (const { name, verified } of tables) {
    assert.equal(verified?.differences, 0, name)
    assert.match(verified?.position ?? "", /^[0-9A-F]+\/[0-9A-F]+$/)
  }
  assert.match((await place.run("status")).stdout, /accounts .* verified at [0-9A-F]+\/[0-9A-F]+, 20\S+Z/)
})

test("one table alone; a second verification waits its turn; wrong orders are refused", async (context) => {
  const { place } = await streamingPlace(context)
  const one = await place.run("verify", "--integration", "bank", "--table", "public.accounts")
  assert.equal(one.code, 0, one.output)
  assert.match(one.stdout, /^public\.accounts {2}equal {2}200 rows at \S+\n$/)
  const both = await Promise.all([1, 2].map(() => place.run("verify", "--integration", "bank")))
  for (const { code, stderr } of both)
    if (code !== 0) assert.match(stderr, /is being verified already; wait until that is done/)
  assert.ok(both.some(({ code }) => code === 0))
  const none = await place.run("verify", "--integration", "bank", "--table", "public.none")
  assert.equal(none.code, 1)
  assert.match(none.stderr, /has no table public\.none/)
  assert.equal((await place.run("verify")).code, 2)
})

test("verify by itself, on a schedule", async (context) => {
  const { place } = await streamingPlace(context, { verify: { every: "10s" } })
  await waitUntil(
    async () => (await tablesOf(place)).tables.every(({ verified }) => verified?.differences === 0),
    {
      what: "the first round",
    },
  )
})

test("of an integration with a key, rows that differ are counted, and their keys are kept nowhere", async (context) => {
  const arn = `arn:aws:kms:${region}:${account}:key/orders`
  const kms = [{ arn, key: randomBytes(32).toString("base64") }]
  const { place, restartAfter } = await streamingPlace(context, { kms_keys: kms }, arn)
  await restartAfter(() =>
    tamper(place, "INSERT INTO public.accounts VALUES (987654321, 'nobody', 0, '2026-01-01')"),
  )
  const { code, stdout } = await place.run("verify", "--integration", "bank")
  assert.equal(code, 1, stdout)
  assert.match(stdout, /^public\.accounts {2}DIFFERS {2}1 /m)
  const kept = await onDatabase(place.stateUrl ?? "", async (client) => {
    const { rows } = await client.query(
      "SELECT o::text AS text FROM millrace.pipeline_orders o WHERE kind = 'verify'",
    )
    return rows.map(({ text }) => text).join()
  })
  assert.match(kept, /accounts/)
  for (const told of [stdout, kept]) assert.ok(!told.includes("987654321"))
})
