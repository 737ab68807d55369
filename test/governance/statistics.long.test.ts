/**
 * The engine looks at a column's least and greatest value when it plans: no function that is read without a barrier may tell of
 * rows that a policy hides. Every function that readers may call is called on columns of every type.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import type { Tree } from "../../src/query/duckdb/dialect/syntax-tree.ts"
import { needsBarrier } from "../../src/query/duckdb/governance/needs-barrier.ts"
import { isKnownFunction } from "../../src/query/duckdb/rights/known-functions.ts"

interface Column {
  name: string
  /** Of the rows that are seen, and of the hidden one: as far from them as the type allows. */
  seen: string
  hidden: string
}

const columns: readonly Column[] = [
  { name: "tiny", seen: "5::TINYINT", hidden: "(-128)::TINYINT" },
  { name: "number", seen: "7", hidden: "2147483647" },
  { name: "near", seen: "7", hidden: "-70" },
  { name: "big", seen: "7::BIGINT", hidden: "9223372036854775807" },
  { name: "huge", seen: "7::HUGEINT", hidden: "170141183460469231731687303715884105727" },
  { name: "ubig", seen: "7::UBIGINT", hidden: "18446744073709551615::UBIGINT" },
  { name: "amount", seen: "7::DECIMAL(18,3)", hidden: "999999999999999.5::DECIMAL(18,3)" },
  { name: "real", seen: "7::FLOAT", hidden: "3e38::FLOAT" },
  { name: "ratio", seen: "7::DOUBLE", hidden: "'NaN'::DOUBLE" },
  { name: "word", seen: "'seen'", hidden: "'canary☃'" },
  { name: "day", seen: "DATE '2020-01-01'", hidden: "DATE '5877642-06-25 (BC)'" },
  { name: "moment", seen: "TIMESTAMP '2020-01-01'", hidden: "TIMESTAMP '290309-12-22 (BC) 00:00:00'" },
  {
    name: "zoned",
    seen: "TIMESTAMPTZ '2020-01-01 00:00:00+00'",
    hidden: "TIMESTAMPTZ '290309-12-22 (BC) 00:00:00+00'",
  },
  { name: "clock", seen: "TIME '12:00:00'", hidden: "TIME '00:00:00'" },
  { name: "span", seen: "INTERVAL '1 day'", hidden: "INTERVAL '100000000 days'" },
  { name: "payload", seen: "'{\"a\":1}'::JSON", hidden: "'\"canary\"'::JSON" },
  { name: "bytes", seen: "'a'::BLOB", hidden: "'canary'::BLOB" },
  { name: "flag", seen: "true", hidden: "false" },
  { name: "bits", seen: "'101'::BIT", hidden: "'11111111111'::BIT" },
  { name: "list", seen: "[1, 2]", hidden: "[2147483647]" },
  { name: "words", seen: "['seen']", hidden: "['canary']" },
]

/** Arguments for a parameter of a type. */
const argumentsOf: Readonly<Record<string, readonly string[]>> = {
  ...{
    TINYINT: ["tiny"],
    SMALLINT: ["tiny"],
    INTEGER: ["number", "near"],
    BIGINT: ["big", "2"],
    HUGEINT: ["huge"],
  },
  ...{
    UBIGINT: ["ubig"],
    UTINYINT: ["1"],
    USMALLINT: ["1"],
    UINTEGER: ["1"],
    FLOAT: ["real"],
    DOUBLE: ["ratio", "0.5"],
  },
  ...{
    DECIMAL: ["amount"],
    VARCHAR: ["word", "'year'", "'%Y'"],
    DATE: ["day", "moment::DATE"],
    TIME: ["clock"],
  },
  ...{ TIMESTAMP: ["moment", "day::TIMESTAMP"], "TIMESTAMP WITH TIME ZONE": ["zoned"], JSON: ["payload"] },
  ...{ TIMESTAMP_NS: ["moment::TIMESTAMP_NS"], TIMESTAMP_S: ["moment::TIMESTAMP_S"], BLOB: ["bytes"] },
  ...{ INTERVAL: ["span", "INTERVAL '1 year'"], BOOLEAN: ["flag"], BIT: ["bits"], T: ["near", "day"] },
  ...{
    ANY: ["near", "word", "day"],
    "ANY[]": ["list"],
    "T[]": ["list"],
    "VARCHAR[]": ["words"],
    "DOUBLE[]": ["list"],
  },
}
const anything = ["near", "word", "day", "moment", "list"]

