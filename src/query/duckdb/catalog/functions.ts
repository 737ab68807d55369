import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { catalogTypes } from "./type-list.ts"
import { privilegeFunctionNames, privilegeFunctions } from "./visibility.ts"

/** Answers that are the same whatever is asked, by the number of arguments. */
const constants: Record<string, { arities: number[]; value: string }> = {
  pg_type_is_visible: { arities: [1], value: "true" },
  pg_function_is_visible: { arities: [1], value: "true" },
  pg_operator_is_visible: { arities: [1], value: "true" },
  pg_opclass_is_visible: { arities: [1], value: "true" },
  pg_opfamily_is_visible: { arities: [1], value: "true" },
  pg_collation_is_visible: { arities: [1], value: "true" },
  pg_conversion_is_visible: { arities: [1], value: "true" },
  pg_statistics_obj_is_visible: { arities: [1], value: "true" },
  pg_ts_config_is_visible: { arities: [1], value: "true" },
  pg_ts_dict_is_visible: { arities: [1], value: "true" },
  pg_ts_parser_is_visible: { arities: [1], value: "true" },
  pg_ts_template_is_visible: { arities: [1], value: "true" },
  pg_relation_is_publishable: { arities: [1], value: "false" },
  pg_is_in_recovery: { arities: [0], value: "false" },
  pg_is_other_temp_schema: { arities: [1], value: "false" },
  pg_my_temp_schema: { arities: [0], value: "0::BIGINT" },
  pg_encoding_to_char: { arities: [1], value: "'UTF8'" },
  pg_char_to_encoding: { arities: [1], value: "6" },
  getdatabaseencoding: { arities: [0], value: "'UTF8'" },
  pg_client_encoding: { arities: [0], value: "'UTF8'" },
  obj_description: { arities: [1, 2], value: "NULL::VARCHAR" },
  shobj_description: { arities: [2], value: "NULL::VARCHAR" },
  col_description: { arities: [2], value: "NULL::VARCHAR" },
  pg_get_functiondef: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_function_result: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_function_arguments: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_function_identity_arguments: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_function_sqlbody: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_statisticsobjdef_columns: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_partkeydef: { arities: [1], value: "NULL::VARCHAR" },
  pg_get_ruledef: { arities: [1, 2], value: "NULL::VARCHAR" },
  pg_get_triggerdef: { arities: [1, 2], value: "NULL::VARCHAR" },
  pg_get_serial_sequence: { arities: [2], value: "NULL::VARCHAR" },
  pg_tablespace_location: { arities: [1], value: "''" },
  pg_tablespace_size: { arities: [1], value: "0::BIGINT" },
  pg_table_size: { arities: [1], value: "0::BIGINT" },
  pg_relation_size: { arities: [1, 2], value: "0::BIGINT" },
  pg_indexes_size: { arities: [1], value: "0::BIGINT" },
  pg_total_relation_size: { arities: [1], value: "0::BIGINT" },
  pg_database_size: { arities: [1], value: "0::BIGINT" },
  inet_server_addr: { arities: [0], value: "NULL::VARCHAR" },
  inet_client_addr: { arities: [0], value: "NULL::VARCHAR" },
  inet_server_port: { arities: [0], value: "NULL::INTEGER" },
  inet_client_port: { arities: [0], value: "NULL::INTEGER" },
}

const parameterNames = ["a", "b", "c"]

function constantStatement(name: string): string {
  const { arities, value } = constants[name] ?? { arities: [], value: "" }
  const forms = arities.map((arity) => `(${parameterNames.slice(0, arity).join(", ")}) AS ${value}`)
  return `CREATE OR REPLACE MACRO memory.pgcat.${name}${forms.join(", ")};`
}

function formatTypeStatement(): string {
  const names = catalogTypes.map(({ oid, shown }) => `WHEN ${oid} THEN ${quoteLiteral(shown)}`).join(" ")
  const arrays = catalogTypes
    .filter(({ arrayOid }) => arrayOid !== 0)
    .map(({ arrayOid, shown }) => `WHEN ${arrayOid} THEN ${quoteLiteral(`${shown}[]`)}`)
    .join(" ")
  return `CREATE OR REPLACE MACRO memory.pgcat.format_type(t, m) AS CASE
    WHEN t IS NULL THEN NULL
    WHEN t = 1700 AND m >= 4 THEN 'numeric(' || ((m::BIGINT - 4) >> 16) || ',' || ((m::BIGINT - 4) & 65535) || ')'
    ELSE CASE t ${names} ${arrays} WHEN 0 THEN '-' ELSE '???' END END;`
}

/** The functions of `computed`, besides those of `constants`: what `catalog-rewrite` may send here. */
const computedNames = [
  "_pg_expandarray",
  "array_lower",
  "array_remove",
  "array_upper",
  "format_type",
  "pg_get_constraintdef",
  "pg_get_expr",
  "pg_get_indexdef",
  "pg_get_userbyid",
  "pg_get_viewdef",
  "pg_table_is_visible",
  "quote_ident",
  "regclass_in",
  "regclass_out",
  "regnamespace_out",
  "regtype_in",
  "regtype_out",
  "to_regclass",
]

