import type { Topic } from "./case-table.ts"

export const numbers: readonly Topic[] = [
  {
    title: "Mathematical operators",
    page: "r_OPERATOR_SYMBOLS",
    cases: [
      ["1 / 0", "!22012"],
      ["1 % 0", "!22012"],
      ["1.0 / 0", "!22012"],
      ["1::float8 / 0", "!22012"],
      ["x / y FROM (VALUES (1, 0)) t(x, y)", "!22012"],
      ["x / (y - y) FROM (VALUES (1.5, 2.5)) t(x, y)", "!22012"],
      ["1 / (SELECT count(*) - 1 FROM (VALUES (1)) t(x))", "!22012"],
      ["7 / 2, -7 / 2, 7 / -2", "3, -3, -3"],
      ["x / y FROM (VALUES (7, 2)) t(x, y)", "3"],
      ["7.0 / 2, 7::float8 / 2", "3.5, 3.5"],
      ["7 % 3, -7 % 3, x % 2 FROM (VALUES (5)) t(x)", "1, -1, 1"],
      ["x / NULLIF(y, 0) FROM (VALUES (1, 0)) t(x, y)", "null"],
      ["8 / 2 / 2, 100 / (2 * 5), 1 + 6 / 4", "2, 10, 2"],
      ["2 ^ 3, 2 ^ 0.5 > 1.41, |/ 25", "8, true, 5"],
    ],
  },
  {
    title: "MOD",
    page: "r_MOD",
    cases: [
      ["mod(10, 4), mod(-10, 4)", "2, -2"],
      ["mod(5, 0)", "!22012"],
    ],
  },
  {
    title: "STRTOL",
    page: "r_STRTOL",
    cases: [
      ["strtol('0xf', 16), strtol('abcd1234', 16)", "15, 2882343476"],
      ["strtol('1234567', 10), strtol('11110', 2), strtol('zz', 36)", "1234567, 30, 1295"],
      ["strtol('-ff', 16)", "-255"],
      ["strtol('12', 2)", "!22023"],
    ],
  },
  {
    title: "POWER, LN, LOG, SQRT",
    page: "r_POWER",
    cases: [
      ["power(9, 3), pow(2, -1), power(-8, 3), 2 ^ 0.5 > 1.41", "729, 0.5, -512, true"],
      ["power(0, -1)", "!2201F"],
      ["power(-8, 1.0 / 3)", "!2201F"],
      ["ln(0)", "!2201E"],
      ["sqrt(-1)", "!2201F"],
      ["dlog10(100), dexp(0), dlog1(1)", "2, 1, 0"],
    ],
  },
  {
    title: "Casts and literals of numbers",
    page: "r_Numeric_types201",
    cases: [
      ["12.56::numeric, CAST(12.345 AS numeric(5,2)), 12.355::decimal(5,2)", "13, 12.35, 12.36"],
      ["1234.5::numeric(5,2)", "!22003"],
      ["2.5::int, 3.5::int, (-2.5)::int", "3, 4, -3"],
      ["'0x1F'::int", "!22P02"],
      ["'1.5'::int", "!22P02"],
      ["' 12 '::int, 'on'::boolean, 'n'::boolean", "12, true, false"],
      ["'maybe'::boolean", "!22P02"],
      ["2147483647 + 1", "!22003"],
      ["40000::smallint", "!22003"],
      ["X'1F'", "!0A000"],
    ],
  },
  {
    title: "CBRT, TRUNC, ROUND, CEIL, FLOOR",
    page: "r_CBRT",
    cases: [
      ["cbrt(27), cbrt(2) > 1.25, ||/ 64", "3, true, 4"],
      [
        "trunc(42.4382, 2), trunc(-5.5), round(28.05, 1), round(-28.5), ceil(4.2), floor(-4.2)",
        "42.43, -5, 28.1, -29, 5, -5",
      ],
      ["1234.567::numeric(6,2), round(1234.567, -2)", "1234.57, 1200"],
    ],
  },
]