/** Their answers differ from call to call, or they make what a reader may make as much of as they like. */
const otherwise =
  /random|uuid|^now$|current|today|transaction|^ag[eo]$|setseed|^repeat|[lr]pad|range|generate/

async function calls(connection: DuckDBConnection): Promise<string[]> {
  const rows = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name), parameter_types::VARCHAR[], coalesce(varargs, '') FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')",
  )
  const found = rows.getRowsJson().flatMap(([name, types, varargs]) => {
    const all = [
      ...((types ?? []) as (string | null)[]).map(String),
      ...(varargs === "" ? [] : [String(varargs)]),
    ]
    return isKnownFunction(String(name)) && !otherwise.test(String(name)) ? callsOf(String(name), all) : []
  })
  return [...new Set(found)]
}

function callsOf(name: string, types: readonly string[]): string[] {
  let lists: string[][] = [[]]
  for (const type of types.slice(0, 4)) {
    const some = argumentsOf[type] ?? argumentsOf[type.replace(/\(.*/, "")] ?? anything
    lists = lists.flatMap((list) => some.map((one) => [...list, one])).slice(0, 24)
  }
  return lists.map((list) => {
    if (/^[a-z_0-9]+$/.test(name)) return `${name}(${list.join(", ")})`
    return list.length === 2 ? `${list[0]} ${name} ${list[1]}` : `${name} ${list[0]}`
  })
}

async function open(): Promise<{ connection: DuckDBConnection; close(): void }> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" })
  const connection = await instance.connect()
  const row = (kind: "seen" | "hidden") => columns.map((one) => `${one[kind]} AS ${one.name}`).join(", ")
  await connection.run(
    `CREATE TABLE plain AS SELECT 'north' AS region, ${row("seen")}; CREATE TABLE people AS FROM plain;
     INSERT INTO people SELECT 'south', ${row("hidden")}`,
  )
  return { connection, close: () => instance.closeSync() }
}

async function outcome(connection: DuckDBConnection, sql: string): Promise<string> {
  try {
    return JSON.stringify((await connection.runAndReadAll(sql)).getRowsJson())
  } catch (error) {
    // Of what is wrong with the call itself the engine shows the place in the text.
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)
  }
}

test("without a barrier no function tells of the statistics of hidden rows", async (t) => {
  const { connection, close } = await open()
  const names = columns.map(({ name }) => `t.${name} AS ${name}`).join(", ")
  const people = `(SELECT ${names} FROM people AS t WHERE t.region = 'north') AS people`
  const wrong: string[] = []
  let compared = 0
  try {
    for (const call of await calls(connection)) {
      const tree = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [
        `SELECT ${call} FROM people`,
      ])
      if (needsBarrier(JSON.parse(String(tree.getRows()[0]?.[0])) as Tree, [])) continue
      const wanted = await outcome(connection, `SELECT ${call} FROM plain AS people`)
      const found = await outcome(connection, `SELECT ${call} FROM ${people}`)
      compared++
      if (found !== wanted) wrong.push(`${call}: ${found.slice(0, 200)}, not ${wanted.slice(0, 200)}`)
    }
  } finally {
    close()
  }
  t.diagnostic(`${compared} calls compared`)
  assert.ok(compared > 3_000)
  assert.deepEqual(wrong, [])
})
