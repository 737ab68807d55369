/** `[what it is, statement, codes that it may end with; "ok": rows]`. Each ended, froze or filled the process before. */
export type Hostile = [string, string, ...string[]]

const many = (count: number, make: (at: number) => string, between = "") =>
  Array.from({ length: count }, (_none, at) => make(at)).join(between)
const around = (count: number, wrap: (inner: string, at: number) => string, inner: string) => {
  let text = inner
  for (let at = 0; at < count; at++) text = wrap(text, at)
  return text
}
const deep = (count: number) => `repeat('[',${count})||repeat(']',${count})`
const deepRows = (count: number) =>
  `(SELECT repeat('[',n::int)||repeat(']',n::int) j FROM range(${count},${count + 1}) t(n))`

/** SIGSEGV on DuckDB 1.5.6, or an end without an answer. */
export const crashes: Hostile[] = [
  ["lead", "SELECT lead(range, -9223372036854775808) OVER () FROM range(10)", "22003"],
  ["lag", "SELECT lag(range, -9223372036854775808) OVER () FROM range(10)", "22003"],
  ["lead, folded", "SELECT lead(range, -9223372036854775807 - 1) OVER () FROM range(10)", "22003"],
  [
    "lead, in a subquery",
    "SELECT * FROM (SELECT lead(range, (-9223372036854775808)::BIGINT) OVER (ORDER BY range) FROM range(10))",
    "22003",
  ],
  ["json_transform", "SELECT json_transform('1', repeat('[',20000)||'\"INT\"'||repeat(']',20000))", "0A000"],
  [
    "json_transform, literal",
    `SELECT json_transform('1', '${"[".repeat(5000)}"INT"${"]".repeat(5000)}')`,
    "0A000",
  ],
  ["json_transform, name of a type", `SELECT json_transform('1', '"INT${"[]".repeat(5000)}"')`, "0A000"],
  ["from_json", "SELECT from_json('1', repeat('[',20000)||'\"INT\"'||repeat(']',20000))", "0A000"],
  ["json_structure", "SELECT json_structure(repeat('[',200000)||repeat(']',200000))", "54000"],
  [
    "json_structure of objects",
    "SELECT json_structure(repeat('{\"a\":',20000)||'1'||repeat('}',20000))",
    "54000",
  ],
  ["json_structure of rows", `SELECT json_structure(j) FROM ${deepRows(30000)}`, "54000"],
  [
    "json_structure, literal",
    `SELECT json_structure('${"[".repeat(100_000)}${"]".repeat(100_000)}')`,
    "54000",
  ],
  ["json_group_structure", `SELECT json_group_structure(j) FROM ${deepRows(30000)}`, "54000"],
  ["json_contains", `SELECT json_contains(${deep(500_000)}, ${deep(500_000)})`, "54000"],
  [
    "json_merge_patch",
    "SELECT json_merge_patch(a, a) FROM (SELECT repeat('{\"a\":',100000)||'1'||repeat('}',100000) a)",
    "54000",
  ],
  ["json_pretty", `SELECT length(json_pretty(${deep(20_000)}))`, "54000"],
  ["VARIANT", `SELECT (${deep(200_000)})::JSON::VARIANT`, "0A000"],
  ["VARIANT of rows", `SELECT CAST(j::JSON AS VARIANT) FROM ${deepRows(30000)}`, "0A000"],
  ["VARIANT in a list", `SELECT TRY_CAST([j::JSON] AS VARIANT[]) FROM ${deepRows(30000)}`, "0A000"],
  ["VARIANT in a struct", `SELECT {'a': j::JSON}::STRUCT(a VARIANT) FROM ${deepRows(30000)}`, "0A000"],
  [
    "reservoir_quantile",
    "SELECT count(q) FROM (SELECT reservoir_quantile(range, 0.5, 2147483647) q FROM range(100000) GROUP BY range)",
    "0A000",
  ],
  [
    "reservoir_quantile over a window",
    "SELECT count(q) FROM (SELECT reservoir_quantile(range, 0.5, 2147483647) OVER (PARTITION BY range) q FROM range(100000))",
    "0A000",
  ],
  [
    "reservoir_quantile of lists",
    "SELECT count(list_aggregate([range], 'reservoir_quantile', 0.5, 2147483647)) FROM range(100000)",
    "0A000",
  ],
  ["parts of a name", `SELECT a${".a".repeat(50_000)} FROM (SELECT 1 a)`, "54001"],
  ["parts of a table's name", `SELECT 1 FROM a${'."a"'.repeat(50_000)}`, "54001"],
  ["parts of a function's name", `SELECT a${".a".repeat(50_000)}(1)`, "54001"],
]

