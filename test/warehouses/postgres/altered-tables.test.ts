/**
 * Users of the warehouse drop or alter replicated tables there: only those tables stop; a copy mends what it can, and what it must not
 * undo is said with the remedy.
 */
import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { runSql } from "../../support/pipeline.ts"
import { onServer } from "../../support/postgres/standby.ts"
import { testDatabase } from "../../support/postgres.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type Pair, startPair } from "./pipeline-pair.ts"

interface Alteration {
  table: string
  /** Run by a user of the warehouse. */
  sql: string
  /** What the pipeline says. */
  reason: RegExp
}

/** What a copy in the table's place undoes. */
const resynced: readonly Alteration[] = [
  { table: "dropped", sql: "DROP TABLE dropped", reason: /was dropped or renamed there.*resynced/ },
  { table: "moved", sql: "ALTER TABLE moved SET SCHEMA public", reason: /was dropped or renamed there/ },
  { table: "renamed", sql: "ALTER TABLE renamed RENAME TO mine", reason: /was dropped or renamed there/ },
  { table: "lost_column", sql: "ALTER TABLE lost_column DROP COLUMN v", reason: /column v was dropped/ },
  {
    table: "renamed_column",
    sql: "ALTER TABLE renamed_column RENAME v TO w",
    reason: /column v was dropped or renamed in the warehouse/,
  },
  {
    table: "retyped",
    sql: "ALTER TABLE retyped ALTER v TYPE int USING 1",
    reason: /column v was changed to type integer in the warehouse/,
  },
  {
    table: "narrowed",
    sql: "ALTER TABLE narrowed ALTER v TYPE varchar(9)",
    reason: /column v was changed to type character varying\(9\)/,
  },
  {
    table: "not_null",
    sql: "ALTER TABLE not_null ADD w int NOT NULL DEFAULT 1; ALTER TABLE not_null ALTER w DROP DEFAULT",
    reason: /column w is NOT NULL in the warehouse.*resynced/,
  },
]

/** What users have put on a table or in its place stays, and the table waits. `undo`: then it goes on. */
const waiting: readonly (Alteration & { undo: string })[] = [
  {
    table: "checked",
    sql: "ALTER TABLE checked ADD CONSTRAINT short CHECK (v ~ 'first')",
    reason:
      /unique index short, which is on its table in the warehouse, refuses a row .SQLSTATE 23514.*resync/,
    undo: "ALTER TABLE checked DROP CONSTRAINT short",
  },
  {
    table: "made_unique",
    sql: "CREATE UNIQUE INDEX only_one ON made_unique (v)",
    reason: /index only_one, .*SQLSTATE 23505.*resync/,
    undo: "DROP INDEX only_one",
  },
  {
    table: "triggered",
    sql: `CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not %', NEW.v; END $$;
      CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION refuse_all()`,
    reason: /function \S*refuse_all, refuses a change .SQLSTATE P0001.*resync/,
    undo: "DROP TRIGGER mine ON triggered",
  },
  {
    table: "at_commit",
    sql: `CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late'; END $$;
      CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON at_commit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_late()`,
    reason: /function \S*refuse_late, refuses a change/,
    undo: "DROP TRIGGER late ON at_commit",
  },
  {
    table: "referenced",
    sql: "CREATE TABLE children (id int REFERENCES referenced); INSERT INTO children VALUES (7)",
    reason: /children_id_fkey, .*SQLSTATE 23503.*resync/,
    undo: "DROP TABLE children",
  },
  {
    table: "published",
    sql: "ALTER TABLE published REPLICA IDENTITY NOTHING; CREATE PUBLICATION of_users FOR TABLE published",
    reason: /published.* because it does not have a replica identity/,
    undo: "DROP PUBLICATION of_users",
  },
  {
    table: "replaced",
    sql: "DROP TABLE replaced; CREATE TABLE replaced (mine int); INSERT INTO replaced VALUES (1)",
    reason: /stands a table that Millrace did not make/,
    undo: "DROP TABLE replaced",
  },
  {
    table: "viewed",
    sql: "DROP TABLE viewed; CREATE VIEW viewed AS SELECT 1 AS mine",
    reason: /stands a table or view that Millrace did not make/,
    undo: "DROP VIEW viewed",
  },
]

const all: readonly Alteration[] = [...resynced, ...waiting]

