import type { Topic } from "./case-table.ts"

export const aggregates: readonly Topic[] = [
  {
    title: "AVG",
    page: "r_AVG",
    cases: [
      ["avg(x) FROM (VALUES (1), (2)) t(x)", "1"],
      ["avg(x) FROM (VALUES (10.00::decimal(12,2)), (10.50), (10.50)) t(x)", "10.33"],
      ["avg(x) FROM (VALUES (1.5::float8), (2)) t(x)", "1.75"],
      ["avg(x) FROM (VALUES (1)) t(x) WHERE x > 1", "null"],
      ["avg(DISTINCT x), avg(x) FILTER (WHERE x > 1) FROM (VALUES (1), (2), (2), (5)) t(x)", "2, 3"],
      ["x, avg(x) OVER (ORDER BY x) FROM (VALUES (1), (2), (4)) t(x)", "1, 1 ; 2, 1 ; 4, 2"],
      ["avg(x) FROM (VALUES (1.1::real), (2.2::real)) t(x)", "1.6500000357627869"],
      ["avg(-x) FROM (VALUES (1), (2)) t(x)", "-1"],
    ],
  },
  {
    title: "ORDER BY",
    page: "r_ORDER_BY_clause",
    cases: [
      ["x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x DESC LIMIT 1", "null"],
      ["x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x", "1 ; 2 ; null"],
      ["x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x DESC NULLS LAST", "2 ; 1 ; null"],
      [
        "x, rank() OVER (ORDER BY x DESC) AS r FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY r",
        "null, 1 ; 2, 2 ; 1, 3",
      ],
      ["listagg(nvl(x, 'n')) WITHIN GROUP (ORDER BY x DESC) FROM (VALUES ('a'), (NULL), ('b')) t(x)", "nba"],
      ["d::varchar FROM (VALUES (10), (9)) t(d) ORDER BY d", "10 ; 9"],
    ],
  },
  {
    title: "Names of results",
    page: "r_SELECT_list",
    cases: [
      ["t.count, t.max FROM (SELECT count(*), max(x) FROM (VALUES (1)) v(x)) t", "1, 1"],
      ['"exists" FROM (SELECT EXISTS (SELECT 1)) t', "true"],
      ["WITH t AS (SELECT x::varchar, nvl(x, 0) FROM (VALUES (1)) v(x)) SELECT x, coalesce FROM t", "1, 1"],
    ],
  },
  {
    title: "Expressions in changes",
    isAdministrators: true,
    page: "r_UPDATE",
    cases: [
      ["CREATE TEMP TABLE changed (id INTEGER, a VARCHAR(20))", ""],
      [
        "INSERT INTO changed VALUES (7 / 2, substring('caterpillar', -2, 6)), (mod(7, 4), concat('x', NULL)), (9, '1.5')",
        "",
      ],
      ["SELECT * FROM changed ORDER BY id, a", "3, cat ; 3, null ; 9, 1.5"],
      ["UPDATE changed SET id = id / 2, a = 'zz'::char(1) WHERE 'abc' ~ 'b' AND a IS NULL", ""],
      ["SELECT * FROM changed ORDER BY id, a", "1, z ; 3, cat ; 9, 1.5"],
      ["UPDATE changed SET id = id / 0", "!22012"],
      ["DELETE FROM changed WHERE a SIMILAR TO 'c_t'", ""],
      ["SELECT count(*) FROM changed", "2"],
      ["DROP TABLE changed", ""],
    ],
  },
  {
    title: "RATIO_TO_REPORT",
    page: "r_WF_RATIO_TO_REPORT",
    cases: [["x, ratio_to_report(x) OVER () FROM (VALUES (1), (3)) t(x) ORDER BY x", "1, 0.25 ; 3, 0.75"]],
  },
]