/** The event loop stood still, or memory ran out, in our own code. */
export const freezes: Hostile[] = [
  ["name of a type", `SELECT 1::"${"<'View with name '".repeat(20_000)}>\nx"`, "42622"],
  ["text in an error", `SELECT ('${"Table with name ".repeat(50_000)}\nx')::int`, "22P02"],
  ["lines in an error", `SELECT '${"\n\nLINE 1: ".repeat(50_000)}'::int`, "22P02"],
  ["paths in an error", `SELECT '${" /a".repeat(200_000)}/a'::int`, "22P02"],
  ["names of half the length", `SELECT 1::"${"<'View with name '".repeat(50)}>\nx"`, "42704"],
  ["setting", `SET statement_timeout = '5${" ".repeat(200_000)}x'`, "22023"],
  ["WITH", `WITH ${many(20_000, (at) => `a${at} AS (SELECT 1)`, ", ")} SELECT 1`, "54001"],
]

const joinChain = (count: number) =>
  `FROM range(1) t0 ${many(count, (at) => `JOIN range(1) t${at + 1} ON t${at}.range = t${at + 1}.range`, " ")}`

/** Neither the time limit nor a cancel stopped these. */
export const endless: Hostile[] = [
  [
    "CASE over itself",
    around(40, (inner) => `CASE ${inner} WHEN 1 THEN 2 WHEN 2 THEN 3 END`, "1").replace(/^/, "SELECT "),
    "54001",
  ],
  ["nullif", `SELECT ${"nullif(".repeat(30)}1${",2)".repeat(30)}`, "54001"],
  ["nullif of columns", `SELECT ${"nullif(".repeat(30)}range${",2)".repeat(30)} FROM range(3)`, "54001"],
  ["split_part", `SELECT ${"split_part(".repeat(30)}'a'${",'b',1)".repeat(30)}`, "54001"],
  ["round_even", `SELECT ${"round_even(".repeat(30)}range${",1)".repeat(30)} FROM range(3)`, "54001"],
  ["nvl2", `SELECT ${"nvl2(".repeat(30)}range${",2,range)".repeat(30)} FROM range(3)`, "ok"],
  [
    "nvl2 in its last",
    `SELECT ${around(30, (inner) => `nvl2(1, ${inner}, 2)`, "range")} FROM range(3)`,
    "ok",
  ],
  [
    "decode",
    `SELECT ${around(30, (inner) => `decode(${inner}, 1, 2, 3, 4, 5)`, "range")} FROM range(3)`,
    "54001",
  ],
  ["dateadd", `SELECT ${around(30, (inner) => `add_months(${inner}, 1)`, "DATE '2020-01-01'")}`, "54001"],
  [
    "aliases",
    `SELECT range AS a0${many(40, (at) => `, a${at}+a${at} AS a${at + 1}`)} FROM range(2)`,
    "54001",
  ],
  [
    "aliases in WHERE",
    `SELECT range AS a0${many(20, (at) => `, a${at}+a${at} AS a${at + 1}`)} FROM range(2) WHERE a20 > 1`,
    "54001",
  ],
  [
    "columns through subqueries",
    `SELECT * FROM ${around(30, (inner, at) => `(SELECT c||c AS c FROM ${inner} t${at} WHERE c<>'x')`, "(SELECT range::text AS c FROM range(3))")} WHERE c > 'b'`,
    "54001",
  ],
  [
    "columns through WITH",
    `WITH c0 AS (SELECT range::text AS c FROM range(3))${many(30, (at) => `, c${at + 1} AS (SELECT c||c AS c FROM c${at} WHERE c<>'x')`)} SELECT * FROM c30 WHERE c > 'b'`,
    "54001",
  ],
  [
    "stars",
    `SELECT count(*) FROM ${around(30, (inner, at) => `(SELECT *,* FROM ${inner} t${at})`, "(SELECT 1 a)")}`,
    "54011",
  ],
  [
    "COLUMNS",
    `SELECT count(*) FROM ${around(30, (inner, at) => `(SELECT COLUMNS(*)+COLUMNS(*), * FROM ${inner} t${at})`, "(SELECT 1 a)")}`,
    "54001",
  ],
  [
    "copied WITH",
    `WITH a0 AS (SELECT 1 x)${many(30, (at) => `, a${at + 1} AS NOT MATERIALIZED (SELECT a.x FROM a${at} a JOIN a${at} b ON a.x=b.x)`)} SELECT count(*) FROM a30`,
    "ok",
  ],
  [
    "copied UNION",
    `WITH a0 AS (SELECT 1 x)${many(12, (at) => `, a${at + 1} AS NOT MATERIALIZED (SELECT x FROM a${at} UNION ALL SELECT x FROM a${at})`)} SELECT count(*) FROM a12`,
    "ok",
  ],
  ["joins", `SELECT count(*) ${joinChain(700)}`, "54001"],
  ["100 joins", `SELECT count(*) ${joinChain(100)}`, "54001"],
  [
    "joins with commas",
    `SELECT count(*) FROM range(1) t0${many(100, (at) => `, range(1) t${at + 1}`)} WHERE ${many(100, (at) => `t${at}.range=t${at + 1}.range`, " AND ")}`,
    "54001",
  ],
  [
    "NATURAL joins",
    `SELECT count(*) FROM range(1) t0 ${many(100, (at) => `NATURAL JOIN range(1) t${at + 1}`, " ")}`,
    "54001",
  ],
  [
    "joins in subqueries",
    `SELECT count(*) FROM ${around(60, (inner, at) => `(SELECT a.range FROM ${inner} a JOIN range(1) t${at} ON a.range=t${at}.range)`, "range(1)")}`,
    "54001",
  ],
  [
    "joins of WITH",
    `WITH a AS (SELECT t0.range ${joinChain(40)}), b AS (SELECT t0.range ${joinChain(40)}) SELECT 1 FROM a JOIN b USING (range)`,
    "54001",
  ],
  ["scalar subqueries", `${"SELECT (".repeat(50)}SELECT 1${")".repeat(50)}`, "54001"],
  [
    "EXISTS",
    `SELECT 1 FROM range(2) z ${around(40, (inner, at) => `WHERE EXISTS (SELECT 1 FROM range(2) t${at} ${inner})`, "")}`,
    "54001",
  ],
  ["ARRAY", `${"SELECT ARRAY(".repeat(20)}SELECT 1${")".repeat(20)}`, "54001"],
  [
    "aggregations",
    around(30, (inner, at) => `SELECT sum(r) AS r FROM (${inner}) a${at} GROUP BY r+1`, "SELECT 1 r"),
    "54001",
  ],
  ["arrows", `SELECT '{}'::JSON ${"->'a'".repeat(40)}`, "54001"],
  ["arrows in brackets", `SELECT ${around(30, (inner) => `(${inner} -> 'a')`, "'{}'::JSON")}`, "ok"],
  ["lambdas", `SELECT ${"list_transform([1], lambda x: ".repeat(30)} 1 ${")".repeat(30)}`, "0A000", "54001"],
  [
    "lists through WITH",
    `WITH a0 AS (SELECT 1 x)${many(20, (at) => `, a${at + 1} AS (SELECT ${"[".repeat(150)}x${"]".repeat(150)} AS x FROM a${at})`)} SELECT to_json(x) FROM a20`,
    "54001",
  ],
  [
    "CUBE",
    `SELECT count(*) FROM (SELECT ${many(14, (at) => `1 c${at}`, ",")}) GROUP BY CUBE(${many(14, (at) => `c${at}`, ",")})`,
    "54001",
  ],
  [
    "PIVOT",
    `SELECT 1 FROM (SELECT 1 a, 2 b) PIVOT (sum(b) FOR ${many(20, () => "a IN (1,2)", " ")})`,
    "54001",
  ],
  ["brackets", `SELECT ${"(".repeat(1000)}1${")".repeat(1000)}`, "54001"],
  ["lists", `SELECT ${"[".repeat(400)}1${"]".repeat(400)}`, "54001"],
  ["structs", `SELECT ${"{'a':".repeat(400)}1${"}".repeat(400)}`, "54001"],
  ["type of lists", `SELECT NULL::INT${"[]".repeat(20_000)}`, "54001"],
  ["type of structs", `SELECT NULL::${"STRUCT(a ".repeat(20_000)}INT${")".repeat(20_000)}`, "54001"],
  ["NOT", `SELECT ${"NOT ".repeat(100_000)}true`, "54001"],
  ["minus", `SELECT ${"- ".repeat(100_000)}1`, "54001"],
  ["plus", `SELECT 1${"+1".repeat(100_000)}`, "54001"],
  ["casts", `SELECT 1${"::int".repeat(100_000)}`, "54001"],
  ["subscripts", `SELECT x${"[1]".repeat(100_000)} FROM (SELECT NULL::INT[] x)`, "54001"],
  ["IS NULL", `SELECT 1${" IS NULL".repeat(100_000)}`, "54001"],
  ["methods", `SELECT x${".upper()".repeat(5000)} FROM (SELECT 'a' x)`, "54001"],
  ["ELSE", `SELECT ${"CASE WHEN true THEN 1 ELSE ".repeat(1000)}1${" END".repeat(1000)}`, "54001"],
  ["INTERSECT", `SELECT 1${" INTERSECT SELECT 1".repeat(300)}`, "54001"],
  ["LIKE", "SELECT repeat('a',3000) LIKE '%_a%a%a%a%a%a%a%a%b'", "ok"],
  ["BIGNUM", "SELECT length(repeat('9', 900000)::BIGNUM::VARCHAR)", "0A000"],
  ["BIGNUM in JSON", `SELECT from_json('["9"]', '["BIGNUM"]')`, "0A000"],
  ["NOT LIKE", "SELECT repeat('a',3000) NOT LIKE '%_a%a%a%a%a%a%a%a%b'", "ok"],
  ["ILIKE", "SELECT repeat('a',3000) ILIKE '%_A%a%a%a%a%a%a%a%b'", "ok"],
  [
    "LIKE with a computed pattern",
    "SELECT s LIKE p FROM (SELECT repeat('a',3000 + n::int) s, repeat('%a',12)||n||'b' p FROM range(5) t(n))",
    "ok",
  ],
  ["LIKE with ESCAPE", "SELECT repeat('a',3000) LIKE '%a%a%a%a%a%a%a%b' ESCAPE '!'", "ok"],
  ["like_escape", "SELECT like_escape(s, s, s) FROM (SELECT repeat('%a',3000) s)", "0A000"],
  ["~~", "SELECT repeat('a',3000) ~~ '%_a%a%a%a%a%a%a%a%b'", "ok"],
  ["GLOB", "SELECT repeat('a',3000) GLOB '*a*a*a*a*a*a*a*b'", "0A000"],
  ["SIMILAR TO", "SELECT repeat('a',30000) SIMILAR TO '(a|aa)+b'", "ok"],
  ["levenshtein", "SELECT levenshtein(repeat('a',100000), repeat('b',100000))", "54000"],
  ["editdist3", "SELECT editdist3(repeat('a',60000), s) FROM (SELECT repeat('b',60000) s)", "54000"],
  ["damerau_levenshtein", "SELECT damerau_levenshtein(repeat('a',60000), repeat('b',60000))", "54000"],
  ["jaro", "SELECT jaro_similarity(repeat('a',60000), repeat('b',60000)) FROM range(2000)", "54000"],
  [
    "jaro_winkler",
    "SELECT jaro_winkler_similarity(repeat('a',60000), repeat('b',60000)) FROM range(2000)",
    "54000",
  ],
  ["strpos", "SELECT strpos(repeat('a',1000000), repeat('a',500000)||'b')", "54000"],
  ["position", "SELECT position(repeat('a',500000)||'b' IN repeat('a',1000000))", "54000"],
  ["charindex", "SELECT charindex(repeat('a',500000)||'b', repeat('a',1000000))", "54000"],
  ["contains", "SELECT contains(repeat('a',1000000), repeat('a',500000)||'b')", "54000"],
  ["string_split", "SELECT len(string_split(repeat('a',1000000), repeat('a',50000)||'b'))", "54000"],
  ["replace", "SELECT length(replace(repeat('a',100000), 'a', repeat('b',100000)))", "54000"],
  [
    "regexp_replace",
    "SELECT length(regexp_replace(repeat('a',300000), 'a', repeat('b',100000), 'g'))",
    "54000",
  ],
  ["regexp_extract_all", "SELECT len(regexp_extract_all(repeat('a',1000000), 'a.*b|a'))", "54000"],
  [
    "list_transform",
    "SELECT len(list_transform(range(100000), lambda x: list_transform(range(100000), lambda y: x+y)))",
    "0A000",
  ],
  [
    "list_transform of another list",
    "SELECT len(list_transform(l, lambda x: list_transform(l, lambda y: x+y))) FROM (SELECT range(90000) l)",
    "0A000",
  ],
  [
    "list_reduce",
    "SELECT length(list_reduce(list_transform(range(40), lambda x: 'ab'), lambda a, b: a || a || b))",
    "0A000",
  ],
]

