/** What `query/duckdb/semantics` puts in place of operators and functions whose meaning is another one in the engine. */
import { numberTexts } from "./number-texts.ts"
import { quotients } from "./quotients.ts"
import { textsRead } from "./texts-read.ts"

const overflow = "error('value out of range: overflow')"
const divisionByZero = "error('division by zero')"

export const meanings: Record<string, string> = {
  nonzero: `(a) AS CASE WHEN a = 0 THEN ${divisionByZero} ELSE a END`,
  // Of what must not be computed twice.
  nonzero_once: `(a) AS list_transform([a], lambda x: CASE WHEN x = 0 THEN ${divisionByZero} ELSE x END)[1]`,
  // Of a parameter, whose type is that of the dividend.
  nonzero_like: `(a, b) AS CASE WHEN a = cast_to_type(0, b) THEN ${divisionByZero} ELSE a END`,
  ...numberTexts,
  ...quotients,
  ...textsRead,
  // Integers: BIGINT; decimals keep their scale; floating point numbers are DOUBLE.
  average: "(s, n, x) AS cast_to_type(s // nullif(n, 0), replace_type(x + 0::BIGINT, 0::FLOAT, 0::DOUBLE))",
  as_double: "(a) AS a::DOUBLE",
  substring: `(s, a) AS substring(s, greatest(a, 1)), (s, a, n) AS CASE WHEN n < 0 THEN error('negative substring length not allowed')
    WHEN a >= 1 THEN substring(s, a, n) ELSE substring(s, 1, greatest(a + n - 1, 0)) END`,
  power: `(a, b) AS CASE WHEN a = 0 AND b < 0 THEN error('zero raised to a negative power is undefined')
    WHEN a < 0 AND b <> floor(b) THEN error('a negative number raised to a non-integer power yields a complex result')
    WHEN isinf(power(a, b)) AND NOT isinf(a::DOUBLE) AND NOT isinf(b::DOUBLE) THEN ${overflow} ELSE power(a, b) END`,
  power_whole: `(a, b) AS CASE WHEN isinf(power(a, b)) AND NOT isinf(a::DOUBLE) THEN ${overflow} ELSE power(a, b) END`,
  split_part: `(a, b, n) AS CASE WHEN n <= 0 THEN error('field position must be greater than zero')
    ELSE memory.redshift.bounded_split_part(a, b, n) END`,
  // The engine takes a power of one third, which no binary number is.
  cbrt: "(a) AS CASE WHEN round(cbrt(a)) * round(cbrt(a)) * round(cbrt(a)) = a THEN round(cbrt(a)) ELSE cbrt(a) END",
  to_hex: `(a) AS CASE WHEN typeof(a) IN ('INTEGER', 'SMALLINT') THEN right(lower(to_hex(a)), 8) ELSE lower(to_hex(a)) END`,
  exp: `(a) AS CASE WHEN isinf(exp(a)) AND NOT isinf(a::DOUBLE) THEN ${overflow} ELSE exp(a) END`,
  chr: "(a) AS CASE WHEN a = 0 THEN error('null character not permitted') ELSE chr(a) END",
  // Halves of floating point numbers go to the even neighbour, those of decimals away from zero.
  round: `(a) AS round(a) - CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') AND abs(a - trunc(a)) = 0.5 AND round(a)::DOUBLE % 2 <> 0
    THEN sign(a) ELSE 0::TINYINT END`,
  // A floating point number that is whole has no decimals as text.
  text_of: `(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT') THEN regexp_replace(a::VARCHAR, '\\.0$', '') ELSE a::VARCHAR END`,
  trunc_to_century: "(p, x) AS date_trunc(p, x - INTERVAL 1 YEAR) + INTERVAL 1 YEAR",
  octet_length: "(a) AS strlen(a::VARCHAR)",
  lpad: "(a, n) AS memory.redshift.bounded_lpad(a, n, ' ')",
  rpad: "(a, n) AS memory.redshift.bounded_rpad(a, n, ' ')",
  date_name: `(x, f, l, w) AS rpad(CASE WHEN f = 'dotted' THEN CASE WHEN hour(x) < 12 THEN CASE l WHEN 'lower' THEN 'a.m.' ELSE 'A.M.' END
    ELSE CASE l WHEN 'lower' THEN 'p.m.' ELSE 'P.M.' END END
    ELSE CASE l WHEN 'upper' THEN upper(strftime(x, f)) WHEN 'lower' THEN lower(strftime(x, f)) ELSE strftime(x, f) END END,
    greatest(w, length(strftime(x, CASE f WHEN 'dotted' THEN 'a.m.' ELSE f END)))::INTEGER, ' ')`,
  date_digits: `(x, p) AS (CASE p WHEN 'year' THEN year(x) WHEN 'year3' THEN year(x) % 1000 WHEN 'year2' THEN year(x) % 100
    WHEN 'year1' THEN year(x) % 10 WHEN 'isoyear' THEN isoyear(x) WHEN 'month' THEN month(x) WHEN 'day' THEN day(x)
    WHEN 'dayofyear' THEN dayofyear(x) WHEN 'weekday' THEN dayofweek(x) + 1 WHEN 'week' THEN week(x)
    WHEN 'weekOfYear' THEN (dayofyear(x) - 1) // 7 + 1 WHEN 'weekOfMonth' THEN (day(x) - 1) // 7 + 1 WHEN 'quarter' THEN quarter(x)
    WHEN 'century' THEN (year(x) + 99) // 100 WHEN 'julian' THEN julian(x::DATE)::BIGINT WHEN 'hour' THEN hour(x)
    WHEN 'hour12' THEN (hour(x) + 11) % 12 + 1 WHEN 'minute' THEN minute(x) WHEN 'second' THEN second(x)
    WHEN 'millisecond' THEN millisecond(x) % 1000 WHEN 'microsecond' THEN microsecond(x) % 1000000
    WHEN 'secondOfDay' THEN hour(x) * 3600 + minute(x) * 60 + second(x) END)::VARCHAR`,
  date_number: `(x, p, w) AS lpad(memory.redshift.date_digits(x, p), greatest(w, length(memory.redshift.date_digits(x, p)))::INTEGER, '0')`,
  cut_char: "(a, n) AS rtrim(left(a, n), ' ')",
  cut_varchar: "(a, n) AS left(a, n)",
  part_millisecond: "(x) AS date_part('millisecond', x) % 1000",
  part_microsecond: "(x) AS date_part('microsecond', x) % 1000000",
  part_epoch: "(x) AS floor(date_part('epoch', x))::BIGINT",
}
