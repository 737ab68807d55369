/** What `query/duckdb/semantics` puts in place of operators and functions whose meaning is another one in the engine. */
const divisionByZero = "error('division by zero')"

export const meanings: Record<string, string> = {
  nonzero: `(a) AS CASE WHEN a = 0 THEN ${divisionByZero} ELSE a END`,
  // Of what must not be computed twice.
  nonzero_once: `(a) AS list_transform([a], lambda x: CASE WHEN x = 0 THEN ${divisionByZero} ELSE x END)[1]`,
  // Of a parameter, whose type is that of the dividend.
  nonzero_like: `(a, b) AS CASE WHEN a = cast_to_type(0, b) THEN ${divisionByZero} ELSE a END`,
  // Integers: BIGINT; decimals keep their scale; floating point numbers are DOUBLE.
  average: "(s, n, x) AS cast_to_type(s // nullif(n, 0), x + 0::BIGINT)",
  as_double: "(a) AS a::DOUBLE",
  substring: `(s, a) AS substring(s, greatest(a, 1)), (s, a, n) AS CASE WHEN n < 0 THEN error('negative substring length not allowed')
    WHEN a >= 1 THEN substring(s, a, n) ELSE substring(s, 1, greatest(a + n - 1, 0)) END`,
  cut_char: "(a, n) AS rtrim(left(a, n), ' ')",
  cut_varchar: "(a, n) AS left(a, n)",
  part_millisecond: "(x) AS date_part('millisecond', x) % 1000",
  part_microsecond: "(x) AS date_part('microsecond', x) % 1000000",
  part_epoch: "(x) AS floor(date_part('epoch', x))::BIGINT",
}