export const catalogFunctionNames: ReadonlySet<string> = new Set([
  ...privilegeFunctionNames,
  ...Object.keys(constants),
  ...computedNames,
])

/** Those that the views need, so created before them. */
export function earlyFunctionStatements(): string {
  return `
    ${Object.keys(constants).map(constantStatement).join("\n")}
    ${formatTypeStatement()}
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_expr(a, b) AS a::VARCHAR, (a, b, c) AS a::VARCHAR;
    CREATE OR REPLACE MACRO memory.pgcat._pg_expandarray(a) AS unnest(list_transform(a, lambda one, i: {'x': one, 'n': i}));
    CREATE OR REPLACE MACRO memory.pgcat.array_upper(a, b) AS nullif(len(a), 0);
    CREATE OR REPLACE MACRO memory.pgcat.array_remove(a, b) AS list_filter(a, lambda one: one IS DISTINCT FROM b);
    CREATE OR REPLACE MACRO memory.pgcat.array_lower(a, b) AS CASE WHEN len(a) > 0 THEN 1 END;
    CREATE OR REPLACE MACRO memory.pgcat.quote_ident(a) AS CASE
      WHEN regexp_full_match(a, '[a-z_][a-z0-9_$]*') THEN a ELSE '"' || replace(a, '"', '""') || '"' END;`
}

/** Those that look into the views: DuckDB binds a macro when it is made, so the views come first. */
export function lateFunctionStatements(): string {
  return `
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_userbyid(a) AS
      coalesce((SELECT rolname FROM memory.pgcat.pg_roles WHERE oid = a), 'unknown (OID=' || a || ')');
    CREATE OR REPLACE MACRO memory.pgcat.regclass_in(a) AS CASE WHEN regexp_full_match(a, '\\d+') THEN a::BIGINT ELSE
      (SELECT min(c.oid) FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace
       WHERE replace(a, '"', '') IN (c.relname, n.nspname || '.' || c.relname)) END;
    CREATE OR REPLACE MACRO memory.pgcat.to_regclass(a) AS memory.pgcat.regclass_in(a);
    CREATE OR REPLACE MACRO memory.pgcat.regclass_out(a) AS coalesce((
      SELECT CASE WHEN in_search_path(current_database(), n.nspname) THEN '' ELSE memory.pgcat.quote_ident(n.nspname) || '.' END
        || memory.pgcat.quote_ident(c.relname)
      FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = a), a::VARCHAR);
    CREATE OR REPLACE MACRO memory.pgcat.regnamespace_out(a) AS
      coalesce((SELECT nspname FROM memory.pgcat.pg_namespace WHERE oid = a), a::VARCHAR);
    CREATE OR REPLACE MACRO memory.pgcat.regtype_out(a) AS memory.pgcat.format_type(a, -1);
    CREATE OR REPLACE MACRO memory.pgcat.regtype_in(a) AS
      (SELECT min(oid) FROM memory.pgcat.pg_type WHERE typname = a OR memory.pgcat.format_type(oid, -1) = a);
    CREATE OR REPLACE MACRO memory.pgcat.pg_table_is_visible(a) AS EXISTS (
      SELECT 1 FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = a AND in_search_path(current_database(), n.nspname));
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_viewdef(a) AS
        (SELECT any_value(regexp_replace(sql, '^CREATE VIEW .*? AS ', '')) FROM duckdb_views() WHERE 16384 + view_oid = a
          AND database_name = current_database() AND NOT internal AND memory.pgcat.sees_table(database_name, schema_name, view_name)),
      (a, b) AS (SELECT any_value(regexp_replace(sql, '^CREATE VIEW .*? AS ', '')) FROM duckdb_views() WHERE 16384 + view_oid = a
          AND database_name = current_database() AND NOT internal AND memory.pgcat.sees_table(database_name, schema_name, view_name));
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_constraintdef(a) AS
        (SELECT any_value(definition) FROM memory.pgcat.pg_constraint WHERE oid = a),
      (a, b) AS (SELECT any_value(definition) FROM memory.pgcat.pg_constraint WHERE oid = a);
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_indexdef(a) AS
        (SELECT any_value('CREATE UNIQUE INDEX ' || index_name || ' ON ' || table_name || ' USING btree (' ||
          array_to_string(constraint_column_names, ', ') || ')') FROM memory.pgcat.indexes WHERE oid = a),
      (a, b, c) AS (SELECT any_value('CREATE UNIQUE INDEX ' || index_name || ' ON ' || table_name || ' USING btree (' ||
          array_to_string(constraint_column_names, ', ') || ')') FROM memory.pgcat.indexes WHERE oid = a);
    ${privilegeFunctions()}`
}
