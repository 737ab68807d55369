import type { Topic } from "./case-table.ts"

export const refusals: readonly Topic[] = [
  {
    title: "SQL commands that are refused by name",
    page: "c_SQL_commands",
    cases: [
      ["CALL p()", "!0A000"],
      ["CREATE OR REPLACE PROCEDURE p() AS 'BEGIN END' LANGUAGE plpgsql", "!0A000"],
      ["CREATE FUNCTION f(int) RETURNS int STABLE AS 'SELECT $1' LANGUAGE sql", "!0A000"],
      ["UNLOAD ('SELECT 1') TO 's3://bucket/x' IAM_ROLE default", "!0A000"],
      ["CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'x'", "!0A000"],
      ["CREATE DATASHARE d", "!0A000"],
      ["CREATE MODEL m FROM t TARGET c FUNCTION f", "!0A000"],
      ["SELECT 1 START WITH true CONNECT BY PRIOR a = b", "!0A000"],
      ["nosuch(1)", "!42883"],
    ],
  },
]
