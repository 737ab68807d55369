import type { Topic } from "./case-table.ts"

export const statements: readonly Topic[] = [
  {
    title: "SELECT INTO",
    page: "r_SELECT_INTO",
    isAdministrators: true,
    cases: [
      ["CREATE TABLE origin (a INTEGER, b VARCHAR(10))", ""],
      ["INSERT INTO origin VALUES (1, 'x'), (2, 'y'), (3, NULL)", ""],
      ["SELECT a, b INTO copied FROM origin WHERE a < 3", ""],
      ["SELECT * FROM copied ORDER BY a", "1, x ; 2, y"],
      ["WITH one AS (SELECT 5 AS q) SELECT q INTO TEMP shortly FROM one", ""],
      ["SELECT q FROM shortly", "5"],
      ["SELECT 'x into y' AS t INTO #quick", ""],
      ["SELECT t FROM #quick", "x into y"],
    ],
  },
  {
    title: "Oracle-style outer joins in WHERE",
    page: "r_WHERE_oracle_outer",
    isAdministrators: true,
    cases: [
      ["SELECT o.a, c.b FROM origin o, copied c WHERE o.a = c.a(+) ORDER BY 1", "1, x ; 2, y ; 3, null"],
      [
        "SELECT o.a, nvl(c.b, 'none') FROM origin o, copied c WHERE c.a(+) = o.a AND c.b(+) = 'y' AND o.a BETWEEN 1 AND 2 ORDER BY 1",
        "1, none ; 2, y",
      ],
      ["SELECT count(*) FROM (SELECT o.a FROM origin o, copied c WHERE o.a = c.a(+) AND c.a IS NULL) t", "1"],
      ["SELECT 1 FROM origin o, copied c WHERE o.a = c.a(+) OR o.a = 1", "!0A000"],
    ],
  },
  {
    title: "PREPARE, EXECUTE, DEALLOCATE",
    page: "r_PREPARE",
    isAdministrators: true,
    cases: [
      ["PREPARE next (INTEGER) AS SELECT $1 + 1", ""],
      ["EXECUTE next(2)", "3"],
      ["EXECUTE next('x')", "!22P02"],
      ["PREPARE found AS SELECT a FROM origin WHERE b = $1 OR a = $2 ORDER BY 1", ""],
      ["EXECUTE found('x', 2)", "1 ; 2"],
      ["EXECUTE found('x')", "!42601"],
      ["PREPARE next AS SELECT 1", "!42P05"],
      ["PREPARE wrong AS SELEC 1", "!42601"],
      ["DEALLOCATE next", ""],
      ["EXECUTE next(2)", "!26000"],
    ],
  },
  {
    title: "SHOW of databases, schemas, tables and columns",
    page: "r_SHOW_TABLES",
    isAdministrators: true,
    cases: [
      ["SHOW DATABASES LIKE 'cr%'", "crm, 10, local"],
      ["SHOW SCHEMAS FROM DATABASE shop LIKE 'pub%'", "shop, public, 10, local, null, null, null"],
      ["SHOW TABLES FROM SCHEMA shop.public LIKE 'ord%'", "shop, public, orders, TABLE, null, null"],
      [
        "SHOW COLUMNS FROM TABLE shop.public.orders LIKE 'amount'",
        "shop, public, orders, amount, 3, null, YES, numeric, null, 12, 2, null",
      ],
      ["SHOW TABLE origin", "!0A000"],
    ],
  },
  {
    title: "LOCK, COMMENT, VACUUM, ANALYZE",
    page: "r_LOCK",
    isAdministrators: true,
    cases: [
      ["LOCK origin", ""],
      ["LOCK TABLE origin, copied", ""],
      ["LOCK nosuch", "!42P01"],
      ["COMMENT ON TABLE origin IS 'rows'", ""],
      ["COMMENT ON COLUMN origin.a IS NULL", ""],
      ["COMMENT ON TABLE nosuch IS 'rows'", "!42P01"],
      ["VACUUM", ""],
      ["ANALYZE origin", ""],
      ["DROP TABLE origin", ""],
      ["DROP TABLE copied", ""],
    ],
  },
  {
    title: "Unnesting queries",
    page: "query-super",
    cases: [
      ["SELECT e FROM (SELECT json_parse('[1,2]') AS v) t, t.v AS e ORDER BY e::int", "1 ; 2"],
      [
        `SELECT e.a, i FROM (SELECT json_parse('{"items":[{"a":1},{"a":2}]}') AS v) t, t.v.items AS e AT i ORDER BY i`,
        "1, 0 ; 2, 1",
      ],
      [
        "SELECT f FROM (SELECT json_parse('[[1,2],[3]]') AS v) t, t.v AS e, e AS f ORDER BY f::int",
        "1 ; 2 ; 3",
      ],
      [
        "array(1, 2, 'a'), object('a', 1, 'b', 'x'), array(), is_array(array(1)), get_array_length(array(1, 2))",
        `[1,2,"a"], {"a":1,"b":"x"}, [], true, 2`,
      ],
    ],
  },
  {
    title: "PIVOT and UNPIVOT",
    page: "r_FROM_clause-pivot-unpivot-examples",
    cases: [
      ["SELECT * FROM (SELECT 'a' AS p, 1 AS q) PIVOT (sum(q) FOR p IN ('a', 'b'))", "1, null"],
      ["SELECT * FROM (SELECT 1 AS a, 2 AS b) UNPIVOT (v FOR n IN (a, b))", "a, 1 ; b, 2"],
    ],
  },
]
