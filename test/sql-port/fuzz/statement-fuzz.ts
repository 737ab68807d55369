import fc from "fast-check"
import { binary, numbers, ternary, texts, times, types, unary, windows, wraps } from "./fuzz-words.ts"

/**
 * Statements from a grammar, with nesting and sizes that no tool would send: constructs inside each other, repeated, and
 * functions with values at the ends of their ranges.
 */
interface Grammar {
  expression: string
  list: string
  text: string
  number: string
  json: string
  relation: string
  query: string
}

/** How often something is repeated: mostly a little, sometimes far beyond any limit. */
const count = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 6 }) },
  { weight: 3, arbitrary: fc.integer({ min: 7, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(100, 250, 1000, 5000) },
)

/** A few blocks of rows at most: what cannot be stopped inside of one shows here as in a million. */
const smallTables = [
  "range(3)",
  "orders",
  "(SELECT range, range x, 'abc' s FROM range(3))",
  "range(5000)",
  "(VALUES (1, 'a')) v(x, s)",
]

const wrapping: fc.Arbitrary<number> = fc.nat(wraps.length - 1)

const grammar = fc.letrec<Grammar>((tie) => ({
  number: fc.constantFrom(...numbers),
  text: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...texts) },
    fc
      .tuple(
        fc.constantFrom("a", "[", '{"a":', "%a", "(", "ab,"),
        fc.constantFrom(3, 100, 3000, 60_000, 1_000_000),
      )
      .map(([what, size]) => `repeat('${what}', ${size})`),
    fc.tuple(fc.constantFrom("a", "[", "%_"), count).map(([what, size]) => `'${what.repeat(size)}'`),
  ),
  json: fc.oneof(
    fc
      .tuple(fc.constantFrom(5, 100, 900, 20_000, 200_000), fc.boolean())
      .map(([size, isObject]) =>
        isObject
          ? `(repeat('{"a":',${size})||'1'||repeat('}',${size}))::JSON`
          : `(repeat('[',${size})||repeat(']',${size}))::JSON`,
      ),
    tie("text").map((text) => `to_json(${text})`),
  ),
  list: fc.oneof(
    fc.constantFrom(
      "[1,2,3]",
      "[]",
      "NULL::INT[]",
      "['a','b']",
      "[[1],[2]]",
      "range(5)",
      "[NULL]",
      "[1.5,'nan'::DOUBLE]",
    ),
    fc
      .tuple(fc.constantFrom("range", "generate_series"), tie("number"), tie("number"))
      .map(([name, a, b]) => `${name}(${a}, ${b})`),
    tie("number").map((n) => `list_resize([1], ${n})`),
    tie("expression").map((inner) => `list_transform(range(3), lambda v: ${inner})`),
  ),
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 10, arbitrary: tie("number").map(String) },
    { weight: 6, arbitrary: tie("text").map(String) },
    { weight: 3, arbitrary: tie("list").map(String) },
    { weight: 3, arbitrary: tie("json").map(String) },
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(...unary), tie("expression")).map(([name, a]) => `${name}(${a})`),
    },
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...binary), tie("expression"), tie("expression"))
        .map(([name, a, b]) => `${name}(${a}, ${b})`),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...ternary), tie("expression"), tie("expression"), tie("expression"))
        .map(([name, a, b, c]) => `${name}(${a}, ${b}, ${c})`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            "+",
            "-",
            "*",
            "/",
            "%",
            "||",
            "LIKE",
            "NOT ILIKE",
            "SIMILAR TO",
            "~",
            "<",
            "IS DISTINCT FROM",
            "AND",
            "->",
            "->>",
            "GLOB",
            "<<",
            "^",
            "@>",
            "&&",
          ),
          tie("expression"),
          tie("expression"),
        )
        .map(([sign, a, b]) => `(${a} ${sign} ${b})`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...types), fc.constantFrom("CAST", "TRY_CAST"), tie("expression"))
        .map(([type, cast, a]) => `${cast}(${a} AS ${type})`),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(wrapping, count, tie("expression"))
        .map(([wrap, n, a]) => times(n, wraps[wrap] ?? String, String(a))),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...windows),
          tie("expression"),
          tie("number"),
          tie("number"),
          fc.constantFrom("ROWS", "RANGE", "GROUPS"),
        )
        .map(
          ([name, a, n, m, unit]) =>
            `${name}(${a}, ${n}) OVER (ORDER BY range ${unit} BETWEEN ${n} PRECEDING AND ${m} FOLLOWING)`,
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...windows), tie("expression"), tie("expression"))
        .map(([name, a, b]) => `${name}(${a}, ${b}) OVER ()`),
    },
    { weight: 1, arbitrary: tie("query").map((query) => `(${query})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie("list"), tie("expression"))
        .map(([list, a]) => `list_reduce(${list}, lambda p, q: ${a})`),
    },
  ),
  relation: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    {
      weight: 6,
      arbitrary: fc.constantFrom(...smallTables, ...smallTables, ...smallTables, "range(100000)"),
    },
    { weight: 2, arbitrary: tie("query").map((query) => `(${query})`) },
    fc
      .tuple(
        fc.constantFrom("JOIN", "CROSS JOIN", "NATURAL JOIN", "POSITIONAL JOIN", "LEFT JOIN"),
        count,
        tie("relation"),
      )
      .map(([join, n, base]) => {
        const on = /^(LEFT )?JOIN$/.test(join) ? " ON true" : ""
        return `${base} r${Array.from({ length: Math.min(n, 800) }, (_none, at) => ` ${join} range(1) t${at}${on}`).join("")}`
      }),
    fc
      .tuple(
        fc.constantFrom("json_each", "json_tree", "unnest", "repeat", "range", "generate_series"),
        tie("expression"),
      )
      .map(([name, a]) => `${name}(${a})`),
  ),
  query: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    {
      weight: 8,
      arbitrary: fc
        .tuple(
          tie("expression"),
          tie("relation"),
          fc.constantFrom("", "", "", "LIMIT 3", "ORDER BY 1", "GROUP BY ALL"),
        )
        .map(([a, from, rest]) => `SELECT ${a} FROM ${from} f ${rest}`),
    },
    { weight: 2, arbitrary: tie("expression").map((a) => `SELECT ${a}`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie("relation"), tie("expression"))
        .map(([from, a]) => `SELECT count(*) FROM ${from} f WHERE ${a} IS NOT NULL`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          count,
          fc.constantFrom(
            "c||c AS c",
            "c+c AS c",
            "*, *",
            "sum(c) AS c",
            "[c] AS c",
            "COLUMNS(*)",
            "max(c) OVER () AS c",
          ),
        )
        .map(
          ([n, what]) =>
            `SELECT * FROM ${times(n, (inner) => `(SELECT ${what} FROM ${inner} f)`, "(SELECT range::VARCHAR c FROM range(3))")}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(count, fc.constantFrom("", "NOT MATERIALIZED "))
        .map(
          ([n, hint]) =>
            `WITH a0 AS (SELECT 1 x)${Array.from({ length: n }, (_none, at) => `, a${at + 1} AS ${hint}(SELECT a.x FROM a${at} a JOIN a${at} b USING (x))`).join("")} SELECT count(*) FROM a${n}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          count,
          fc.constantFrom("a%1+a%1 AS a%2", "a%1||a%1 AS a%2", "(a%1, a%1) AS a%2", "hex(a%1) AS a%2"),
        )
        .map(
          ([n, what]) =>
            `SELECT 'a' AS a0${Array.from({ length: n }, (_none, at) => `, ${what.replaceAll("%1", String(at)).replaceAll("%2", String(at + 1))}`).join("")}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(count, fc.constantFrom("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
        .map(([n, sign]) => `SELECT 1${` ${sign} SELECT 1`.repeat(n)}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(count, fc.constantFrom("CUBE", "ROLLUP"))
        .map(
          ([n, kind]) =>
            `SELECT count(*) FROM range(3) GROUP BY ${kind}(${Array.from({ length: Math.min(n, 40) }, (_none, at) => `range+${at}`).join(", ")})`,
        ),
    },
    {
      weight: 1,
      arbitrary: tie("expression").map(
        (a) =>
          `WITH RECURSIVE r(x, s) AS (SELECT 1, 'a' UNION ALL SELECT x + 1, (${a})::VARCHAR FROM r WHERE x < 5) SELECT * FROM r`,
      ),
    },
  ),
}))

/** Text of a statement. */
export const statements: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: grammar.query },
  { weight: 1, arbitrary: grammar.query.map((query) => `EXPLAIN ${query}`) },
  { weight: 1, arbitrary: grammar.query.map((query) => `DECLARE c CURSOR FOR ${query}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(grammar.query, fc.nat(), fc.constantFrom("'", '"', "(", "]", "/*", "--", "$$", "\0", ";", "::"))
      .map(([query, at, mark]) => query.slice(0, at % query.length) + mark + query.slice(at % query.length)),
  },
)