describe("tables that users of the warehouse dropped or altered", () => {
  let pair: Pair
  let url: string
  const tables = all.map(({ table }) => table)
  /** One transaction that changes every table. */
  const change = (value: string) => {
    const changes = ["well", ...tables].map(
      (table) =>
        `UPDATE ${table} SET v = '${value}'; DELETE FROM ${table} WHERE id = 7; INSERT INTO ${table} SELECT max(id) + 1, '${value}' FROM ${table};`,
    )
    return runSql(url, `BEGIN; ${changes.join(" ")} COMMIT`)
  }
  const areEqual = (compared: readonly string[]) =>
    waitUntil(async () => (await pair.differences(compared).catch((error) => [String(error)])).length === 0, {
      what: `equal contents of ${compared.join()}`,
      timeoutMs: 60_000,
    })

  before(async () => {
    url = (await testDatabase()).url
    const made = ["well", ...tables].map(
      (table) =>
        `CREATE TABLE ${table} (id int PRIMARY KEY, v text); INSERT INTO ${table} SELECT i, 'first ' || i FROM generate_series(1, 9) AS i`,
    )
    await runSql(url, ...made)
    pair = await startPair(url)
  })

  test("only those stop: the others of the same transaction go on, each reason says what was done", async () => {
    for (const { sql } of all) await pair.there.query(sql)
    await change("a longer second")
    assert.deepEqual(await pair.differences(["well"]), [])
    for (const { table, reason } of all) {
      const said = () => pair.reports.reasons.get(`public.${table}`) ?? []
      await waitUntil(() => said().some((one) => reason.test(one)), {
        what: `the reason of ${table}: ${said()}`,
        timeoutMs: 60_000,
      })
      assert.doesNotMatch(said().join(), /longer|first/, "no reason holds a value")
    }
    assert.equal(pair.problem(), undefined)
  })

  test("a copy mends what it may undo, and leaves alone what users moved away", async () => {
    await areEqual(resynced.map(({ table }) => table))
    const { rows } = await pair.there.query(
      "SELECT count(*)::int FROM mine UNION ALL SELECT count(*)::int FROM public.moved",
    )
    assert.deepEqual(rows, [{ count: 9 }, { count: 9 }])
  })

  test("what users put there stays; once it is undone, a resync brings the table back", async () => {
    const { rows } = await pair.there.query("SELECT mine FROM viewed UNION ALL SELECT mine FROM replaced")
    assert.deepEqual(rows, [{ mine: 1 }, { mine: 1 }])
    for (const { undo } of waiting) await pair.there.query(undo)
    const list = waiting.map(({ table }) => `('${table}')`).join(", ")
    const { rows: found } = await onServer(
      url,
      `SELECT v.t::regclass::oid::text AS id FROM (VALUES ${list}) AS v(t)`,
    )
    await waitUntil(
      async () => (await pair.streaming()?.resync(found.map(({ id }) => String(id)))) === true,
      {
        what: "the resyncs to begin",
        timeoutMs: 30_000,
      },
    )
    await areEqual(["well", ...tables])
    await change("third")
    await areEqual(["well", ...tables])
    assert.equal(pair.problem(), undefined)
  })
})

test("a large batch, whose rows are merged here, leaves only the altered table behind as well", async () => {
  const { url } = await testDatabase()
  const names = ["dropped", "lost_column", "well"]
  const rows = "(id, v) SELECT i, 'first' FROM generate_series"
  await runSql(
    url,
    ...names.map(
      (name) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text); INSERT INTO ${name} ${rows}(1, 9) AS i`,
    ),
  )
  const pair = await startPair(url, { leastMerged: 1 })
  await pair.there.query("DROP TABLE dropped; ALTER TABLE lost_column DROP v")
  await runSql(url, ...names.map((name) => `INSERT INTO ${name} ${rows}(10, 20) AS i`))
  assert.deepEqual(await pair.differences(["well"]), [])
  await waitUntil(async () => (await pair.differences(names).catch(() => ["gone"])).length === 0, {
    what: "equal contents",
    timeoutMs: 60_000,
  })
})

test("rights taken from the owner come back with a resync; a table given to another role waits until it is given back", async () => {
  const { url } = await testDatabase()
  const names = ["revoked", "given", "well"]
  await runSql(url, ...names.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, v text)`))
  const target = await testDatabase()
  const role = `loader_${process.pid}`
  const own = new URL(target.url)
  const database = own.pathname.slice(1)
  await runSql(
    target.url,
    `CREATE ROLE ${role} LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE "${database}" TO ${role}`,
  )
  Object.assign(own, { username: role, password: "pw" })
  const pair = await startPair(url, { target: { url: own.href, drop: target.drop } })
  await pair.there.query("REVOKE ALL ON revoked FROM CURRENT_USER")
  const give = (to: string) => runSql(target.url, `ALTER TABLE "copy.public".given OWNER TO ${to}`)
  await give("CURRENT_USER")
  await runSql(
    url,
    `BEGIN; ${names.map((name) => `INSERT INTO ${name} VALUES (1, 'first');`).join(" ")} COMMIT`,
  )
  assert.deepEqual(await pair.differences(["well"]), [])
  const equal = (name: string) =>
    waitUntil(async () => (await pair.differences([name]).catch(() => ["not read"])).length === 0, {
      what: `equal contents of ${name}`,
      timeoutMs: 60_000,
    })
  await equal("revoked")
  const said = () => pair.reports.reasons.get("public.given") ?? []
  await waitUntil(() => said().some((one) => /belongs to role .*OWNER TO "loader_/.test(one)), {
    what: `the reason: ${said()}`,
    timeoutMs: 60_000,
  })
  await give(role)
  const { rows } = await onServer(url, "SELECT 'given'::regclass::oid::text AS id")
  await waitUntil(async () => (await pair.streaming()?.resync([String(rows[0]?.id)])) === true, {
    what: "the resync to begin",
    timeoutMs: 30_000,
  })
  await equal("given")
})
