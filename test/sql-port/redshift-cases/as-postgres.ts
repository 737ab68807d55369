/** Statements that PostgreSQL and the port must answer alike: `redshift-cases.test.ts` asks both. */

const document = `FROM (SELECT '{"x": 1, "y": {"z": "b"}, "l": [1, 2]}'::json AS j, 'x' AS k) t`

/** Each answer changes if the operators are grouped another way. */
const precedence = [
  "j ->> 'x' IS NOT NULL",
  "j ->> 'q' IS NULL AND j ->> 'x' IS NOT NULL",
  "j ->> 'x' = '1'",
  "NOT j ->> 'x' = '2'",
  "j ->> 'x' || 'a'",
  "j -> 'y' ->> 'z' = 'b'",
  "j -> 'y' ->> 'z' LIKE 'b%' OR false",
  "j -> 'l' ->> 0 + 1",
  "j -> 'l' ->> 2 - 1 = '2'",
  "j -> 'l'->-1 IS NOT NULL",
  "j ->> 'x' IN ('1', '2')",
  "j ->> 'x' NOT IN ('1') IS TRUE",
  "j ->> 'x' BETWEEN '0' AND '2'",
  "j ->> 'x' IS DISTINCT FROM '2'",
  "j -> 'y' ->> 'z' ~ 'b' = true",
  "j ->> 'x' <> '2' AND j ->> 'x' < '2'",
  "CASE j ->> 'x' WHEN '1' THEN 'one' END",
  "CASE WHEN j ->> 'x' = '1' THEN 'one' END",
  "(j ->> 'x')::int + 1",
].map((expression) => `SELECT ${expression} ${document}`)

const grouping = [
  "'ab' ~ 'a' || 'b'",
  "'a' || 'b' ~ 'ab'",
  "'a' || NULL IS NULL",
  "'ab' LIKE 'a' || '%'",
  "true = 'a' LIKE 'a'",
  "true = 1 IN (1)",
  "'b' BETWEEN 'a' AND 'a' || 'z'",
  "2 BETWEEN 1 AND 3 IS TRUE",
  "1 = 1 IS NULL",
  "NOT 1 IS NULL",
  "NOT 1 = 2",
  "- 2 ^ 2",
  "2 ^ 3 ^ 2",
  "7 & 3 + 1",
  "1 << 2 + 1",
  "5 % 3 * 2",
  "'a' || 1 + 2",
  "1 < 2 = true",
  "3 = ANY(ARRAY[1, 3]) IS TRUE",
].map((expression) => `SELECT ${expression}`)

const rows = [
  "SELECT generate_series(1, 20)",
  "SELECT generate_series(5, 1, -2), 'x'",
  "SELECT generate_series(1, 3), generate_series(1, 2)",
  "SELECT unnest(ARRAY[1, 2, 3]), generate_series(1, 2)",
  "SELECT regexp_split_to_table('a,b,c', ','), generate_series(1, 2)",
  "SELECT generate_series(1, 3) * 10 AS n ORDER BY n DESC LIMIT 2",
  "SELECT x, generate_series(1, x) FROM (VALUES (1), (2), (0)) t(x) ORDER BY 1, 2",
  "SELECT count(*), sum(n) FROM (SELECT generate_series(1, 20) AS n) t",
  "SELECT 1 WHERE 3 IN (SELECT generate_series(1, 3))",
  "SELECT ARRAY(SELECT generate_series(1, 3))",
  "SELECT generate_series(1, 2) UNION ALL SELECT 9",
  "SELECT (generate_series(1, 2))::text || 'a'",
  "SELECT pg_catalog.generate_series(2147483646, 2147483647)",
  "SELECT generate_series(timestamp '2024-01-01', timestamp '2024-01-02', interval '12 hours')",
  "SELECT json_array_elements('[1, 2]'), json_array_elements_text('[\"a\", \"b\"]')",
  "SELECT value ->> 'a' FROM json_array_elements('[{\"a\":3},{\"a\":2}]') e WHERE value ->> 'a' = '2'",
  'SELECT json_object_keys(\'{"a":1,"b":2}\')',
  "SELECT string_to_table('a,b', ',')",
  "SELECT CASE WHEN true THEN generate_series(1, 2) END",
]

export const asPostgres: readonly string[] = [...precedence, ...grouping, ...rows]