/** As much memory as one asks for, where nobody can look. */
export const fillers: Hostile[] = [
  ["repeat", "SELECT length(repeat('x',1000000000))", "54000"],
  ["repeat of rows", "SELECT sum(length(repeat('x',1000000+range::int))) FROM range(3000)", "54000"],
  ["repeat of repeat", "SELECT length(repeat(repeat('x', 60000), 60000))", "54000"],
  [
    "text by itself",
    `SELECT length(c) FROM ${around(25, (inner, at) => `(SELECT c||c AS c FROM ${inner} t${at})`, "(SELECT repeat('x', 60000) AS c)")}`,
    "54001",
  ],
  [
    "text by itself with concat",
    `SELECT length(c) FROM ${around(10, (inner, at) => `(SELECT concat(c,c,c) AS c FROM ${inner} t${at})`, "(SELECT repeat('x', 60000) AS c)")}`,
    "54001",
  ],
  ["hex of hex", `SELECT length(${around(25, (inner) => `hex(${inner})`, "repeat('x', 60000)")})`, "54001"],
  ["lpad", "SELECT length(lpad('x',2000000000,'y'))", "54000"],
  ["rpad of rows", "SELECT sum(length(rpad('x',1000000 + range::int,'y'))) FROM range(3000)", "54000"],
  ["range", "SELECT len(range(1000000000))", "54000"],
  ["generate_series", "SELECT len(generate_series(1,1000000000))", "54000"],
  ["range of rows", "SELECT sum(len(range(1000000+range))) FROM range(3000)", "54000"],
  [
    "range of times",
    "SELECT len(generate_series(TIMESTAMP '2000-01-01', TIMESTAMP '9999-01-01', INTERVAL '1 second'))",
    "54000",
  ],
  ["list_resize", "SELECT len(list_resize([1], 1000000000))", "54000"],
  ["printf", "SELECT length(printf('%2000000000d', 1))", "0A000"],
  ["printf with a width of its own", "SELECT length(printf('%*d', 2000000000, 1))", "0A000"],
  ["format", "SELECT length(format('{:>2000000000}', 1))", "0A000"],
  ["format with a width of its own", "SELECT length(format('{:>{}}', 1, 2000000000))", "0A000"],
  [
    "approx_top_k",
    "SELECT count(a) FROM (SELECT approx_top_k(range, 900000) a FROM range(100000) GROUP BY range)",
    "0A000",
  ],
  [
    "approx_top_k of lists",
    "SELECT count(list_aggregate([range], 'approx_top_k', 900000)) FROM range(100000)",
    "0A000",
  ],
  [
    "bins",
    "SELECT count(h) FROM (SELECT histogram(range, range(100000)) h FROM range(100000) GROUP BY range)",
    "54000",
  ],
  [
    "quantiles",
    "SELECT count(q) FROM (SELECT quantile_cont(range, list_transform(range(100000), lambda n: n / 100000.0)) q FROM range(100000) GROUP BY range)",
    "0A000",
  ],
  [
    "format, one argument often",
    `SELECT length(format('${"{0}".repeat(3000)}', repeat('x', 60000) || range)) FROM range(3000)`,
    "54001",
  ],
  [
    "list_resize with a long text",
    "SELECT length(list_resize([''], 100000, repeat('x', 60000))::VARCHAR)",
    "54001",
  ],
  [
    "a long text in each element",
    "SELECT len(list_transform(range(100000), lambda x: s || x)) FROM (SELECT repeat('x', 60000) s)",
    "54001",
  ],
  [
    "a long text in each step",
    "SELECT length(list_reduce(list_transform(range(20000), lambda x: 'ab'), lambda a, b: a || s)) FROM (SELECT repeat('x', 60000) s)",
    "54001",
  ],
  ["bitstring", "SELECT length(bitstring('1', 2000000000))", "54000"],
]
