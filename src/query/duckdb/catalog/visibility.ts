import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"

/** Between the parts of a name, where no name has it. */
const separator = "\u001f"
/** Sees every table; and besides, may do anything with it. */
const everything = "*"
const anything = "**"
/** Is not told how many rows a table has. */
const withoutCounts = "-"

/**
 * The catalogs are the same views for all sessions; what each shows is decided by a variable of its connection, which
 * clients cannot set. Where it is not set, nothing is shown.
 */
export function visibilityStatement(access: SqlAccess, { hidesCounts }: { hidesCounts: boolean }): string {
  const all = access.isSuperuser ? [everything, anything] : [everything]
  const keys = access.readsAll
    ? all
    : [...new Set(access.grants.filter(({ privilege }) => privilege !== "create").map(keyOf))]
  const shown = hidesCounts ? [...keys, withoutCounts] : keys
  return `SET VARIABLE millrace_sees = [${shown.map(quoteLiteral).join(", ")}]::VARCHAR[]`
}

/** USAGE opens schemas, what can be done with a table shows it; CREATE shows nothing that is there. `s` and `t` keep them apart. */
function keyOf({ privilege, database, schema, table }: SqlAccess["grants"][number]): string {
  const kind = privilege === "usage" ? "s" : "t"
  return [kind, database, schema, table].filter((part) => part !== "").join(separator)
}

/** `foldName`, by the engine. */
export function foldedInEngine(name: string): string {
  return `translate(${name}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`
}

/** Made before the views that ask them. Whoever sees all costs nothing: that case is settled before any row is read. */
export const visibilityFunctions = `
    CREATE OR REPLACE MACRO memory.pgcat.folded(a) AS ${foldedInEngine("a")};
    CREATE OR REPLACE MACRO memory.pgcat.visible_keys() AS getvariable('millrace_sees')::VARCHAR[];
    CREATE OR REPLACE MACRO memory.pgcat.sees_all() AS coalesce(list_contains(memory.pgcat.visible_keys(), '${everything}'), false);
    CREATE OR REPLACE MACRO memory.pgcat.row_count(n) AS
      CASE WHEN coalesce(list_contains(memory.pgcat.visible_keys(), '${withoutCounts}'), false) THEN -1 ELSE n END;
    CREATE OR REPLACE MACRO memory.pgcat.sees_schema(d, s) AS CASE WHEN memory.pgcat.sees_all() THEN true
      ELSE memory.pgcat.folded(s) = 'public' OR coalesce(list_has_any(memory.pgcat.visible_keys(),
        [concat_ws('${separator}', 's', memory.pgcat.folded(d)),
        concat_ws('${separator}', 's', memory.pgcat.folded(d), memory.pgcat.folded(s))]), false) END;
    CREATE OR REPLACE MACRO memory.pgcat.sees_table(d, s, t) AS CASE WHEN memory.pgcat.sees_all() THEN true
      ELSE memory.pgcat.sees_schema(d, s) AND coalesce(list_has_any(memory.pgcat.visible_keys(),
        [concat_ws('${separator}', 't', memory.pgcat.folded(d)),
        concat_ws('${separator}', 't', memory.pgcat.folded(d), memory.pgcat.folded(s)),
        concat_ws('${separator}', 't', memory.pgcat.folded(d), memory.pgcat.folded(s), memory.pgcat.folded(t))]), false) END;
    CREATE OR REPLACE MACRO memory.pgcat.sees_database(d) AS coalesce(memory.pgcat.folded(d) = 'dev' OR memory.pgcat.folded(d) = memory.pgcat.folded(current_database())
      OR list_contains(memory.pgcat.visible_keys(), '${everything}')
      OR len(list_filter(memory.pgcat.visible_keys(), lambda one: string_split(one, '${separator}')[2] = memory.pgcat.folded(d))) > 0, false);`

/** Asked by psql and BI tools. Of rights beyond reading they tell administrators only: those of others hang on objects. */
export const privilegeFunctionNames = [
  "has_any_column_privilege",
  "has_column_privilege",
  "has_database_privilege",
  "has_schema_privilege",
  "has_table_privilege",
]

/** With or without a user's name before them; the answer is always for the session's own. */
export function privilegeFunctions(): string {
  const may = (read: string, p: string) =>
    `(lower(${p}) LIKE '%${read}%' OR coalesce(list_contains(memory.pgcat.visible_keys(), '${anything}'), false))`
  const table = (t: string, p: string) =>
    `EXISTS (SELECT 1 FROM memory.pgcat.own_classes WHERE own_oid = memory.pgcat.regclass_in(${t}::VARCHAR)) AND ${may("select", p)}`
  const schema = (s: string, p: string) =>
    `EXISTS (SELECT 1 FROM memory.pgcat.own_namespaces WHERE ${s}::VARCHAR IN (own_name, own_oid::VARCHAR)) AND ${may("usage", p)}`
  const database = (d: string, p: string) =>
    `EXISTS (SELECT 1 FROM memory.pgcat.own_databases WHERE ${d}::VARCHAR IN (own_name, own_oid::VARCHAR)) AND ${may("connect", p)}`
  const macro = (name: string, answer: (object: string, privilege: string) => string) =>
    `CREATE OR REPLACE MACRO memory.pgcat.${name}(a, b) AS ${answer("a", "b")}, (a, b, c) AS ${answer("b", "c")};`
  const column = `CREATE OR REPLACE MACRO memory.pgcat.has_column_privilege(a, b, c) AS ${table("a", "c")}, (a, b, c, d) AS ${table("b", "d")};`
  return [
    column,
    macro("has_table_privilege", table),
    macro("has_any_column_privilege", table),
    macro("has_schema_privilege", schema),
    macro("has_database_privilege", database),
  ].join("\n")
}
