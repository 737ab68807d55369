/** Changes whose net effect this process works out come to the same as those that statements apply. */
import assert from "node:assert/strict"
import { after, before, type TestContext, test } from "node:test"
import fc from "fast-check"
import pg from "pg"
import { positionFrom } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { Destination } from "../../../src/replication/contracts/warehouse.ts"
import { openPostgresWarehouse } from "../../../src/warehouses/postgres/warehouse.ts"
import { replayed, transactionOf } from "../../contract/version-replay.ts"
import { changesWithKey, changesWithoutKey } from "../../contract/warehouse-changes.ts"
import {
  batchOf,
  type Change,
  contractTable,
  loaded,
  staged,
  type Value,
} from "../../contract/warehouse-rows.ts"
import { type TestDatabase, testDatabase } from "../../support/postgres.ts"
import { testSeed } from "../../support/seed.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"

let server: TestDatabase
let stagingPath: string
let reader: pg.Client
let database = 0

before(async () => {
  server = await testDatabase()
  stagingPath = await temporaryFolder("postgres-merge")
  reader = new pg.Client({ connectionString: server.url })
  reader.on("error", () => undefined)
  await reader.connect()
})

after(async () => {
  await reader.end()
  await server.drop()
  await removeFolder(stagingPath)
})

interface Home {
  /** Loads a table and applies changes to it, `partRows` in a part. */
  apply(
    table: TableSchema,
    rows: readonly Value[][],
    changes: readonly Change[],
    partRows?: number,
  ): Promise<void>
  /** Changes of several tables as one batch. */
  change(...tables: [TableSchema, readonly Change[]][]): Promise<void>
  rows(table: TableSchema): Promise<string[]>
  ask(sql: string): Promise<void>
}

/** A destination database of its own. `leastMerged`: from so many rows on changes are merged. */
async function home(context: TestContext, leastMerged: number): Promise<Home> {
  const name = `d${++database}`
  const warehouse = openPostgresWarehouse({ url: server.url, layout: "schemas", stagingPath, leastMerged })
  const destination: Destination = await warehouse.open({ database: name, pipeline: "p", generation: 1 })
  context.after(() => destination.close())
  await destination.copies.completeSnapshot([], positionFrom("1"))
  let position = 1
  const batch = async (tables: [TableSchema, readonly Change[]][], partRows?: number): Promise<void> => {
    const gathered = []
    for (const [table, changes] of tables) gathered.push(await staged(destination, table, changes, partRows))
    await destination.rows.apply(batchOf(String(++position), ...gathered))
  }
  return {
    async apply(table, rows, changes, partRows) {
      await loaded(destination, table, rows)
      await batch([[table, changes]], partRows)
    },
    change: (...tables) => batch(tables),
    async rows({ name: table }) {
      const found = await reader.query<Value[]>({
        text: `SELECT id, a, b FROM "${name}.public".${table}`,
        rowMode: "array",
      })
      return sorted(found.rows)
    },
    ask: async (sql) =>
      void (await reader.query(
        sql.replaceAll("live", `"${name}.public".t`).replaceAll("second", `"${name}.public".u`),
      )),
  }
}

function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

test("every case of the contract, whole, and each change in a part of its own", async (context) => {
  const { apply, rows } = await home(context, 1)
  const cases = [
    ...changesWithKey.map((one) => ({ ...one, isKeyless: false })),
    ...changesWithoutKey.map((one) => ({ ...one, isKeyless: true })),
  ]
  for (const [index, { name, before: held, changes, after: wanted, isKeyless }] of cases.entries())
    for (const partRows of [undefined, 1]) {
      const table = contractTable(`t${index}_${partRows ?? "whole"}`, isKeyless)
      await apply(table, held, changes, partRows)
      assert.deepEqual(await rows(table), sorted(wanted), `${name}, ${partRows ?? "all"} in a part`)
    }
})

test("whatever happens at the source, in parts of any size, by merges and by statements", async (context) => {
  const [merged, stated] = [await home(context, 1), await home(context, Number.POSITIVE_INFINITY)]
  const held = [
    [1, "a", "b"],
    [2, "c", "d"],
  ]
  const drawn = fc.tuple(
    fc.array(transactionOf, { minLength: 1, maxLength: 12 }),
    fc.integer({ min: 1, max: 9 }),
  )
  let runs = 0
  await fc.assert(
    fc.asyncProperty(drawn, async ([transactions, partRows]) => {
      const replay = replayed(transactions)
      const changes = replay.transactions.flatMap((transaction) => transaction.changes)
      const wanted = replay.versions.filter((row) => row[3] === "true").map((row) => row.slice(0, 3))
      const table = contractTable(`r${++runs}`)
      for (const { apply, rows } of [merged, stated]) {
        await apply(table, held, changes, partRows)
        assert.deepEqual(await rows(table), sorted(wanted))
      }
    }),
    { seed: testSeed, numRuns: 25 },
  )
})

