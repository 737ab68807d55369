/** Statements as clients send them, with the rows they must get, or the error. */
export interface AnswerCase {
  about: string
  sql: string
  values?: unknown[]
  /** Rows as arrays, with the driver's own types; or the code of the error and a part of its message. */
  answer: unknown[][] | { code: string; says?: string }
}

const rows = (about: string, sql: string, answer: unknown[][], values?: unknown[]): AnswerCase =>
  values === undefined ? { about, sql, answer } : { about, sql, answer, values }
const fails = (about: string, sql: string, code: string, says: string): AnswerCase => ({
  about,
  sql,
  answer: { code, says },
})

/** On one connection of an administrator to `shop`, in this order. */
export const statementCases: AnswerCase[] = [
  rows("Sequelize: its time zone", "SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE", []),
  rows("Sequelize: another zone", "SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE", []),
  rows("an interval counts east of UTC", "SELECT TIMESTAMPTZ '2024-01-01 12:00:00+00'::varchar", [
    ["2024-01-01 04:00:00-08"],
  ]),
  fails(
    "half an hour has no fixed zone",
    "SET TIME ZONE INTERVAL '+05:30' HOUR TO MINUTE",
    "22023",
    "+05:30",
  ),
  rows("back to UTC", "SET TIME ZONE 'UTC'", []),
  rows("TypeORM: schema", "SELECT * FROM current_schema()", [["public"]]),
  rows("a function in FROM under another name", "SELECT x.c FROM current_database() AS x(c)", [["shop"]]),
  rows("a function in FROM, qualified", "SELECT * FROM pg_catalog.\"lower\"('ABC') l", [["abc"]]),
  rows("a function of the session in FROM", "SELECT * FROM current_setting('jit') s", [["off"]]),
  rows("generate_series in FROM, qualified", "SELECT sum(x) FROM pg_catalog.generate_series(1, 3) x", [
    ["6"],
  ]),
  rows("ActiveRecord: intervals in ISO 8601", "SET intervalstyle = iso_8601", []),
  rows(
    "intervals in that style",
    "SELECT (INTERVAL '1 year 2 months -3 days 4:05:06.789')::interval, INTERVAL '-4:05', [INTERVAL '0 s']",
    [["P1Y2M-3DT4H5M6.789S", "PT-4H-5M", "{PT0S}"]],
  ),
  rows("intervals as usual", "RESET intervalstyle", []),
  rows("intervals as usual again", "SELECT INTERVAL '1 day 2:00'", [["1 day 02:00:00"]]),
  fails("a style that is not there", "SET intervalstyle = sql_standard", "22023", "IntervalStyle"),
  rows("asyncpg: what a pool sends on release", "SELECT pg_advisory_unlock_all()", [[""]]),
  rows("asyncpg: stop listening", "UNLISTEN *", []),
  fails("locks that nobody would keep", "SELECT pg_advisory_lock(1)", "0A000", "advisory locks"),
  rows(
    "asyncpg: no JIT while it looks at types",
    "SELECT current_setting('jit') AS cur, set_config('jit', 'off', false) AS new",
    [["off", "off"]],
  ),
  rows(
    "set_config with a parameter",
    "SELECT set_config('application_name', $1, false)",
    [["mine"]],
    ["mine"],
  ),
  rows("what set_config has set", "SHOW application_name", [["mine"]]),
  rows("pg_dump: no search path", "SELECT pg_catalog.set_config('search_path', '', false)", [[""]]),
  fails("without a search path", "SELECT * FROM orders", "42P01", "orders"),
  rows("back", "SELECT set_config('search_path', 'public', false)", [["public"]]),
  rows(
    "pgAdmin: set_config of a setting's row",
    "SELECT set_config('bytea_output','hex',false) FROM pg_settings WHERE name = 'standard_conforming_strings'",
    [["hex"]],
  ),
  fails(
    "set_config for each row",
    "SELECT set_config('application_name', 'x', false) FROM orders",
    "0A000",
    "without FROM",
  ),
  fails("set_config inside", "SELECT length(set_config('jit', 'off', false))", "0A000", "list only"),
  fails("set_config of what is fixed", "SELECT set_config('lc_ctype', 'x', false)", "55P02", "lc_ctype"),
  rows("BEGIN", "BEGIN", []),
  rows("set_config until the end", "SELECT set_config('application_name', 'local', true)", [["local"]]),
  rows("COMMIT", "COMMIT", []),
  rows("as before", "SHOW application_name", [["mine"]]),
  rows(
    "SQLAlchemy 2 with psycopg3: a type that is not there",
    "SELECT to_regtype('hstore'), to_regtype('int4'), to_regtype('character varying')",
    [[null, "23", "1043"]],
  ),
  rows("names that are there", "SELECT to_regclass('orders') = 'orders'::regclass, to_regnamespace('none')", [
    [true, null],
  ]),
  rows("Grafana: parse_ident", `SELECT parse_ident('Public."Or.Der"""')`, [[["public", 'Or.Der"']]]),
  rows(
    "Grafana: string_to_array",
    "SELECT string_to_array('a,b', ','), array_upper(string_to_array('a,b', ','), 1), trim(s[2]) FROM string_to_array('\"$user\", public', ',') s",
    [[["a", "b"], 2, "public"]],
  ),
  rows("array literals", `SELECT '{a,"b, c",NULL}'::text[], '{1,2}'::int[], '{}'::text[]`, [
    [["a", "b, c", null], [1, 2], []],
  ]),
  rows("the names of whoever asks", "SELECT user, current_user, session_user", [["admin", "admin", "admin"]]),
  rows("schemas", "SELECT current_schemas(true), current_schemas(false)", [
    [["pg_catalog", "public"], ["public"]],
  ]),
  rows("generate_series to a parameter", "SELECT * FROM generate_series(1, $1)", [["1"], ["2"]], [2]),
  rows(
    "generate_series to a parameter, named",
    "SELECT g.x FROM generate_series(1, $1) g(x) WHERE x > $2",
    [["2"]],
    [2, 1],
  ),
  rows("unnest in FROM", "SELECT * FROM unnest($1::int[]) AS u(id)", [[1], [2]], [[1, 2]]),
  rows(
    "unnest in FROM, joined",
    "SELECT o.id FROM orders o, unnest($1::bigint[]) u(id) WHERE o.id = u.id",
    [["7"]],
    [[7]],
  ),
  rows("unnest as an expression", "SELECT unnest($1::int[])", [[1], [2]], [[1, 2]]),
  rows("nullif", "SELECT nullif($1, 1), nullif($2, 1)", [[null, 2]], [1, 2]),
  rows("listagg", "SELECT listagg(note, $1) FROM order_lines WHERE note IS NOT NULL", [["first"]], ["; "]),
  rows(
    "percentile_cont",
    "SELECT percentile_cont($1) WITHIN GROUP (ORDER BY id) FROM orders",
    [[499.5]],
    [0.5],
  ),
  rows("round", "SELECT round($1, 1)", [[2.3]], [2.34]),
  rows("LIMIT and OFFSET", "SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2", [["3"]], [1, 3]),
  rows("ANY", "SELECT id FROM orders WHERE id = ANY($1) ORDER BY id", [["1"], ["2"]], [[1, 2]]),
  fails("no such function", "SELECT no_such(1)", "42883", "function no_such does not exist"),
  fails("no such function in FROM", "SELECT * FROM no_such(1)", "42883", "function no_such does not exist"),
  fails("no such function in pg_catalog", "SELECT pg_catalog.no_such(1)", "42883", "does not exist"),
  fails("no form of it", "SELECT date_trunc(1, 2, 3)", "42883", "date_trunc(INTEGER"),
  ...[
    ["LISTEN x", "LISTEN"],
    ["NOTIFY x, 'y'", "NOTIFY"],
    ["CREATE TRIGGER x BEFORE INSERT ON orders EXECUTE FUNCTION f()", "CREATE TRIGGER"],
    ["CREATE OR REPLACE RULE r AS ON INSERT TO orders DO NOTHING", "CREATE RULE"],
    ["CREATE EXTENSION IF NOT EXISTS hstore", "CREATE EXTENSION"],
    ["CREATE FOREIGN DATA WRAPPER w", "CREATE FOREIGN DATA WRAPPER"],
    ["ALTER SYSTEM SET work_mem = '1GB'", "ALTER SYSTEM"],
    ["DROP OWNED BY somebody", "DROP OWNED"],
    ["CREATE DOMAIN d AS int", "CREATE DOMAIN"],
    ["REINDEX TABLE orders", "REINDEX"],
    ["DO $$ BEGIN END $$", "DO"],
    ["PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"],
    ["COMMIT PREPARED 'x'", "two phases"],
  ].map(([sql = "", name = ""]) => fails(`named: ${name}`, sql, "0A000", name)),
  fails("what no database has", "FROBNICATE orders", "42601", "FROBNICATE"),
]

