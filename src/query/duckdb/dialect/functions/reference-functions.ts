import { checksums } from "./checksums.ts"

/** Functions of Redshift's reference that the engine lacks, in the engine's words. */
const weekdays = "['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa']"
const weekday = `list_position(${weekdays}, lower(left(w, 2)))`

/** -1, 0 or 1. */
const compared = "(a, b) AS CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END"
const comparedTimes = `(a, b) AS CASE WHEN a::TIMESTAMP < b::TIMESTAMP THEN -1 WHEN a::TIMESTAMP > b::TIMESTAMP THEN 1
  WHEN a::TIMESTAMP = b::TIMESTAMP THEN 0 END`

const ofJson = (types: string) => `(a) AS json_type(a::JSON) IN (${types})`

export const referenceFunctions: Record<string, string> = {
  ...checksums,
  // Without a match 0.
  regexp_instr:
    "(a, b) AS CASE WHEN regexp_matches(a, b) THEN length(regexp_extract(a, '(?s)^(.*?)(?:' || b || ')', 1)) + 1 ELSE 0 * length(a) END",
  // Whatever is no letter and no digit ends a word.
  initcap: String.raw`(a) AS list_aggregate(list_transform(regexp_extract_all(a::VARCHAR, '[\pL\pN]+|[^\pL\pN]+'),
    lambda w: upper(left(w, 1)) || lower(substring(w, 2))), 'string_agg', '')`,
  quote_literal: "(a) AS '''' || replace(a, '''', '''''') || ''''",
  next_day: `(d, w) AS d::DATE + CASE WHEN ${weekday} IS NULL AND w IS NOT NULL THEN error('next_day: "' || w || '" is no day of the week')
    ELSE ((${weekday} - 1 - dayofweek(d::DATE) + 6) % 7 + 1)::INTEGER END`,
  date_cmp: comparedTimes,
  date_cmp_timestamp: comparedTimes,
  timestamp_cmp: comparedTimes,
  timestamp_cmp_date: comparedTimes,
  interval_cmp: compared,
  bttext_pattern_cmp: compared,
  bpcharcmp: compared,
  dexp: "(a) AS memory.redshift.exp(a::DOUBLE)",
  dlog1: "(a) AS ln(a::DOUBLE)",
  dlog10: "(a) AS log10(a::DOUBLE)",
  sha: "(a) AS sha1(a)",
  func_sha1: "(a) AS sha1(a)",
  textlen: "(a) AS length(a)",
  can_json_parse: "(a) AS json_valid(a)",
  is_array: ofJson("'ARRAY'"),
  is_object: ofJson("'OBJECT'"),
  is_boolean: ofJson("'BOOLEAN'"),
  is_varchar: ofJson("'VARCHAR'"),
  is_bigint: ofJson("'BIGINT', 'UBIGINT'"),
  is_scalar: ofJson("'VARCHAR', 'BOOLEAN', 'BIGINT', 'UBIGINT', 'DOUBLE'"),
  json_typeof: `(a) AS CASE json_type(a::JSON) WHEN 'VARCHAR' THEN 'string' WHEN 'UBIGINT' THEN 'number' WHEN 'BIGINT' THEN 'number'
    WHEN 'DOUBLE' THEN 'number' ELSE lower(json_type(a::JSON)) END`,
  get_array_length:
    "(a) AS CASE WHEN json_type(a::JSON) = 'ARRAY' THEN json_array_length(a::JSON)::BIGINT END",
  split_to_array: `(a) AS to_json(memory.redshift.bounded_string_split(a, ',')),
    (a, d) AS to_json(memory.redshift.bounded_string_split(a, d))`,
}
