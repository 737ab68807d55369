/** The statements by which a program loads a Redshift warehouse: staging tables, COPY by manifest, delete and insert, swaps. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { gzipSync } from "node:zlib"
import { refusal } from "../e2e/waiting-integration.ts"
import { type CopyBench, copyBench, role, rows } from "./copy-bench.ts"

interface Scene extends CopyBench {
  /** Creates the staging table. */
  stage: string
  /** Loads it. */
  copy: string
}

const manifest = (...files: { key: string; mandatory?: boolean }[]) =>
  JSON.stringify({
    entries: files.map(({ key, mandatory }) => ({ url: `s3://landing/${key}`, mandatory })),
  })

async function sceneOf(bench: CopyBench): Promise<Scene> {
  const { bucket } = bench
  await bucket.put("batch/1.csv.gz", gzipSync('1,"one",t\n2,"two",f\n'))
  await bucket.put("batch/2.csv.gz", gzipSync('2,"zwei\n2",f\n3,,f\n'))
  await bucket.put(
    "batch.manifest",
    manifest({ key: "batch/1.csv.gz", mandatory: true }, { key: "batch/2.csv.gz" }, { key: "batch/gone" }),
  )
  const options = `${role} REGION 'us-east-1' MANIFEST FORMAT AS CSV GZIP NULL AS 'nil' COMPUPDATE OFF STATUPDATE OFF`
  return {
    ...bench,
    stage: `CREATE TEMP TABLE "stage" ("Id" INTEGER, "e.mail" VARCHAR(65535), "gone" BOOLEAN) DISTSTYLE AUTO`,
    copy: `COPY "stage" ("Id", "e.mail", "gone") FROM 's3://landing/batch.manifest' ${options}`,
  }
}

async function settingsAreTaken({ admin, client }: Scene): Promise<void> {
  await admin.query("SET enable_case_sensitive_identifier TO true; SET query_group TO 'etl'")
  assert.deepEqual(await rows(admin, "SHOW enable_case_sensitive_identifier"), [["on"]])
  assert.equal((await refusal(admin.query("SET enable_numeric_rounding TO perhaps"))).code, "22023")
  const other = await client("admin", "dev")
  assert.deepEqual(await rows(other, "SHOW query_group"), [["default"]])
}

async function batchIsSwapped({ admin, stage, copy, runs }: Scene): Promise<void> {
  await admin.query(`CREATE SCHEMA IF NOT EXISTS "d.public"; CREATE SCHEMA IF NOT EXISTS "d.millrace"`)
  await admin.query(
    `CREATE TABLE "d.public"."a/b.csv" ("Id" INTEGER NOT NULL, "e.mail" VARCHAR(65535), j SUPER, b VARBYTE(16)) DISTKEY ("Id") COMPOUND SORTKEY ("Id")`,
  )
  await admin.query(
    `INSERT INTO "d.public"."a/b.csv" VALUES (1, 'old', JSON_PARSE('{"a": 1}'), TO_VARBYTE('ff00', 'hex')), (7, 'kept', NULL, NULL)`,
  )
  await admin.query("BEGIN")
  await admin.query(stage)
  assert.deepEqual(await rows(admin, "SELECT pg_last_copy_id(), pg_last_copy_count()"), [["-1", "0"]])
  assert.equal((await admin.query(copy)).rowCount, 4)
  const [run] = await runs()
  const last = await rows(admin, "SELECT pg_last_copy_id(), pg_last_copy_count()")
  assert.deepEqual(last, [[String(run?.queryId), "4"]])
  assert.deepEqual(
    [run?.status, run?.table, run?.from, run?.format, run?.rows, run?.files, run?.errors],
    ["completed", "stage", "s3://landing/batch.manifest", "csv", 4, 2, 0],
  )
  await admin.query(
    `CREATE TEMP TABLE "final" AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY "Id" ORDER BY "e.mail" DESC) AS nth FROM "stage") AS s WHERE nth = 1`,
  )
  await admin.query(`DELETE FROM "d.public"."a/b.csv" USING "final" WHERE "a/b.csv"."Id" = "final"."Id"`)
  await admin.query(
    `INSERT INTO "d.public"."a/b.csv" ("Id", "e.mail") SELECT "Id", "e.mail" FROM "final" WHERE NOT "gone"`,
  )
  await admin.query(`DROP TABLE "final"; DROP TABLE "stage"`)
  await admin.query(`CREATE TABLE "d.public"."copy" (LIKE "d.public"."a/b.csv")`)
  await admin.query(`INSERT INTO "d.public"."copy" SELECT * FROM "d.public"."a/b.csv"`)
  await admin.query(`DROP TABLE IF EXISTS "d.public"."a/b.csv"`)
  await admin.query(`ALTER TABLE "d.public"."copy" RENAME TO "a/b.csv"`)
  await admin.query(`ALTER TABLE "d.public"."a/b.csv" ADD COLUMN "what?" SUPER ENCODE zstd`)
  await admin.query(`ALTER TABLE "d.public"."a/b.csv" RENAME COLUMN "what?" TO "x*"`)
  await admin.query("COMMIT")
  assert.deepEqual(await rows(admin, `SELECT "Id", "e.mail" FROM "d.public"."a/b.csv" ORDER BY 1`), [
    ["2", "zwei\n2"],
    ["3", ""],
    ["7", "kept"],
  ])
  const [notNull] = await rows(
    admin,
    `SELECT "notnull", type FROM pg_table_def WHERE tablename = 'a/b.csv' AND "column" = 'Id'`,
  )
  assert.equal(notNull, undefined, "a schema that is not on the search path is shown")
  await admin.query(`SET search_path TO "d.public"`)
  assert.deepEqual(
    await rows(
      admin,
      `SELECT "notnull", type FROM pg_table_def WHERE tablename = 'a/b.csv' AND "column" = 'Id'`,
    ),
    [["t", "integer"]],
  )
  await admin.query("RESET search_path")
}

