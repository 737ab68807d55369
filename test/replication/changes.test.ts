import assert from "node:assert/strict"
import { test } from "node:test"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"

/** Rows that are there before the copy, then statements that arrive by the stream; source and copy must be equal after each. */
const cases: { name: string; before: string[]; steps: string[] }[] = [
  {
    name: "inserts, updates and deletes",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(10,2))",
      "INSERT INTO t SELECT i, 'row ' || i, i / 7.0 FROM generate_series(1, 1000) i",
    ],
    steps: [
      "INSERT INTO t VALUES (2000, 'new', 1.5), (2001, NULL, NULL)",
      "UPDATE t SET v = 'changed' WHERE id % 10 = 0",
      "DELETE FROM t WHERE id % 3 = 0",
      "UPDATE t SET n = n + 1",
      "DELETE FROM t",
      "INSERT INTO t VALUES (1, 'again', 0)",
    ],
  },
  {
    name: "truncation, of several tables and with cascade",
    before: [
      "CREATE TABLE a (id int PRIMARY KEY)",
      "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)",
      "CREATE TABLE c (id int PRIMARY KEY)",
      "INSERT INTO a SELECT generate_series(1, 100)",
      "INSERT INTO b SELECT i, i FROM generate_series(1, 100) i",
      "INSERT INTO c SELECT generate_series(1, 100)",
    ],
    steps: [
      "BEGIN; INSERT INTO c VALUES (500); TRUNCATE c; INSERT INTO c VALUES (600); UPDATE c SET id = 601; COMMIT",
      "TRUNCATE a CASCADE",
      "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1)",
      "BEGIN; TRUNCATE a, b, c; ROLLBACK",
      "BEGIN; INSERT INTO a VALUES (7); TRUNCATE a, b, c; INSERT INTO a VALUES (8); TRUNCATE a, b, c; INSERT INTO a VALUES (9); COMMIT",
    ],
  },
  {
    name: "keys that change, in chains and swaps",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50) i",
    ],
    steps: [
      "UPDATE t SET id = -id",
      "BEGIN; UPDATE t SET id = 1 WHERE id = -1; UPDATE t SET id = 2 WHERE id = 1; UPDATE t SET id = 3 WHERE id = 2; COMMIT",
      "BEGIN; UPDATE t SET id = 100 WHERE id = 3; UPDATE t SET id = 3 WHERE id = -2; UPDATE t SET id = -2 WHERE id = 100; COMMIT",
      "BEGIN; UPDATE t SET id = 1000 WHERE id = 3; INSERT INTO t VALUES (3, 'other'); DELETE FROM t WHERE id = 1000; COMMIT",
    ],
  },
  {
    name: "one row changed thousands of times in a transaction",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, n int, v text)",
      "INSERT INTO t VALUES (1, 0, 'x'), (2, 0, 'y')",
    ],
    steps: [
      "DO $$ BEGIN FOR i IN 1..1500 LOOP UPDATE t SET n = n + 1 WHERE id = 1; END LOOP; END $$",
      "DO $$ BEGIN FOR i IN 1..1000 LOOP DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, i, 'again'); END LOOP; END $$",
      "DO $$ BEGIN FOR i IN 1..1000 LOOP DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, i, 'gone'); END LOOP; DELETE FROM t WHERE id = 2; END $$",
      "DO $$ BEGIN FOR i IN 1..1000 LOOP UPDATE t SET id = id + 1; END LOOP; END $$",
    ],
  },
  {
    name: "large values that updates leave unsent",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, n int, big text, other bytea, js jsonb)",
      "ALTER TABLE t ALTER big SET STORAGE EXTERNAL, ALTER other SET STORAGE EXTERNAL, ALTER js SET STORAGE EXTERNAL",
      "INSERT INTO t SELECT i, i, repeat(chr(64 + i), 9000), decode(repeat('ff0' || i % 10, 9000), 'hex'), jsonb_build_object('k', repeat('j', 9000 + i)) FROM generate_series(1, 20) i",
    ],
    steps: [
      "UPDATE t SET n = n + 1",
      "UPDATE t SET id = -id WHERE id <= 10",
      "BEGIN; UPDATE t SET n = 100 WHERE id = 11; UPDATE t SET big = repeat('z', 9000) WHERE id = 11; UPDATE t SET n = 102 WHERE id = 11; UPDATE t SET other = NULL WHERE id = 11; UPDATE t SET n = 103 WHERE id = 11; COMMIT",
      "BEGIN; UPDATE t SET id = 1000 WHERE id = 12; UPDATE t SET n = 5 WHERE id = 1000; UPDATE t SET id = 1001 WHERE id = 1000; UPDATE t SET id = 12 WHERE id = 13; UPDATE t SET id = 13 WHERE id = 1001; COMMIT",
      "BEGIN; UPDATE t SET n = 1 WHERE id = 14; DELETE FROM t WHERE id = 14; INSERT INTO t VALUES (14, 1, repeat('q', 9000), NULL, NULL); UPDATE t SET n = 2 WHERE id = 14; COMMIT",
      "BEGIN; INSERT INTO t VALUES (50, 1, repeat('n', 9000), NULL, 'null'); UPDATE t SET n = 9 WHERE id = 50; UPDATE t SET id = 51 WHERE id = 50; UPDATE t SET n = 10 WHERE id = 51; COMMIT",
      "UPDATE t SET big = NULL, n = n + 1 WHERE id = 15; UPDATE t SET n = n + 1 WHERE id = 15",
      "BEGIN; UPDATE t SET id = id + 100 WHERE id BETWEEN 15 AND 20; DELETE FROM t WHERE id = 116; UPDATE t SET n = 0 WHERE id > 115; COMMIT",
    ],
  },
  {
    name: "large values with a full replica identity, and one by an index",
    before: [
      "CREATE TABLE f (id int PRIMARY KEY, n int, big text)",
      "CREATE TABLE i (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int, big text)",
      "ALTER TABLE f ALTER big SET STORAGE EXTERNAL",
      "ALTER TABLE i ALTER big SET STORAGE EXTERNAL",
      "ALTER TABLE f REPLICA IDENTITY FULL",
      "ALTER TABLE i REPLICA IDENTITY USING INDEX i_code_key",
      "INSERT INTO f SELECT i, i, repeat('f', 9000 + i) FROM generate_series(1, 20) i",
      "INSERT INTO i SELECT i, 'code ' || i, i, repeat('i', 9000 + i) FROM generate_series(1, 20) i",
    ],
    steps: [
      "UPDATE f SET n = n + 1; UPDATE i SET n = n + 1",
      "UPDATE f SET id = -id WHERE id < 10; UPDATE i SET id = -id WHERE id < 10",
      "UPDATE i SET code = 'new ' || code WHERE id < 5",
      "DELETE FROM f WHERE id % 2 = 0; DELETE FROM i WHERE id % 2 = 0",
      "UPDATE f SET big = NULL; UPDATE i SET big = 'short'",
    ],
  },
  {
    name: "no primary key: equal rows are counted",
    before: [
      "CREATE TABLE t (n int, v text, x float8, j json)",
      "ALTER TABLE t REPLICA IDENTITY FULL",
      "INSERT INTO t SELECT i % 5, 'v', 0.5, '{\"a\": 1}' FROM generate_series(1, 50) i",
      "INSERT INTO t VALUES (NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL), (1, 'nan', 'NaN', '1')",
    ],
    steps: [
      "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE n = 1 AND v = 'v' LIMIT 3)",
      "INSERT INTO t SELECT 2, 'v', 0.5, '{\"a\": 1}' FROM generate_series(1, 4)",
      "UPDATE t SET n = 3 WHERE n = 2",
      "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE n IS NULL)",
      "UPDATE t SET v = 'was nan' WHERE x = 'NaN'",
      "BEGIN; INSERT INTO t VALUES (9, 'nine', 9, NULL); DELETE FROM t WHERE n = 9; INSERT INTO t VALUES (9, 'nine', 9, NULL), (9, 'nine', 9, NULL); COMMIT",
      "BEGIN; UPDATE t SET n = n + 1; UPDATE t SET n = n - 1; COMMIT",
      "TRUNCATE t",
      "INSERT INTO t VALUES (1, NULL, '-0', NULL), (1, NULL, 0, NULL)",
      "UPDATE t SET x = 0",
      "UPDATE t SET x = '-0'",
    ],
  },
  {
    name: "no primary key: columns with names that queries use themselves",
    before: [
      "CREATE TABLE t (n int, copies int, rowid int, _net int, _group int, t int, s int, g int)",
      "ALTER TABLE t REPLICA IDENTITY FULL",
      "INSERT INTO t SELECT i, i, 7 - i, i, i, i, i, i FROM generate_series(0, 7) i",
    ],
    steps: [
      "UPDATE t SET n = n + 1 WHERE n < 3",
      "DELETE FROM t WHERE n = 5",
      "INSERT INTO t SELECT * FROM t",
    ],
  },
  {
    name: "a key: columns with names that queries use themselves",
    before: [
      "CREATE TABLE t (_last int, _left0 int, _value3 text, _found3 text, rowid int, t int, s int, l int, PRIMARY KEY (_last, _left0))",
      "ALTER TABLE t ALTER _value3 SET STORAGE EXTERNAL, ALTER _found3 SET STORAGE EXTERNAL",
      "INSERT INTO t SELECT i, i, repeat('v', 9000), repeat('f', 9000), i, i, i, i FROM generate_series(1, 5) i",
    ],
    steps: [
      "UPDATE t SET rowid = rowid + 1",
      "UPDATE t SET _last = -_last",
      "UPDATE t SET _found3 = NULL",
      "DELETE FROM t WHERE l = 3",
    ],
  },
  {
    name: "composite keys, text keys, and keys whose equality is not that of their bytes",
    before: [
      "CREATE TABLE c (a int, b text, v int, PRIMARY KEY (b, a))",
      "CREATE TABLE k (k text PRIMARY KEY, v int)",
      "CREATE TABLE x (k numeric PRIMARY KEY, v int)",
      "CREATE TABLE f (k float8 PRIMARY KEY, v int)",
      "CREATE TABLE j (k jsonb PRIMARY KEY, v int)",
      "CREATE TABLE u (k uuid PRIMARY KEY, v int)",
      "INSERT INTO c SELECT i, 'b' || i % 3, i FROM generate_series(1, 30) i",
      "INSERT INTO k VALUES ('', 0), (' ', 1), ('A', 2), ('a', 3), ('ä', 4), ('🚰', 5), ('a|b', 6), ('null', 7)",
      "INSERT INTO x VALUES (1.0, 1), (2, 2), ('NaN', 3)",
      "INSERT INTO f VALUES (0, 1), ('NaN', 2), ('Infinity', 3)",
      "INSERT INTO j VALUES ('{\"a\": 1}', 1), ('[]', 2), ('null', 3)",
      "INSERT INTO u SELECT md5(i::text)::uuid, i FROM generate_series(1, 10) i",
    ],
    steps: [
      "UPDATE c SET v = v + 1 WHERE a > 10; UPDATE c SET b = 'moved' WHERE a = 1; DELETE FROM c WHERE b = 'b2'",
      "UPDATE k SET v = v + 1; UPDATE k SET k = k || '!' WHERE v > 4; DELETE FROM k WHERE k = ''",
      "UPDATE x SET k = 1.000 WHERE v = 1; UPDATE x SET v = 9 WHERE k = 'NaN'; DELETE FROM x WHERE k = 2",
      "UPDATE f SET k = '-0' WHERE v = 1; UPDATE f SET v = 7 WHERE k = 'NaN'; DELETE FROM f WHERE k = 'Infinity'",
      "UPDATE j SET v = 5 WHERE k = '[]'; UPDATE j SET k = '{\"a\": 1.00}' WHERE v = 1; DELETE FROM j WHERE k = 'null'",
      "UPDATE u SET v = -v; DELETE FROM u WHERE v = -3",
    ],
  },
  {
    name: "names that need quotes",
    before: [
      'CREATE SCHEMA "Sales Übersicht"',
      'CREATE TABLE "Sales Übersicht"."Order ""Lines"" 1" ("Id" int PRIMARY KEY, "select" text, "ж" int, "a.b" int, "sum(x)" int, "it\'s" int, ";" int)',
      `CREATE TABLE "${"t".repeat(63)}" ("${"c".repeat(63)}" int PRIMARY KEY)`,
      'CREATE TABLE "it\'s" ("a\'b" int PRIMARY KEY)',
      'CREATE TABLE "UPPER" (id int PRIMARY KEY)',
      "CREATE SCHEMA main CREATE TABLE main.t (id int PRIMARY KEY)",
      'INSERT INTO "Sales Übersicht"."Order ""Lines"" 1" SELECT i, \'x\', i, i, i, i, i FROM generate_series(1, 5) i',
    ],
    steps: [
      'UPDATE "Sales Übersicht"."Order ""Lines"" 1" SET "select" = \'y\' WHERE "Id" < 3',
      `INSERT INTO "${"t".repeat(63)}" VALUES (1); INSERT INTO "it's" VALUES (1); INSERT INTO "UPPER" VALUES (1); INSERT INTO main.t VALUES (1)`,
      'DELETE FROM "Sales Übersicht"."Order ""Lines"" 1" WHERE "Id" = 3',
    ],
  },
  {
    name: "partitioned tables land as one, also when rows change partition",
    before: [
      "CREATE TABLE p (id int, region text, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region)",
      "CREATE TABLE p_north PARTITION OF p FOR VALUES IN ('north')",
      "CREATE TABLE p_rest PARTITION OF p DEFAULT PARTITION BY HASH (id)",
      "CREATE TABLE p_rest0 PARTITION OF p_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
      "CREATE TABLE p_rest1 PARTITION OF p_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
      "INSERT INTO p SELECT i, CASE i % 3 WHEN 0 THEN 'north' WHEN 1 THEN 'south' ELSE 'west' END, 'x' FROM generate_series(1, 60) i",
    ],
    steps: [
      "INSERT INTO p VALUES (100, 'north', 'n'), (101, 'south', 's')",
      "UPDATE p SET region = 'south' WHERE region = 'north' AND id < 20",
      "UPDATE p SET v = 'y' WHERE id % 2 = 0",
      "DELETE FROM p_north",
      "CREATE TABLE p_east PARTITION OF p FOR VALUES IN ('east'); INSERT INTO p VALUES (200, 'east', 'e')",
      "TRUNCATE p",
      "INSERT INTO p VALUES (1, 'west', 'w')",
    ],
  },
  {
    name: "savepoints, rollbacks and empty transactions",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, v text)",
      "CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)",
    ],
    steps: [
      "BEGIN; INSERT INTO t VALUES (1, 'kept'); SAVEPOINT a; INSERT INTO t VALUES (2, 'undone'); UPDATE t SET v = 'undone'; ROLLBACK TO a; INSERT INTO t VALUES (3, 'kept'); SAVEPOINT b; DELETE FROM t WHERE id = 1; RELEASE b; COMMIT",
      "BEGIN; INSERT INTO t VALUES (9, 'undone'); ROLLBACK",
      "BEGIN; COMMIT",
      "INSERT INTO unlogged VALUES (1)",
      "DO $$ BEGIN FOR i IN 10..200 LOOP BEGIN INSERT INTO t VALUES (i, 'x'); IF i % 2 = 0 THEN RAISE EXCEPTION 'no'; END IF; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$",
    ],
  },
]

for (const { name, before, steps } of cases) {
  test(name, async () => {
    const database = await testDatabase()
    await runSql(database.url, ...before)
    const pipeline = await testPipeline({ url: database.url })
    assert.deepEqual(await pipeline.differences(), [], "after the copy")
    for (const step of steps) {
      await runSql(database.url, step)
      assert.deepEqual(await pipeline.differences(), [], step)
    }
  })

  test(`${name}, in one batch`, async () => {
    const database = await testDatabase()
    await runSql(database.url, ...before)
    const copied = await testPipeline({ url: database.url })
    await copied.settle()
    await copied.stop()
    await runSql(database.url, ...steps)
    const { home, database: copy, handle } = copied
    const pipeline = await testPipeline({ url: database.url, home, database: copy, handle })
    assert.deepEqual(await pipeline.differences(), [])
    assert.deepEqual(pipeline.reports.copied, [], "nothing was copied anew")
  })
}
