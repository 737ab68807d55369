/** What a test does to tables `t` and `u` while they stream. */
export interface SchemaChangeCase {
  name: string
  /** The row of docs/replication/schema-changes.md that it shows, by how that begins. */
  row?: string
  before?: string[]
  /** Each is sent as one: several statements of one are one transaction. */
  steps: string[]
  /** Whether the tables go on as they are, or are resynced beside. */
  how: "in place" | "beside"
  /** Servers before this version (as 180000) do not send what makes the difference. */
  since?: number
}

const rows = "INSERT INTO t SELECT i, 'v' || i, i FROM generate_series(1, 50) i"
export const created = [
  "CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int)",
  rows,
  "CREATE TABLE u (id int PRIMARY KEY, v text)",
  "INSERT INTO u SELECT i, 'u' || i FROM generate_series(1, 5) i",
]

/** Refers to `t` in two ways. */
const withChild = [
  "CREATE TABLE child (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE, other int REFERENCES t ON DELETE SET NULL ON UPDATE CASCADE)",
  "INSERT INTO child SELECT i, i, 51 - i FROM generate_series(1, 50) i",
]

export const cases: SchemaChangeCase[] = [
  {
    name: "a column without default",
    row: "`ADD COLUMN`, no default",
    steps: [
      "ALTER TABLE t ADD c text",
      "INSERT INTO t VALUES (60, 'x', 1, 'c')",
      "UPDATE t SET c = v WHERE id < 9",
    ],
    how: "in place",
  },
  {
    name: "columns with constant defaults, as they were then",
    row: "`ADD COLUMN`, no default",
    steps: [
      "ALTER TABLE t ADD a text DEFAULT 'it''s', ADD b numeric(10,2) DEFAULT 1.50, ADD d timestamptz DEFAULT now(), ADD e int[] DEFAULT '{1,2}', ADD f bytea DEFAULT '\\x00ff5c', ADD g jsonb DEFAULT '{\"a\": [1]}', ADD h float8 DEFAULT 'NaN', ADD i date DEFAULT '-infinity', ADD j bool DEFAULT false, ADD k uuid DEFAULT '00000000-0000-0000-0000-000000000001'",
      "ALTER TABLE t ALTER a SET DEFAULT 'later'",
      "INSERT INTO t (id) VALUES (61)",
      "DELETE FROM t WHERE id < 5",
    ],
    how: "in place",
  },
  {
    name: "between two writes of one transaction, several at once",
    steps: [
      "UPDATE t SET v = 'before' WHERE id < 10; ALTER TABLE t ADD c date DEFAULT '2026-01-01'; UPDATE t SET c = '2026-02-02' WHERE id = 1; ALTER TABLE t RENAME v TO w; ALTER TABLE t DROP n; INSERT INTO t VALUES (70, 'w', NULL); DELETE FROM t WHERE w = 'before' AND id > 5",
    ],
    how: "in place",
  },
  {
    name: "a column goes, and one of another type comes under its name",
    row: "`DROP COLUMN`",
    steps: ["ALTER TABLE t DROP n, ADD n text DEFAULT 'new'", "INSERT INTO t VALUES (60, 'x', 'y')"],
    how: "in place",
  },
  {
    name: "columns exchange their names",
    row: "`DROP COLUMN`",
    steps: [
      "ALTER TABLE t ADD w varchar(20); UPDATE t SET w = 'w' || id",
      "ALTER TABLE t RENAME v TO x; ALTER TABLE t RENAME w TO v; ALTER TABLE t RENAME x TO w; INSERT INTO t VALUES (60, 'w60', 1, 'v60')",
    ],
    how: "in place",
  },
  {
    name: "types that keep their values",
    row: "type changes that leave the rows",
    before: ["ALTER TABLE t ADD p numeric(6,2)", "UPDATE t SET p = id"],
    steps: [
      "ALTER TABLE t ALTER v TYPE varchar(40), ALTER p TYPE numeric(12,2)",
      "UPDATE t SET v = repeat('x', 40), p = 1234567890.12 WHERE id = 3",
      "ALTER TABLE t ALTER v TYPE text",
      "UPDATE t SET v = repeat('y', 400) WHERE id = 4",
    ],
    how: "in place",
  },
  {
    name: "a type whose values are written anew",
    row: "every other type change",
    steps: ["ALTER TABLE t ALTER n TYPE bigint", "UPDATE t SET n = 5000000000 WHERE id = 3"],
    how: "beside",
  },
  {
    name: "values written anew under the same type, with and without rows after it",
    row: "every other type change",
    steps: ["ALTER TABLE t ALTER v TYPE varchar(20) USING upper(v)", "INSERT INTO t VALUES (60, 'low', 1)"],
    how: "beside",
  },
  {
    name: "a column that goes and comes back under its name and type, with rows after it",
    row: "a column dropped and one",
    steps: ["ALTER TABLE t DROP n, ADD n int; INSERT INTO t VALUES (60, 'x', 1)"],
    how: "beside",
  },
  {
    name: "a column that goes and comes back under its name and type, and no row follows",
    row: "a column dropped and one",
    steps: ["ALTER TABLE t DROP n, ADD n int", "INSERT INTO t VALUES (60, 'x', 1)"],
    how: "in place",
  },
  {
    name: "a column with a volatile default",
    row: "`ADD COLUMN` with a volatile",
    steps: ["ALTER TABLE t ADD r float8 DEFAULT random()", "INSERT INTO t VALUES (60, 'x', 1)"],
    how: "beside",
  },
  {
    name: "the key is another column, then none, then the first again",
    row: "primary key or",
    steps: [
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER n SET NOT NULL; ALTER TABLE t ADD PRIMARY KEY (n); UPDATE t SET v = 'by n' WHERE n < 5",
      "UPDATE t SET n = -n WHERE n > 45",
      "ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (1, 'twice', 100), (1, 'twice', 100)",
      "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE v = 'twice')",
      "DELETE FROM t WHERE v = 'twice'; ALTER TABLE t ADD PRIMARY KEY (id); ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET v = 'by id' WHERE id = 7",
      "UPDATE t SET id = id + 1000 WHERE id > 40",
    ],
    how: "in place",
  },
  {
    name: "the replica identity becomes an index, and all columns",
    row: "primary key or",
    steps: [
      "ALTER TABLE t ALTER n SET NOT NULL; CREATE UNIQUE INDEX t_n ON t (n); ALTER TABLE t REPLICA IDENTITY USING INDEX t_n; UPDATE t SET n = n + 1000 WHERE id < 5",
      "DELETE FROM t WHERE n > 1001",
      "ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET v = 'full' WHERE id > 40",
      "DELETE FROM t WHERE v = 'full' AND id > 45",
    ],
    how: "in place",
  },
  {
    name: "tables are renamed, and exchange their names in one transaction",
    row: "`RENAME TO`",
    steps: [
      "ALTER TABLE t RENAME TO t2; INSERT INTO t2 VALUES (60, 'x', 1)",
      "ALTER TABLE t2 RENAME TO x; ALTER TABLE u RENAME TO t2; ALTER TABLE x RENAME TO u; UPDATE u SET v = 'was t' WHERE id < 9; DELETE FROM t2 WHERE id = 1",
      "INSERT INTO t2 VALUES (61, 'u')",
    ],
    how: "in place",
  },
  {
    name: "tables exchange their names, and only one has rows after it",
    row: "`RENAME TO`",
    steps: [
      "ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t; ALTER TABLE x RENAME TO u",
      "UPDATE u SET v = 'was t' WHERE id < 9",
    ],
    how: "in place",
  },
  {
    name: "a table moves to another schema, and a schema is renamed",
    row: "`RENAME TO`",
    steps: [
      "CREATE SCHEMA moved; ALTER TABLE t SET SCHEMA moved; UPDATE moved.t SET v = 'moved' WHERE id < 9",
      'ALTER SCHEMA moved RENAME TO "Moved again"',
      "INSERT INTO \"Moved again\".t VALUES (60, 'x', 1)",
    ],
    how: "in place",
  },
  {
    name: "changes that no row follows",
    steps: [
      "ALTER TABLE t ADD c int DEFAULT 3, DROP n; ALTER TABLE t RENAME v TO w; ALTER TABLE u RENAME TO u2; ALTER TABLE u2 ADD d text",
    ],
    how: "in place",
  },
  {
    name: "a table is emptied and filled anew, and written anew without a change",
    row: "`TRUNCATE`, `VACUUM FULL`",
    steps: [
      "TRUNCATE t",
      rows,
      "VACUUM FULL t",
      "CLUSTER t USING t_pkey",
      "UPDATE t SET v = 'x' WHERE id = 1",
    ],
    how: "in place",
  },
  {
    name: "a generated column, whose values are written into every row",
    since: 180_000,
    row: "`ADD COLUMN` with a volatile",
    steps: [
      "ALTER TABLE t ADD twice int GENERATED ALWAYS AS (id * 2) STORED",
      "INSERT INTO t (id, v) VALUES (61, 'x')",
    ],
    how: "beside",
  },
  {
    name: "what changes no value and no type",
    steps: [
      "ALTER TABLE t ALTER v SET NOT NULL, ALTER n SET DEFAULT 5, ADD CHECK (id > 0); CREATE INDEX ON t (v); COMMENT ON TABLE t IS 'x'; ANALYZE t",
      "INSERT INTO t (id, v) VALUES (60, 'x')",
    ],
    how: "in place",
  },
  {
    name: "foreign keys that cascade and set null, with changes of both tables between",
    before: withChild,
    steps: [
      "DELETE FROM t WHERE id < 5; ALTER TABLE child ADD x int DEFAULT 4; UPDATE t SET id = id + 1000 WHERE id > 40; ALTER TABLE t ADD y text DEFAULT 'y'; DELETE FROM t WHERE id > 1045",
      "ALTER TABLE child RENAME t TO parent; DELETE FROM t WHERE id = 20",
      "ALTER TABLE t DROP n; UPDATE t SET id = -id WHERE id < 10; ALTER TABLE child DROP x; DELETE FROM t WHERE id < 0",
    ],
    how: "in place",
  },
  {
    name: "TRUNCATE … CASCADE, with changes of both tables around it",
    row: "`TRUNCATE`, `VACUUM FULL`",
    before: withChild,
    steps: [
      "ALTER TABLE child ADD x int DEFAULT 4; ALTER TABLE t ADD y text; UPDATE child SET x = 5 WHERE id < 9",
      "UPDATE child SET x = 6; TRUNCATE t CASCADE; INSERT INTO t (id) VALUES (1), (2); INSERT INTO child VALUES (1, 1, 2, 9)",
      "ALTER TABLE child RENAME x TO z; ALTER TABLE t DROP y; INSERT INTO t (id) VALUES (3); INSERT INTO child VALUES (2, 3, 3, 9)",
    ],
    how: "in place",
  },
  {
    name: "TRUNCATE … CASCADE and changes of both tables in one transaction",
    row: "`TRUNCATE`, also by",
    before: withChild,
    steps: [
      "ALTER TABLE child ADD x int DEFAULT 4; ALTER TABLE t ADD y text; TRUNCATE t CASCADE; ALTER TABLE child RENAME x TO z; INSERT INTO t (id) VALUES (1), (2); INSERT INTO child VALUES (1, 1, 2, 9)",
      "UPDATE child SET z = 10; TRUNCATE t CASCADE; ALTER TABLE t DROP y",
      "INSERT INTO t (id) VALUES (3); INSERT INTO child VALUES (1, 3, 3, 9)",
    ],
    how: "beside",
  },
  {
    name: "a table goes, and another of its name and shape comes in the same transaction",
    row: "`CREATE TABLE`",
    steps: [
      "UPDATE t SET v = 'last'; DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int); INSERT INTO t VALUES (1, 'first', 1)",
      "UPDATE t SET v = 'second'; INSERT INTO t VALUES (2, 'x', 2)",
    ],
    how: "beside",
  },
  {
    name: "a table goes, and one of another shape comes under its name, twice in one transaction",
    row: "`CREATE TABLE`",
    steps: [
      "DROP TABLE t; CREATE TABLE t (n text PRIMARY KEY); INSERT INTO t VALUES ('never seen'); DROP TABLE t; CREATE TABLE t (x date PRIMARY KEY, id int); INSERT INTO t VALUES ('2026-01-01', 1); ALTER TABLE t ADD y int DEFAULT 3; INSERT INTO t VALUES ('2026-01-02', 2, 4)",
      "UPDATE t SET y = 5 WHERE id = 1",
    ],
    how: "beside",
  },
  {
    name: "a table goes, and another takes its name and is written anew",
    row: "every other type change",
    steps: [
      "DROP TABLE u; ALTER TABLE t RENAME TO u; ALTER TABLE u ALTER n TYPE bigint; INSERT INTO u VALUES (90, 'x', 1)",
      "UPDATE u SET n = 5000000000 WHERE id = 90",
    ],
    how: "beside",
  },
  {
    name: "tables exchange their names, and one is written anew",
    row: "every other type change",
    steps: [
      "UPDATE t SET v = 'before'; ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t; ALTER TABLE x RENAME TO u; ALTER TABLE u ALTER n TYPE bigint; UPDATE u SET n = 5000000000 WHERE id = 9; INSERT INTO t VALUES (90, 'u')",
      "UPDATE u SET n = 6; INSERT INTO t VALUES (91, 'u')",
    ],
    how: "beside",
  },
]