async function rollbackTakesBack({ admin, stage, copy }: Scene): Promise<void> {
  await admin.query("BEGIN")
  await admin.query(stage)
  await admin.query(copy)
  await admin.query(`ALTER TABLE "d.public"."a/b.csv" RENAME TO "other"; DELETE FROM "d.public"."other"`)
  await admin.query("ROLLBACK")
  assert.deepEqual(await rows(admin, `SELECT count(*) FROM "d.public"."a/b.csv"`), [["3"]])
  assert.equal((await refusal(admin.query(`SELECT * FROM "stage"`))).code, "42P01")
}

async function temporaryTables({ admin, bucket, client }: Scene): Promise<void> {
  await admin.query(
    'CREATE TABLE "d.public".twice (i INTEGER); INSERT INTO "d.public".twice VALUES (1); SET search_path TO "d.public"',
  )
  await admin.query(
    "CREATE TABLE #twice (i INTEGER); INSERT INTO #twice SELECT 5; CREATE TEMP TABLE twice (i INTEGER)",
  )
  await bucket.put("one", "8\n")
  await admin.query(`COPY twice FROM 's3://landing/one' ${role}`)
  const seen = await rows(
    admin,
    'SELECT (SELECT i FROM twice), (SELECT i FROM "d.public".twice), (SELECT i FROM #twice)',
  )
  assert.deepEqual(seen, [["8", "1", "5"]])
  const other = await client("admin", "dev")
  assert.deepEqual(await rows(other, 'SELECT i FROM "d.public".twice'), [["1"]])
  assert.equal((await refusal(other.query("SELECT * FROM #twice"))).code, "42P01")
  const shown = await rows(admin, "SELECT table_schema FROM svv_tables WHERE table_name = 'twice'")
  assert.deepEqual(shown, [["d.public"]])
  await admin.query("DROP TABLE twice; DROP TABLE twice; RESET search_path")
}

