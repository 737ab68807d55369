/** Transactions that change rows and what holds them in ways that seldom come together: the contents are equal in the end. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { testServer } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

interface Case {
  name: string
  before: string[]
  /** Each on its own; `$DB` is the database's name. */
  steps: string[]
  /** Left out: all. */
  tables?: string[]
}

const t =
  "CREATE TABLE t (id int PRIMARY KEY, v text, n int); INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 50) i"
const cases: readonly Case[] = [
  {
    name: "enum rename value",
    before: [
      "CREATE TYPE color AS ENUM ('red','green'); CREATE TABLE t (id int PRIMARY KEY, c color, cs color[]); INSERT INTO t SELECT i, 'red', '{red,green}' FROM generate_series(1,9) i",
    ],
    steps: [
      "ALTER TYPE color RENAME VALUE 'red' TO 'crimson'",
      "INSERT INTO t VALUES (100, 'crimson', '{crimson}')",
    ],
  },
  {
    name: "enum rename value, rows in the same tx",
    before: [
      "CREATE TYPE color AS ENUM ('red','green'); CREATE TABLE t (id int PRIMARY KEY, c color); INSERT INTO t SELECT i, 'red' FROM generate_series(1,9) i",
    ],
    steps: [
      "INSERT INTO t VALUES (99, 'red'); ALTER TYPE color RENAME VALUE 'red' TO 'crimson'; INSERT INTO t VALUES (100, 'crimson')",
    ],
  },
  {
    name: "enum type renamed and moved",
    before: [
      "CREATE TYPE color AS ENUM ('red','green'); CREATE TABLE t (id int PRIMARY KEY, c color); INSERT INTO t SELECT i, 'red' FROM generate_series(1,9) i",
    ],
    steps: [
      "ALTER TYPE color RENAME TO colour; INSERT INTO t VALUES (100, 'red')",
      "CREATE SCHEMA x; ALTER TYPE colour SET SCHEMA x; INSERT INTO t VALUES (101, 'red')",
    ],
  },
  {
    name: "deferrable primary key",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t SELECT i, 'v' FROM generate_series(1,9) i",
    ],
    steps: [
      "BEGIN; UPDATE t SET id = 10 - id; UPDATE t SET v = 'w' WHERE id = 3; INSERT INTO t VALUES (20,'a'); COMMIT",
      "BEGIN; INSERT INTO t VALUES (3, 'dup'); DELETE FROM t WHERE v = 'w'; UPDATE t SET v = 'z' WHERE id = 3; COMMIT",
    ],
  },
  {
    name: "partition made, filled, attached at once",
    before: [
      "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1,1)",
    ],
    steps: [
      "BEGIN; CREATE TABLE p2 (id int, part int, PRIMARY KEY (id, part)); INSERT INTO p2 VALUES (2,2); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2); INSERT INTO p VALUES (3, 2); COMMIT",
      "INSERT INTO p VALUES (4, 2)",
    ],
  },
  {
    name: "partition made like, filled, attached at once",
    before: [
      "CREATE TABLE p (id int not null, part int not null) PARTITION BY LIST (part); ALTER TABLE p REPLICA IDENTITY FULL; CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER TABLE p1 REPLICA IDENTITY FULL; INSERT INTO p VALUES (1,1)",
    ],
    steps: [
      "BEGIN; CREATE TABLE p2 (LIKE p INCLUDING ALL); ALTER TABLE p2 REPLICA IDENTITY FULL; INSERT INTO p2 VALUES (2,2); ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2); COMMIT",
    ],
  },
  {
    name: "partition detached, changed and attached",
    before: [
      "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1,1), (2,1)",
    ],
    steps: [
      "BEGIN; INSERT INTO p VALUES (5,1); ALTER TABLE p DETACH PARTITION p1; INSERT INTO p1 VALUES (3,1); DELETE FROM p1 WHERE id = 1; ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1); INSERT INTO p VALUES (4, 1); COMMIT",
    ],
  },
  {
    name: "partition detached, changed and attached, three transactions",
    before: [
      "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1,1), (2,1)",
    ],
    steps: [
      "ALTER TABLE p DETACH PARTITION p1",
      "INSERT INTO p1 VALUES (3,1); DELETE FROM p1 WHERE id = 1",
      "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)",
      "INSERT INTO p VALUES (4, 1)",
    ],
  },
  {
    name: "partition written around its root",
    before: [
      "CREATE TABLE p (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1,1), (2,1)",
    ],
    steps: ["INSERT INTO p1 VALUES (3,1); UPDATE p1 SET id = 9 WHERE id = 1; DELETE FROM p1 WHERE id = 2"],
  },
  {
    name: "partition's columns in other order, rows move",
    before: [
      "CREATE TABLE p (id int, part int, v text, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 (v text, junk int, part int not null, id int not null, PRIMARY KEY (id, part)); ALTER TABLE p2 DROP junk; ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2); ALTER TABLE p1 ALTER v SET STORAGE EXTERNAL; INSERT INTO p SELECT i, 1 + i % 2, repeat('x', 3000) || i FROM generate_series(1,20) i",
    ],
    steps: [
      "UPDATE p SET part = 3 - part",
      "UPDATE p SET id = id + 100 WHERE id < 9",
      "UPDATE p SET part = 1, id = id + 100 WHERE part = 2 AND id < 15",
      "DELETE FROM p WHERE id % 3 = 0",
    ],
  },
  {
    name: "column type on a partitioned table between rows",
    before: [
      "CREATE TABLE p (id int, part int, v text, n int, PRIMARY KEY (id, part)) PARTITION BY LIST (part); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); INSERT INTO p SELECT i, 1 + i % 2, 'x', i FROM generate_series(1,20) i",
    ],
    steps: [
      "BEGIN; UPDATE p SET n = n + 1; ALTER TABLE p ALTER n TYPE bigint; UPDATE p SET n = 5000000000 WHERE id = 3; ALTER TABLE p ADD c int DEFAULT 5; INSERT INTO p VALUES (99, 1, 'y', 7, 8); COMMIT",
      "ALTER TABLE p RENAME v TO w; UPDATE p SET w = 'z' WHERE id < 9",
    ],
  },
  {
    name: "generated column's expression",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, v int, g int GENERATED ALWAYS AS (v * 2) STORED); INSERT INTO t SELECT i, i FROM generate_series(1,9) i",
    ],
    steps: ["ALTER TABLE t ALTER g SET EXPRESSION AS (v * 3)", "INSERT INTO t (id, v) VALUES (100, 3)"],
  },
  {
    name: "generated column's expression is dropped",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, v int, g int GENERATED ALWAYS AS (v * 2) STORED); INSERT INTO t SELECT i, i FROM generate_series(1,9) i",
    ],
    steps: [
      "ALTER TABLE t ALTER g DROP EXPRESSION",
      "INSERT INTO t (id, v, g) VALUES (100, 3, 77); UPDATE t SET g = 5 WHERE id = 3",
    ],
  },
  {
    name: "floats without a key",
    before: [
      "CREATE TABLE t (f float8, g float4); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES ('-0','-0'), (0,0), ('NaN','NaN'), ('-0',0), (0,'-0'), (1,'NaN')",
    ],
    steps: [
      "DELETE FROM t WHERE f::text = '-0' AND g::text = '-0'",
      "UPDATE t SET g = 5 WHERE f::text = '0' AND g::text = '-0'; DELETE FROM t WHERE f = 'NaN'",
      "INSERT INTO t VALUES ('-0', 0); DELETE FROM t WHERE f::text = '0'",
    ],
  },
  {
    name: "float as key",
    before: [
      "CREATE TABLE t (f float8 PRIMARY KEY, v int); INSERT INTO t VALUES ('-0', 1), ('NaN', 2), ('Infinity', 3), (1e-320, 4)",
    ],
    steps: [
      "UPDATE t SET f = 0 WHERE f = 0",
      "UPDATE t SET v = v + 10",
      "DELETE FROM t WHERE f = 'NaN'; UPDATE t SET f = '-0' WHERE f = 0; DELETE FROM t WHERE v = 14",
    ],
  },
  {
    name: "keys that are equal and print otherwise",
    before: [
      "CREATE EXTENSION citext; CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE t (k citext PRIMARY KEY, v int); CREATE TABLE u (k numeric PRIMARY KEY, v int); CREATE TABLE w (k text COLLATE ci PRIMARY KEY, v int); CREATE TABLE x (k char(5) PRIMARY KEY, v int); CREATE TABLE y (k interval PRIMARY KEY, v int); INSERT INTO t VALUES ('a', 1); INSERT INTO u VALUES (1.0, 1); INSERT INTO w VALUES ('a', 1); INSERT INTO x VALUES ('a', 1); INSERT INTO y VALUES ('24 hours', 1)",
    ],
    steps: [
      "UPDATE t SET k = 'A'; UPDATE u SET k = 1.00; UPDATE w SET k = 'A'; UPDATE x SET k = 'a  '; UPDATE y SET k = '1 day'",
      "UPDATE t SET v = 2; UPDATE u SET v = 2; UPDATE w SET v = 2; UPDATE x SET v = 2; UPDATE y SET v = 2",
      "DELETE FROM t; INSERT INTO t VALUES ('a', 1); DELETE FROM u; INSERT INTO u VALUES (1, 1); DELETE FROM w; INSERT INTO w VALUES ('a', 1); DELETE FROM y; INSERT INTO y VALUES ('24:00', 4)",
    ],
  },
  {
    name: "replica identity switches in mid transaction",
    before: [t],
    steps: [
      "BEGIN; UPDATE t SET id = id + 100 WHERE id < 5; ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET id = id + 100 WHERE id < 10; DELETE FROM t WHERE id = 20; ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET id = id + 100 WHERE id < 20; DELETE FROM t WHERE id = 30; COMMIT",
      "BEGIN; ALTER TABLE t REPLICA IDENTITY NOTHING; INSERT INTO t VALUES (900, 'x', 1); ALTER TABLE t REPLICA IDENTITY DEFAULT; DELETE FROM t WHERE id = 900; INSERT INTO t VALUES (901, 'x', 1); COMMIT",
    ],
  },
  {
    name: "another index identifies, in mid transaction",
    before: [`${t}; ALTER TABLE t ALTER n SET NOT NULL; CREATE UNIQUE INDEX tn ON t (n)`],
    steps: [
      "BEGIN; UPDATE t SET id = id + 100 WHERE id < 5; ALTER TABLE t REPLICA IDENTITY USING INDEX tn; UPDATE t SET n = n + 100 WHERE id < 10; DELETE FROM t WHERE id = 20; UPDATE t SET id = id + 1000 WHERE id = 21; ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET id = id + 100 WHERE id < 20; COMMIT",
      "ALTER TABLE t REPLICA IDENTITY USING INDEX tn; UPDATE t SET n = n + 1000, v = 'q' WHERE id < 30; UPDATE t SET id = id + 10000 WHERE n = 40",
      "BEGIN; ALTER TABLE t DROP CONSTRAINT t_pkey; UPDATE t SET id = 7; INSERT INTO t VALUES (7, 'e', 7777777); COMMIT",
    ],
  },
  {
    name: "another key while rows come",
    before: [t],
    steps: [
      "BEGIN; ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE t DROP CONSTRAINT t_pkey; UPDATE t SET id = 1 WHERE id < 10; INSERT INTO t VALUES (1, 'v1', 1); DELETE FROM t WHERE n = 3; UPDATE t SET id = n; DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t WHERE id = 1); ALTER TABLE t ADD PRIMARY KEY (n); ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET n = n + 1000 WHERE id < 7; UPDATE t SET id = 5; COMMIT",
      "DELETE FROM t WHERE n = 22",
    ],
  },
  {
    name: "savepoints around definitions",
    before: [t],
    steps: [
      "BEGIN; UPDATE t SET v = 'a' WHERE id < 5; SAVEPOINT s; ALTER TABLE t ADD c int DEFAULT 1; UPDATE t SET c = 2; ROLLBACK TO s; UPDATE t SET v = 'b' WHERE id = 7; SAVEPOINT s2; ALTER TABLE t DROP n; INSERT INTO t VALUES (100, 'x'); SAVEPOINT s3; ALTER TABLE t ADD n text DEFAULT 'new'; UPDATE t SET n = 'q' WHERE id = 9; ROLLBACK TO s3; ALTER TABLE t ADD n date; UPDATE t SET n = '2026-01-01' WHERE id < 3; RELEASE s2; COMMIT",
      "UPDATE t SET n = '2027-01-01' WHERE id > 40",
    ],
  },
  {
    name: "two-phase commit with definitions",
    before: [t],
    steps: [
      "BEGIN; UPDATE t SET v = 'p'; ALTER TABLE t ADD c int DEFAULT 4; UPDATE t SET c = 5 WHERE id < 9; ALTER TABLE t RENAME v TO w; INSERT INTO t VALUES (100, 'x', 1, 1); PREPARE TRANSACTION '$DB'",
      "CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other VALUES (1)",
      "COMMIT PREPARED '$DB'",
      "UPDATE t SET c = 6 WHERE id = 20",
    ],
  },
  {
    name: "columns of one name",
    before: [t],
    steps: [
      "BEGIN; UPDATE t SET v = 'a'; ALTER TABLE t DROP v; ALTER TABLE t ADD v text DEFAULT 'fresh'; UPDATE t SET v = 'b' WHERE id < 5; ALTER TABLE t DROP v; ALTER TABLE t ADD v text; COMMIT",
      "UPDATE t SET v = 'c' WHERE id = 9",
    ],
  },
  {
    name: "defaults of odd types",
    before: [
      `CREATE EXTENSION hstore; CREATE TYPE comp AS (a int, b text); CREATE TYPE col AS ENUM ('r','g'); CREATE DOMAIN dom AS numeric(6,2) DEFAULT 1.5; ${t}`,
    ],
    steps: [
      "ALTER TABLE t ADD a int[] DEFAULT '{1,NULL,3}', ADD b text[] DEFAULT ARRAY['a,b', NULL, '\"q\"', '{}'], ADD c comp DEFAULT ROW(1, 'x,\"y'), ADD d box DEFAULT '(1,1),(0,0)', ADD e col DEFAULT 'g', ADD f dom, ADD g hstore DEFAULT 'a=>1', ADD h jsonb DEFAULT '{\"a\": [1, 2.50]}', ADD i json DEFAULT '{ \"a\":1 }', ADD j bytea DEFAULT '\\x00ff', ADD k char(5) DEFAULT 'a', ADD l interval DEFAULT '1 day -2 hours', ADD m timestamptz DEFAULT '2026-01-01 00:00+05', ADD n2 float4 DEFAULT '1.1', ADD o text DEFAULT '', ADD p text DEFAULT E'{\"}\\\\,\\n\\'', ADD q date DEFAULT 'infinity', ADD r int4range DEFAULT '[1,5)', ADD s comp[] DEFAULT ARRAY[ROW(1,'a')::comp], ADD u box[] DEFAULT ARRAY['(1,1),(0,0)'::box], ADD v2 money DEFAULT 12.5, ADD w inet DEFAULT '10.0.0.1/8', ADD x bit(3) DEFAULT B'101', ADD y numeric DEFAULT 'NaN', ADD z text DEFAULT 'NULL'; INSERT INTO t (id) VALUES (100)",
    ],
  },
  {
    name: "session settings of the database",
    before: [
      `CREATE TABLE t (id int PRIMARY KEY, d date, ts timestamptz, i interval, f float8, b bytea, m money, e xid8); INSERT INTO t SELECT i, '2026-01-02', now(), '1 day 2 hours', 0.1::float8 + 0.2, '\\x01', 12.34 FROM generate_series(1,9) i; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET datestyle TO german', current_database()); EXECUTE format('ALTER DATABASE %I SET intervalstyle TO iso_8601', current_database()); EXECUTE format('ALTER DATABASE %I SET extra_float_digits TO -5', current_database()); EXECUTE format('ALTER DATABASE %I SET bytea_output TO escape', current_database()); EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'Asia/Tokyo'); END $$`,
    ],
    steps: ["INSERT INTO t SELECT id + 100, d, ts, i, f, b, m, e FROM t", "UPDATE t SET f = f * 1.1"],
  },
  {
    name: "tables that inherit",
    before: [
      "CREATE TABLE par (id int PRIMARY KEY, v text); CREATE TABLE kid (PRIMARY KEY (id), x int) INHERITS (par); INSERT INTO par VALUES (1,'p'); INSERT INTO kid VALUES (2,'k',2)",
    ],
    steps: [
      "UPDATE par SET v = 'both'; INSERT INTO kid VALUES (3,'k',3)",
      "ALTER TABLE par ADD n int DEFAULT 3; UPDATE par SET n = 4 WHERE id = 2",
      "ALTER TABLE kid NO INHERIT par; UPDATE par SET v = 'x'; TRUNCATE par",
      "ALTER TABLE kid INHERIT par; DELETE FROM par WHERE id = 3; TRUNCATE ONLY par",
    ],
    tables: ["public.kid"],
  },
  {
    name: "written anew and its name taken, in one transaction",
    before: [t],
    steps: [
      "BEGIN; CREATE TABLE t2 AS SELECT * FROM t; ALTER TABLE t2 ADD PRIMARY KEY (id); INSERT INTO t VALUES (500, 'lost', 1); UPDATE t2 SET v = 'anew'; DROP TABLE t; ALTER TABLE t2 RENAME TO t; INSERT INTO t VALUES (100, 'q', 1); COMMIT",
      "INSERT INTO t VALUES (101, 'r', 1)",
    ],
  },
  {
    name: "huge arrays and rows",
    before: [
      "CREATE TABLE t (id int PRIMARY KEY, a int[], b text[]); INSERT INTO t VALUES (1, (SELECT array_agg(i) FROM generate_series(1,500000) i), (SELECT array_agg('x' || i) FROM generate_series(1,200000) i))",
    ],
    steps: [
      "INSERT INTO t SELECT 2, a, b FROM t; UPDATE t SET id = id + 10; UPDATE t SET a[7] = NULL WHERE id = 11",
    ],
  },
  {
    name: "type of a column back and forth",
    before: [t],
    steps: [
      "BEGIN; ALTER TABLE t ALTER n TYPE bigint; UPDATE t SET n = 5 WHERE id = 1; ALTER TABLE t ALTER n TYPE int; UPDATE t SET n = 6 WHERE id = 2; COMMIT",
      "BEGIN; ALTER TABLE t ALTER n TYPE int USING n + 1; UPDATE t SET v = 'q' WHERE id = 3; COMMIT",
      "ALTER TABLE t ALTER n TYPE int USING n * 2",
    ],
  },
  {
    name: "rule, trigger and cascade write",
    before: [
      `${t}; CREATE TABLE log (id serial PRIMARY KEY, what text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (what) VALUES (TG_OP); IF TG_OP = ''DELETE'' THEN RETURN old; END IF; new.v = new.v || ''+''; RETURN new; END'; CREATE TRIGGER tr BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()`,
    ],
    steps: [
      "UPDATE t SET id = id + 1000 WHERE id < 9; DELETE FROM t WHERE id > 1005; INSERT INTO t VALUES (7, 'x', 1) ON CONFLICT (id) DO UPDATE SET n = 8; MERGE INTO t USING (SELECT 7 AS id) s ON s.id = t.id WHEN MATCHED THEN UPDATE SET n = 9 WHEN NOT MATCHED THEN INSERT VALUES (1,'y',2)",
    ],
  },
  {
    name: "truncate, key changes and savepoints",
    before: [t],
    steps: [
      "BEGIN; UPDATE t SET id = -id; SAVEPOINT a; TRUNCATE t; INSERT INTO t VALUES (1, 'x', 1); ROLLBACK TO a; UPDATE t SET id = -id; COMMIT",
      "BEGIN; UPDATE t SET id = -id; TRUNCATE t; INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2); UPDATE t SET id = 3 - id + 100; UPDATE t SET id = id - 100; COMMIT",
    ],
  },
  {
    name: "virtual generated columns come and go",
    before: [t],
    steps: [
      "ALTER TABLE t ADD g int GENERATED ALWAYS AS (n * 2) VIRTUAL; INSERT INTO t VALUES (100, 'x', 3)",
      "ALTER TABLE t DROP g, ADD h int GENERATED ALWAYS AS (n * 3) STORED; INSERT INTO t VALUES (101, 'x', 3)",
      "ALTER TABLE t DROP h, ALTER n TYPE bigint; UPDATE t SET n = 4 WHERE id = 5",
    ],
  },
]

const server = testServer({ max_prepared_transactions: 10 })
let databases = 0

async function becomesEqual({ before, steps, tables }: Case): Promise<void> {
  const name = `odd${++databases}`
  const { url: urlOf } = await server
  await runSql(urlOf(), `CREATE DATABASE ${name}`)
  const url = urlOf(name)
  await runSql(url, ...before)
  const pipeline = await testPipeline({ url })
  for (const step of steps) await runSql(url, step.replaceAll("$DB", name))
  let last: string[] = []
  const isEqual = async () => {
    last = await pipeline.differences(tables)
    return last.length === 0
  }
  await waitUntil(isEqual, { what: "source and copy to be equal", timeoutMs: 90_000, intervalMs: 300 }).catch(
    (error: unknown) => {
      throw new Error(last.join("\n"), { cause: error })
    },
  )
  assert.deepEqual(pipeline.reports.problems, [])
  await pipeline.stop()
}

describe("odd transactions", { concurrency: 3 }, () => {
  for (const one of cases) test(one.name, () => becomesEqual(one))
})
