import type { DuckDBConnection } from "@duckdb/node-api"
import { boundedMacros } from "../bounds/macros.ts"
import { jsonNumbers } from "./functions/json-numbers.ts"
import { meanings } from "./functions/meanings.ts"
import { referenceFunctions } from "./functions/reference-functions.ts"
import { stackqlFunctions } from "./stackql-functions.ts"

/** `SCHEMA` of the functions below, in the engine's in-memory database. */
export const dialectSchema = "memory.redshift"

const letters = "abcdefghijklmnopqrstuvwxyz".split("")

/** DECODE compares with NULL, too. Up to ten pairs, with and without a default. */
function decodeForms(): string {
  const forms: string[] = []
  for (let count = 3; count <= 22; count++) {
    const names = letters.slice(0, count)
    const pairs: string[] = []
    for (let i = 1; i + 1 < count; i += 2) {
      pairs.push(`WHEN ${names[0]} IS NOT DISTINCT FROM ${names[i]} THEN ${names[i + 1]}`)
    }
    const rest = count % 2 === 0 ? ` ELSE ${names[count - 1]}` : ""
    forms.push(`(${names.join(", ")}) AS CASE ${pairs.join(" ")}${rest} END`)
  }
  return forms.join(", ")
}

/** One to five steps into a JSON text. */
function pathForms(value: (json: string) => string): string {
  return [1, 2, 3, 4, 5]
    .map((steps) => {
      const names = letters.slice(1, steps + 1)
      const path = names.map((name) => `'."' || ${name} || '"'`).join(" || ")
      return `(a, ${names.join(", ")}) AS memory.redshift.plain_numbers(json_extract_string(${value("a")}, '$' || ${path}))`
    })
    .join(", ")
}

const months = `CASE p WHEN 'millennium' THEN 12000 WHEN 'century' THEN 1200 WHEN 'decade' THEN 120 WHEN 'year' THEN 12
  WHEN 'quarter' THEN 3 WHEN 'month' THEN 1 ELSE 0 END`
const days = "CASE p WHEN 'week' THEN 7 WHEN 'day' THEN 1 ELSE 0 END"
const micros = `CASE p WHEN 'hour' THEN 3600000000 WHEN 'minute' THEN 60000000 WHEN 'second' THEN 1000000
  WHEN 'millisecond' THEN 1000 WHEN 'microsecond' THEN 1 ELSE 0 END`