async function manifests({ admin, bucket, errors, runs }: Scene): Promise<void> {
  await admin.query("CREATE TABLE m (i INTEGER)")
  await bucket.put("number", "4\n")
  await bucket.put("bad-number", "four\n")
  const cases: [string, string, RegExp][] = [
    [
      manifest({ key: "number" }, { key: "gone", mandatory: true }),
      "42704",
      /mandatory S3 file 's3:\/\/landing\/gone'/,
    ],
    [manifest({ key: "gone" }), "42704", /None of the manifest's S3 files/],
    [manifest({ key: "number" }, { key: "bad-number" }), "22P04", /Load into table 'm' failed/],
    ["[]", "22023", /no list of entries/],
    ['{"entries": []}', "22023", /empty/],
    ['{"entries": [{"url": "s3://landing/"}]}', "22023", /entry 1 names no file/],
    ['{"entries": [{"url": "s3://landing/number", "mandatory": "yes"}]}', "22023", /neither true nor false/],
    ['{"entries": [{"url": "s3://elsewhere/number"}]}', "42704", /elsewhere is configured/],
    ["{", "22023", /no JSON/],
  ]
  for (const [file, code, message] of cases) {
    await bucket.put("cases.manifest", file)
    const refused = await refusal(admin.query(`COPY m FROM 's3://landing/cases.manifest' ${role} MANIFEST`))
    assert.equal(refused.code, code, `${file}: ${refused.message}`)
    assert.match(refused.message, message)
  }
  const missing = await refusal(admin.query(`COPY m FROM 's3://landing/none.manifest' ${role} MANIFEST`))
  assert.match(missing.message, /The manifest s3:\/\/landing\/none.manifest does not exist/)
  assert.deepEqual(await rows(admin, "SELECT * FROM m"), [])
  assert.deepEqual(
    (await runs())
      .filter(({ table }) => table === "m")
      .map(({ status, rows: count, errors: wrong }) => [status, count, wrong]),
    [
      ["aborted", 0, 0],
      ["aborted", 0, 0],
      ["aborted", 0, 1],
    ],
  )
  assert.deepEqual(
    (await errors()).map(({ key, line }) => [key, line]),
    [["bad-number", 1]],
  )
}

async function privileges({ admin, client }: Scene): Promise<void> {
  await admin.query(`CREATE USER eve PASSWORD 'Sesame2024'; GRANT USAGE ON SCHEMA "d.public" TO eve`)
  await admin.query(
    `GRANT SELECT ON "d.public"."a/b.csv" TO eve; GRANT SELECT ON "d.public"."a/b.csv" TO PUBLIC`,
  )
  await admin.query("BEGIN")
  const privileges = `SELECT privilege_type, identity_type, identity_name FROM svv_relation_privileges
  WHERE namespace_name = 'd.public' AND relation_name = 'a/b.csv' ORDER BY 3`
  const granted = [
    ["SELECT", "user", "eve"],
    ["SELECT", "public", "public"],
  ]
  assert.deepEqual(await rows(admin, privileges), granted)
  await admin.query(`GRANT SELECT ON "d.public"."a/b.csv" TO eve`)
  const more = await refusal(admin.query(`GRANT INSERT ON "d.public"."a/b.csv" TO eve`))
  assert.equal(more.code, "25001")
  await admin.query("ROLLBACK")
  const eve = await client("eve", "dev", { password: "Sesame2024" })
  assert.deepEqual(await rows(eve, privileges), granted)
  assert.deepEqual(await rows(eve, "SELECT table_schema, table_name FROM svv_tables ORDER BY 2"), [
    ["d.public", "a/b.csv"],
  ])
  assert.deepEqual(
    await rows(eve, "SELECT DISTINCT table_name FROM svv_all_columns WHERE database_name <> 'dev'"),
    [],
  )
  assert.equal((await refusal(eve.query("CREATE TABLE copied (LIKE m)"))).code, "42P01")
  for (const statement of [
    "DELETE FROM svv_tables",
    "UPDATE pg_table_def SET type = ''",
    "DROP TABLE svv_columns",
  ])
    assert.match((await refusal(admin.query(statement))).code ?? "", /^(0A000|42P01|42809)$/, statement)
}

async function typeNames({ admin }: Scene): Promise<void> {
  await admin.query(
    `CREATE TABLE all_types (a SMALLINT, b VARCHAR(20) COLLATE CASE_SENSITIVE, c SUPER, d VARBYTE, e DECIMAL(18, 4), f TIMESTAMPTZ,
      g TIMETZ, h DOUBLE PRECISION, i BOOLEAN, j CHAR(3), k NVARCHAR(9), super INTEGER)`,
  )
  const shown = await rows(
    admin,
    "SELECT data_type FROM svv_columns WHERE table_name = 'all_types' ORDER BY ordinal_position",
  )
  assert.deepEqual(
    shown.map(([type]) => type),
    [
      ...["smallint", "character varying", "super", "binary varying", "numeric", "timestamp with time zone"],
      ...[
        "time with time zone",
        "double precision",
        "boolean",
        "character varying",
        "character varying",
        "integer",
      ],
    ],
  )
}

async function lateViews({ admin }: Scene): Promise<void> {
  await admin.query("CREATE TABLE base (a INTEGER); INSERT INTO base VALUES (1)")
  await admin.query("CREATE VIEW late AS SELECT a FROM main.base WITH NO SCHEMA BINDING")
  await admin.query(
    "BEGIN; DROP TABLE base; CREATE TABLE base (a INTEGER, b INTEGER); INSERT INTO base VALUES (2, 3); COMMIT",
  )
  assert.deepEqual(await rows(admin, "SELECT * FROM late"), [["2"]])
  await admin.query("DROP TABLE base")
  assert.equal((await refusal(admin.query("SELECT * FROM late"))).code, "42P01")
}

async function upkeep({ admin, client }: Scene): Promise<void> {
  await admin.query("CREATE TABLE kept (a INTEGER, b INTEGER)")
  const notices: string[] = []
  const note = ({ message = "" }) => notices.push(message)
  admin.on("notice", note)
  const taken = [
    "VACUUM",
    "VACUUM FULL kept TO 95 PERCENT BOOST",
    "VACUUM DELETE ONLY main.kept",
    "VACUUM kept",
    "ANALYZE",
    "ANALYZE VERBOSE kept (a, b)",
    "ANALYZE kept PREDICATE COLUMNS",
    "LOCK kept",
    "COMMENT ON TABLE kept IS 'rows'",
  ]
  for (const statement of taken)
    assert.equal((await admin.query(statement)).command.split(" ")[0], statement.split(" ")[0], statement)
  admin.off("notice", note)
  assert.equal(notices.filter((message) => message.includes("changes nothing here")).length, taken.length)
  const codeOf = async (statement: string) => (await refusal(admin.query(statement))).code
  assert.equal(await codeOf("VACUUM nothing"), "42P01")
  assert.equal(await codeOf("ANALYZE kept b"), "42601")
  for (const statement of ["ALTER TABLE kept APPEND FROM kept", "ANALYZE COMPRESSION kept"])
    assert.equal(await codeOf(statement), "0A000", statement)
  await admin.query("CREATE USER keeper PASSWORD 'Sesame2024'")
  const keeper = await client("keeper", "dev", { password: "Sesame2024" })
  for (const statement of ["VACUUM kept", "ANALYZE kept"])
    assert.equal((await refusal(keeper.query(statement))).code, "42501")
  await admin.query("BEGIN; ANALYZE kept")
  assert.equal(await codeOf("VACUUM kept"), "25001")
  await admin.query("ROLLBACK")
}

/** Said in docs/sql/dialect.md. */
async function changedTablesStay({ admin }: Scene): Promise<void> {
  await admin.query("CREATE TABLE changed (a INTEGER); INSERT INTO changed VALUES (1)")
  await admin.query("BEGIN; TRUNCATE changed; ALTER TABLE changed ADD COLUMN b INTEGER")
  assert.equal((await refusal(admin.query("COMMIT"))).code, "25000")
  await admin.query("ROLLBACK")
  assert.deepEqual(await rows(admin, "SELECT * FROM changed"), [["1"]])
  await admin.query("BEGIN; ALTER TABLE changed ADD COLUMN b INTEGER; UPDATE changed SET b = 2; COMMIT")
  assert.deepEqual(await rows(admin, "SELECT * FROM changed"), [["1", "2"]])
}

test("a Redshift warehouse's loader", async (context) => {
  const scene = await sceneOf(await copyBench(context))
  await context.test("settings of the cloud are taken, and what is none of their values is not", () =>
    settingsAreTaken(scene),
  )
  await context.test("a batch is staged, applied and swapped in one transaction", () => batchIsSwapped(scene))
  await context.test("ROLLBACK takes back staging, rows and definitions", () => rollbackTakesBack(scene))
  await context.test(
    "a temporary table is its session's alone, before a table of its name, and no job's",
    () => temporaryTables(scene),
  )
  await context.test("a manifest's files must be there where it says so, and must be files", () =>
    manifests(scene),
  )
  await context.test(
    "VACUUM and ANALYZE say that nothing is to be done; what they cannot do is refused",
    () => upkeep(scene),
  )
  await context.test(
    "TRUNCATE is part of its transaction; rows that it changed do not let the columns change in it",
    () => changedTablesStay(scene),
  )
  await context.test("grants of a swapped table are shown and can be given again in its transaction", () =>
    privileges(scene),
  )
  await context.test("types are shown as the cloud calls them", () => typeNames(scene))
  await context.test("a view without schema binding outlives its table", () => lateViews(scene))
})