test("more rows than travel at once, each key changed several times", async (context) => {
  const { apply, rows } = await home(context, 1)
  const table = contractTable("many")
  const long = "x".repeat(300_000)
  const keys = Array.from({ length: 4_000 }, (_, key) => key)
  const changes: Change[] = [
    ...keys.map((key): Change => ["insert", key, `a${key}`, key === 7 ? long : "first"]),
    ...keys.filter((key) => key % 2 === 0).map((key): Change => ["update", key, "b", "second"]),
    ...keys.filter((key) => key % 3 === 0).map((key): Change => ["delete", key]),
  ]
  await apply(table, [[1, "before", "before"]], changes, 5_000)
  const wanted = keys
    .filter((key) => key % 3 !== 0)
    .map((key) => (key % 2 === 0 ? [key, "b", "second"] : [key, `a${key}`, key === 7 ? long : "first"]))
  assert.deepEqual(await rows(table), sorted(wanted))
})

const changes: Change[] = [
  ["update", 1, "x", "y"],
  ["insert", 2, "n", "n"],
  ["delete", 3],
]
const held = [
  [1, "a", "b"],
  [3, "c", "d"],
]
const wanted = sorted([
  [1, "x", "y"],
  [2, "n", "n"],
])

/** What users may put on a table, and what it must show after its row 1 was updated, not deleted and inserted. */
const additions = [
  {
    what: "a foreign key on it",
    sql: "CREATE TABLE mine (id int REFERENCES live ON DELETE CASCADE); INSERT INTO mine VALUES (1)",
    is: "SELECT count(*)::int AS is FROM mine",
  },
  {
    what: "a trigger",
    sql: `CREATE TABLE seen (what text);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO public.seen VALUES (TG_OP); RETURN NULL; END $f$;
      CREATE TRIGGER note AFTER UPDATE ON live FOR EACH ROW EXECUTE FUNCTION note()`,
    is: "SELECT count(*)::int AS is FROM seen",
  },
  {
    what: "a column",
    sql: "ALTER TABLE live ADD COLUMN own int; UPDATE live SET own = 1 WHERE id = 1",
    is: "SELECT own AS is FROM live WHERE id = 1",
  },
  {
    what: "another type of a column",
    sql: "ALTER TABLE live ALTER COLUMN a TYPE varchar(9) USING a",
    is: "SELECT 1 AS is",
  },
  {
    what: "a table that inherits from it",
    sql: "CREATE TABLE child () INHERITS (live); INSERT INTO child VALUES (9, 'mine', NULL)",
    is: "SELECT count(*)::int AS is FROM child",
    also: [9, "mine", null],
  },
]

for (const { what, sql, is, also } of additions)
  test(`a table with ${what} has its rows updated where they are`, async (context) => {
    const { apply, change, rows, ask } = await home(context, 1)
    const table = contractTable("t")
    await apply(table, held, [
      ["insert", 4, "w", "w"],
      ["delete", 4],
    ])
    await ask(sql)
    await change([table, changes])
    assert.deepEqual(
      await rows(table),
      also === undefined ? wanted : sorted([...wanted.map((row) => JSON.parse(row)), also]),
    )
    await ask(`DO $$ BEGIN ASSERT (${is}) = 1; END $$`)
  })

test("two tables of one shape that cannot be merged do not mix their rows", async (context) => {
  const { apply, change, rows, ask } = await home(context, 1)
  const [one, other] = [contractTable("t"), contractTable("u")]
  for (const table of [one, other])
    await apply(table, held, [
      ["insert", 4, "w", "w"],
      ["delete", 4],
    ])
  await ask("ALTER TABLE live ADD COLUMN own int; ALTER TABLE second ADD COLUMN own int")
  await change([one, changes], [other, [["delete", 1]]])
  assert.deepEqual(await rows(one), wanted)
  assert.deepEqual(await rows(other), sorted([[3, "c", "d"]]))
})