/** What the cloud's functions are in the engine's words. */
const macros: Record<string, string> = {
  getdate: "() AS (now() AT TIME ZONE 'UTC')::TIMESTAMP",
  nvl2: "(a, b, c) AS CASE WHEN a IS NOT NULL THEN b ELSE c END",
  decode: decodeForms(),
  dateadd: `(p, n, x) AS x::TIMESTAMP + to_months((n * ${months})::INTEGER) + to_days((n * ${days})::INTEGER)
    + to_microseconds((n * ${micros})::BIGINT)`,
  datediff: "(p, a, b) AS date_diff(p, a::TIMESTAMP, b::TIMESTAMP)",
  add_months: `(d, n) AS CASE WHEN last_day(d::DATE) = d::DATE
    THEN last_day((d::DATE + to_months(n::INTEGER))::DATE) + (d::TIMESTAMP - d::DATE)
    ELSE d::TIMESTAMP + to_months(n::INTEGER) END`,
  months_between: `(a, b) AS (year(a::DATE) - year(b::DATE)) * 12 + month(a::DATE) - month(b::DATE) +
    CASE WHEN last_day(a::DATE) = a::DATE AND last_day(b::DATE) = b::DATE THEN 0
    ELSE (day(a::DATE) - day(b::DATE)) / 31.0 END`,
  convert_timezone: `(t, x) AS timezone(t, timezone('UTC', x::TIMESTAMP)), (s, t, x) AS timezone(t, timezone(s, x::TIMESTAMP))`,
  charindex: "(a, b) AS strpos(b, a)",
  // Hexadecimal digits, the usual case, are read by the engine's own cast.
  strtol: `(s, b) AS CASE WHEN b < 2 OR b > 36 THEN error('strtol: the base is 2 to 36')
    WHEN b = 16 AND regexp_full_match(s, '(0[xX])?[0-9a-fA-F]{1,15}') THEN ('0x' || regexp_replace(s, '^0[xX]', ''))::BIGINT
    WHEN length(s) > 65 THEN error('strtol: a text of more than 65 characters')
    WHEN NOT regexp_full_match(s, '\\s*[+-]?(0[xX])?[0-9a-zA-Z]+') THEN error('strtol: "' || s || '" is no number')
    ELSE CASE WHEN contains(s, '-') THEN -1 ELSE 1 END * list_reduce(list_transform(string_split(lower(regexp_replace(s, CASE b WHEN 16 THEN '^\\s*[+-]?(0[xX])?' ELSE '^\\s*[+-]?' END, '')), ''),
    lambda c: CASE WHEN strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) BETWEEN 1 AND b THEN (strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1)::BIGINT
      ELSE error('strtol: "' || s || '" has other digits than the base') END), lambda x, y: x * b + y) END`,
  from_varbyte: `(a, f) AS CASE lower(f) WHEN 'hex' THEN lower(hex(a::BLOB)) WHEN 'base64' THEN base64(a::BLOB)
    WHEN 'utf8' THEN decode(a::BLOB) WHEN 'utf-8' THEN decode(a::BLOB)
    ELSE error('from_varbyte: the format is hex, base64 or utf8') END`,
  to_varbyte: `(a, f) AS CASE lower(f) WHEN 'hex' THEN unhex(a) WHEN 'base64' THEN from_base64(a)
    WHEN 'utf8' THEN encode(a) WHEN 'utf-8' THEN encode(a) ELSE error('to_varbyte: the format is hex, base64 or utf8') END`,
  btrim: "(a) AS trim(a), (a, b) AS trim(a, b)",
  sha2: "(a, n) AS CASE WHEN n IN (0, 256) THEN sha256(a) ELSE error('sha2: only 256 bits are supported') END",
  regexp_substr: "(a, b) AS regexp_extract(a, b)",
  regexp_count: "(a, b) AS len(regexp_extract_all(a, b))",
  ...jsonNumbers,
  json_extract_path_text: pathForms((json) => `memory.redshift.kept_numbers(${json})`),
  json_extract_path_text_if_valid: pathForms(
    (json) => `CASE WHEN json_valid(${json}) THEN memory.redshift.kept_numbers(${json}) END`,
  ),
  // A place before the array's beginning is none; the engine counts it from the end.
  json_extract_array_element_text:
    "(a, n) AS CASE WHEN n >= 0 THEN memory.redshift.plain_numbers(json_extract_string(memory.redshift.kept_numbers(a), '$[' || n || ']')) END",
  json_parse: "(a) AS a::JSON",
  json_serialize: "(a) AS a::VARCHAR",
  is_valid_json: "(a) AS json_valid(a)",
  is_valid_json_array:
    "(a) AS coalesce(json_valid(a) AND json_type(CASE WHEN json_valid(a) THEN a END) = 'ARRAY', false)",
  ...meanings,
  ...referenceFunctions,
  ...stackqlFunctions,
  // The list in the type that its numbers have; the sum is never computed.
  as_series: "(list, a, b) AS cast_to_type(list, CASE WHEN false THEN [a + b] END)",
  // A scalar inside a SUPER value loses its quotes as text; every other type is cast as ever.
  super_text: "(a) AS CASE WHEN typeof(a) = 'JSON' THEN (a::JSON) ->> '$' ELSE a::VARCHAR END",
}

export const dialectFunctions: ReadonlySet<string> = new Set(
  [...Object.keys(macros), "regexp_full_match"].filter((name) => !Object.hasOwn(meanings, name)),
)

/** Makes the functions. Repeatable. */
export async function installDialect(connection: DuckDBConnection): Promise<void> {
  const bounded = Object.entries(boundedMacros).map(([name, forms]) => [`bounded_${name}`, forms] as const)
  const statements = [...bounded, ...Object.entries(macros)].map(
    ([name, forms]) => `CREATE OR REPLACE MACRO ${dialectSchema}.${name}${forms}`,
  )
  await connection.run([`CREATE SCHEMA IF NOT EXISTS ${dialectSchema}`, ...statements].join(";\n"))
}
