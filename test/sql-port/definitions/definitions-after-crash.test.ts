/** Whatever a session defines, the next start opens after a crash, with everything that was committed. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { afterCrash, type ReopenedCase } from "./definitions.ts"
import { randomDefinitions } from "./random-definitions.ts"

/** Refused statements have codes of PostgreSQL; this is an error that nobody foresaw. */
const internalError = "XX000"

function assertReopened({ statements, outcome, unopened, reopened }: ReopenedCase): void {
  const told = statements.map((one, at) => `${outcome.codes[at] ?? "ok"}: ${one}`).join("\n")
  assert.equal(unopened, undefined, `not opened after\n${told}`)
  assert.deepEqual(reopened, outcome.committed, `another content after\n${told}`)
  assert.ok(!outcome.codes.includes(internalError), told)
}

const setUp = [
  "CREATE SCHEMA sales",
  "CREATE TYPE sales.mood AS ENUM ('a', 'b')",
  "CREATE TYPE kind AS ENUM ('a', 'b')",
  "CREATE SEQUENCE q",
]

const known: Record<string, string[]> = {
  "a type in a schema": ["CREATE SCHEMA sales", "CREATE TYPE sales.mood AS ENUM ('a', 'b')"],
  "both in one message": ["CREATE SCHEMA sales; CREATE TYPE sales.mood AS ENUM ('a', 'b')"],
  "both in one transaction": [
    "BEGIN",
    "CREATE SCHEMA sales",
    "CREATE TYPE sales.mood AS ENUM ('a', 'b')",
    "COMMIT",
  ],
  "a type in the schema public, unqualified": ["CREATE SCHEMA public", "CREATE TYPE mood AS ENUM ('a')"],
  "a type in a quoted schema": ['CREATE SCHEMA "A.b"', 'CREATE TYPE "A.b"."M" AS STRUCT(x INTEGER)'],
  "a type of a schema in a table of another": [
    ...setUp,
    "CREATE SCHEMA other",
    "CREATE TABLE other.t (m sales.mood DEFAULT 'b', n sales.mood[])",
    "INSERT INTO other.t VALUES ('a', ['b'])",
  ],
  "a schema with types dropped and made again": [
    ...setUp,
    "DROP SCHEMA sales CASCADE",
    "CREATE SCHEMA sales",
    "CREATE TYPE sales.mood AS ENUM ('c')",
  ],
  "a column altered to a type": [...setUp, "CREATE TABLE t (a VARCHAR)", "ALTER TABLE t ALTER a TYPE kind"],
  "a column altered by a conversion to a type": [
    ...setUp,
    "CREATE TABLE t (a VARCHAR)",
    "INSERT INTO t VALUES ('a')",
    "ALTER TABLE t ALTER a TYPE VARCHAR USING concat(a, CAST('b' AS sales.mood))",
  ],
  "a column altered by a conversion that counts": [
    ...setUp,
    "CREATE TABLE t (a VARCHAR)",
    "INSERT INTO t VALUES ('a')",
    "ALTER TABLE t ALTER a TYPE VARCHAR USING concat(a, nextval('q'))",
  ],
  "a table altered that has a check on a type": [
    ...setUp,
    "CREATE TABLE t (a INTEGER, m kind, CHECK (m <> 'b'::kind))",
    "ALTER TABLE t ADD COLUMN c INTEGER",
    "ALTER TABLE t RENAME a TO z",
    "ALTER TABLE t RENAME TO u",
  ],
  "a table altered that has a generated column": [
    ...setUp,
    "CREATE TABLE t (a VARCHAR, g BOOLEAN GENERATED ALWAYS AS (a::sales.mood = 'b'::sales.mood))",
    "INSERT INTO t VALUES ('a')",
    "ALTER TABLE t ADD COLUMN c INTEGER",
  ],
  "a default by the cloud's functions, and the table altered": [
    "CREATE TABLE t (id INTEGER, at TIMESTAMP DEFAULT sysdate, CHECK (charindex('a', 'ba') < id + 2))",
    "INSERT INTO t (id) VALUES (1)",
    "ALTER TABLE t ADD COLUMN b TIMESTAMP DEFAULT getdate()",
    "ALTER TABLE t RENAME TO u",
  ],
  "keys, checks, sequences and indexes": [
    "CREATE SEQUENCE q",
    "CREATE TABLE p (id INTEGER PRIMARY KEY DEFAULT nextval('q'), n INTEGER UNIQUE CHECK (n > 0))",
    "CREATE TABLE c (id INTEGER REFERENCES p (id), g INTEGER AS (id * 2))",
    "INSERT INTO p (n) VALUES (5), (6)",
    "INSERT INTO c VALUES (1)",
    "CREATE INDEX i ON c (id)",
    "CREATE UNIQUE INDEX j ON p ((n + 1))",
    "DROP INDEX i",
    "ALTER SEQUENCE q OWNED BY p",
  ],
  "a view on a table of another schema that is dropped": [
    "CREATE SCHEMA s",
    "CREATE TABLE t (id INTEGER)",
    "CREATE VIEW s.v AS SELECT * FROM t",
    "ALTER VIEW s.v RENAME TO w",
    "DROP TABLE t",
  ],
  "a transaction rolled back": [
    ...setUp,
    "BEGIN",
    "CREATE TABLE t (m kind)",
    "DROP TYPE sales.mood",
    "ROLLBACK",
    "CREATE TABLE u (m kind)",
  ],
  "several in one transaction": [
    ...setUp,
    "BEGIN",
    "CREATE TABLE sales.t (m sales.mood, id INTEGER)",
    "INSERT INTO sales.t VALUES ('a', 1)",
    "ALTER TABLE sales.t ADD COLUMN n kind DEFAULT 'a'",
    "CREATE VIEW v AS SELECT * FROM sales.t",
    "COMMIT",
    "DROP VIEW v",
  ],
  "temporary objects": [
    "CREATE TEMP TABLE t (id INTEGER)",
    "CREATE TEMP SEQUENCE s",
    "CREATE TABLE u (id INTEGER DEFAULT nextval('s'))",
    "CREATE TEMP VIEW v AS SELECT 1",
  ],
}

for (const isLogKept of [false, true]) {
  const how = isLogKept ? "that replays the log" : "that finds it in the file"
  test(`databases are opened after a crash ${how}, whatever was defined in them`, async (context) => {
    const cases = await afterCrash(Object.values(known), isLogKept)
    for (const [at, name] of Object.keys(known).entries())
      await context.test(name, () => assertReopened(cases[at] as ReopenedCase))
    await context.test("types in schemas can be made", () => {
      assert.deepEqual(cases[0]?.outcome.codes, [null, null])
      assert.deepEqual(cases[0]?.reopened?.types?.length, 1)
    })
  })
}

test("databases are opened after a crash that follows definitions in random order", async () => {
  const lists = Array.from({ length: 30 }, (_, seed) => randomDefinitions(seed, 25))
  const cases = await afterCrash(lists, true)
  for (const one of cases) assertReopened(one)
  const succeeded = cases.flatMap(({ outcome }) => outcome.codes).filter((code) => code === null).length
  assert.ok(succeeded > 200, `only ${succeeded} statements succeeded`)
})
