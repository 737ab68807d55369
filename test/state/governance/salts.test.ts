/** Secrets of policies in the state database: none stands there in clear, whichever version has made it. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { after, before, test } from "node:test"
import pg from "pg"
import { insertSource } from "../../../src/state/governance/sources.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import { secretKeysOfTests } from "../../support/secret-keys.ts"

let state: Awaited<ReturnType<typeof stateDatabase>>
let client: pg.Client

before(async () => {
  state = await stateDatabase()
  client = new pg.Client({ connectionString: state.url })
  await client.connect()
})
after(async () => {
  await client.end()
  await state.drop()
})

async function onStore<T>(work: (store: Store) => Promise<T>, keyByte = 1): Promise<T> {
  const store = await openStore(state.url, { secretKeys: secretKeysOfTests(keyByte) })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const salts = () => onStore((store) => store.governance.salts())

/** Everything that the tables of the state database say, and the pages of the secrets' own table. */
async function kept(): Promise<string> {
  const { rows: tables } = await client.query(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'millrace'",
  )
  const texts: string[] = []
  for (const { name } of tables)
    texts.push(...(await client.query(`SELECT t::text AS row FROM ${name} t`)).rows.map(({ row }) => row))
  await client.query("CHECKPOINT")
  const { rows } = await client.query(
    "SELECT encode(pg_read_binary_file(pg_relation_filepath('millrace.salts')), 'hex') AS pages",
  )
  return [...texts, rows[0]?.pages].join("\n")
}

async function isNowhere(secret: Buffer): Promise<void> {
  const text = await kept()
  for (const form of ["hex", "base64"] as const) assert.ok(!text.includes(secret.toString(form)), form)
}

test("a source's secret is made of what is kept by a key that is not: two processes find the same", async () => {
  const source = await onStore((store) =>
    store.governance.change((change) =>
      insertSource(change, {
        name: "people",
        table: { database: "shop", schema: "public", name: "people" },
        view: { schema: "governed", name: "people" },
        createdBy: "test",
      }),
    ),
  )
  const [one, other] = await Promise.all([salts(), salts()])
  const secret = one.get(source.saltId)
  assert.equal(secret?.length, 32)
  assert.deepEqual(other, one)
  await isNowhere(secret)
})

test("a secret that an earlier version has left in clear stays the same, and is in clear no more", async () => {
  const secret = createHash("sha256").update("of an earlier version").digest()
  await client.query("INSERT INTO millrace.salts (id, secret, form) VALUES ('project:Old', $1, 'plain')", [
    secret,
  ])
  // Whoever looks since before must not be why the old bytes stay.
  const early = new pg.Client({ connectionString: state.url })
  await early.connect()
  await early.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
  await early.query("SELECT 1")
  assert.deepEqual((await salts()).get("project:Old"), secret)
  await isNowhere(secret)
  await early.end()
  assert.deepEqual((await salts()).get("project:Old"), secret)
})

test("without the key no secret is told, nor with another one, nor in another's place", async () => {
  await assert.rejects(
    onStore((store) => store.governance.salts(), 2),
    { kind: "keyNotAccessible" },
  )
  const without = await openStore(state.url)
  await assert.rejects(without.governance.salts(), /without keys/)
  await without.close()
  await client.query("UPDATE millrace.salts SET id = 'project:New' WHERE id = 'project:Old'")
  await assert.rejects(salts(), /authenticate/)
})