/** What the catalogs say of the keys and the types of replicated tables, to whoever may see the tables. */
export const catalogCases: AnswerCase[] = [
  rows(
    "keys in pg_constraint",
    "SELECT conrelid::regclass::text, conname, contype, conkey, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1",
    [
      ["order_lines", "order_lines_pkey", "p", ["2", "1"], "PRIMARY KEY (order_id, line)"],
      ["orders", "orders_pkey", "p", ["1"], "PRIMARY KEY (id)"],
    ],
  ),
  rows(
    "keys in pg_index",
    "SELECT indrelid::regclass::text, indexrelid::regclass::text, indisprimary, pg_get_indexdef(indexrelid, 1, true) FROM pg_index ORDER BY 1",
    [
      ["order_lines", "order_lines_pkey", true, "order_id"],
      ["orders", "orders_pkey", true, "id"],
    ],
  ),
  rows(
    "keys in information_schema",
    `SELECT k.table_name, k.column_name, k.ordinal_position::int FROM information_schema.table_constraints c
     JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
     WHERE c.constraint_type = 'PRIMARY KEY' ORDER BY 1, 3`,
    [
      ["order_lines", "order_id", 1],
      ["order_lines", "line", 2],
      ["orders", "id", 1],
    ],
  ),
  rows(
    "columns of keys are never null",
    "SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'order_lines'::regclass ORDER BY attnum",
    [
      ["line", true],
      ["order_id", true],
      ["note", false],
    ],
  ),
  rows(
    "the type of a table's rows",
    "SELECT t.typname, t.typtype, c.relname FROM pg_class c JOIN pg_type t ON t.oid = c.reltype WHERE c.relname = 'orders' AND t.typrelid = c.oid",
    [["orders", "c", "orders"]],
  ),
  rows(
    "how arrays are received",
    "SELECT t.typname, p.proname FROM pg_type t JOIN pg_proc p ON p.oid = t.typreceive WHERE t.typname IN ('_int4', 'int4', 'orders') ORDER BY 1",
    [
      ["_int4", "array_recv"],
      ["int4", "int4recv"],
      ["orders", "record_recv"],
    ],
  ),
  rows(
    "functions on columns that are called as in the catalogs",
    "SELECT c.oid::regclass::text, pg_table_is_visible(c.oid), has_table_privilege(c.oid, 'SELECT') FROM pg_class c WHERE relname = 'orders'",
    [["orders", true, true]],
  ),
  rows(
    "roles, by the name of a column",
    "SELECT pg_get_userbyid(oid) FROM pg_roles WHERE rolname = 'loader'",
    [["loader"]],
  ),
]
