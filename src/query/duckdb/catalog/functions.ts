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
  shobj_description: { arities: [2], value: "NULL::VARCHAR" },
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
  has_parameter_privilege: { arities: [2, 3], value: "true" },
  has_type_privilege: { arities: [2, 3], value: "true" },
  pg_advisory_unlock_all: { arities: [0], value: "''" },
  pg_get_function_arg_default: { arities: [2], value: "NULL::VARCHAR" },
  pg_identify_object: { arities: [3], value: "NULL::VARCHAR" },
  pg_size_pretty: { arities: [1], value: "a::VARCHAR || ' bytes'" },
  pg_stat_get_numscans: { arities: [1], value: "0::BIGINT" },
  pg_current_xact_id: { arities: [0], value: "txid_current()" },
  to_regproc: { arities: [1], value: "NULL::BIGINT" },
  to_regprocedure: { arities: [1], value: "NULL::BIGINT" },
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
  "array_position",
  "col_description",
  "current_schemas",
  "format_type",
  "obj_description",
  "parse_ident",
  "to_regnamespace",
  "to_regrole",
  "to_regtype",
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
  "vector_text",
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
    CREATE OR REPLACE MACRO memory.pgcat.array_upper(a, b) AS nullif(len(a), 0)::INTEGER;
    CREATE OR REPLACE MACRO memory.pgcat.vector_text(a) AS array_to_string(a, ' ');
    CREATE OR REPLACE MACRO memory.pgcat.array_remove(a, b) AS list_filter(a, lambda one: one IS DISTINCT FROM b);
    CREATE OR REPLACE MACRO memory.pgcat.array_lower(a, b) AS CASE WHEN len(a) > 0 THEN 1 END::INTEGER;
    CREATE OR REPLACE MACRO memory.pgcat.array_position(a, b) AS nullif(list_position(a, b), 0)::INTEGER;
    CREATE OR REPLACE MACRO memory.pgcat.parse_ident(a) AS list_transform(regexp_extract_all(a, '"(?:[^"]|"")*"|[^."\\s]+'),
      lambda one: CASE WHEN one LIKE '"%' THEN replace(one[2:-2], '""', '"') ELSE lower(one) END), (a, b) AS
      list_transform(regexp_extract_all(a, '"(?:[^"]|"")*"|[^."\\s]+'),
      lambda one: CASE WHEN one LIKE '"%' THEN replace(one[2:-2], '""', '"') ELSE lower(one) END);
    CREATE OR REPLACE MACRO memory.pgcat.quote_ident(a) AS CASE
      WHEN regexp_full_match(a, '[a-z_][a-z0-9_$]*') THEN a ELSE '"' || replace(a, '"', '""') || '"' END;`
}

/**
 * What functions look up. A macro is put into the query as text: a column `oid` or an alias `c` of its own would be taken for
 * the argument `oid` or `c.oid` of whoever calls it. So all names begin with `own_`.
 */
const lookUps = `
    CREATE OR REPLACE VIEW memory.pgcat.own_namespaces AS SELECT oid AS own_oid, nspname AS own_name FROM memory.pgcat.pg_namespace;
    CREATE OR REPLACE VIEW memory.pgcat.own_classes AS SELECT c.oid AS own_oid, c.relname AS own_name, n.nspname AS own_schema
      FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace;
    CREATE OR REPLACE VIEW memory.pgcat.own_roles AS SELECT oid AS own_oid, rolname AS own_name FROM memory.pgcat.pg_roles;
    CREATE OR REPLACE VIEW memory.pgcat.own_databases AS SELECT oid AS own_oid, datname AS own_name FROM memory.pgcat.pg_database;
    CREATE OR REPLACE VIEW memory.pgcat.own_base_types AS SELECT oid AS own_oid, typname AS own_name FROM memory.pgcat.base_types;
    CREATE OR REPLACE VIEW memory.pgcat.own_row_types AS
      SELECT 2000000000 + oid AS own_oid, name AS own_name FROM memory.pgcat.rows_of;
    CREATE OR REPLACE VIEW memory.pgcat.own_constraints AS
      SELECT oid AS own_oid, definition AS own_definition FROM memory.pgcat.pg_constraint;
    CREATE OR REPLACE VIEW memory.pgcat.own_indexes AS SELECT oid AS own_oid, constraint_column_names AS own_columns,
      'CREATE UNIQUE INDEX ' || memory.pgcat.quote_ident(index_name) || ' ON ' || memory.pgcat.quote_ident(schema_name) || '.'
        || memory.pgcat.quote_ident(table_name) || ' USING btree (' || array_to_string(list_transform(constraint_column_names,
        lambda one: memory.pgcat.quote_ident(one)), ', ') || ')' AS own_definition FROM memory.pgcat.indexes;
    CREATE OR REPLACE VIEW memory.pgcat.own_views AS SELECT 16384 + view_oid AS own_oid,
      regexp_replace(sql, '^CREATE VIEW .*? AS ', '') AS own_definition FROM duckdb_views() WHERE database_name = current_database()
        AND NOT internal AND memory.pgcat.sees_table(database_name, schema_name, view_name);
    CREATE OR REPLACE VIEW memory.pgcat.own_comments AS SELECT objoid AS own_oid, classoid AS own_class, objsubid AS own_column,
      description AS own_comment FROM memory.pgcat.pg_description;`

/** The one value that a look-up has for an OID, as a function of one argument and, ignoring the rest, of `more`. */
function lookUp(name: string, value: string, from: string, more: readonly string[] = []): string {
  const answer = `(SELECT any_value(${value}) FROM memory.pgcat.${from} WHERE own_oid = a)`
  const forms = ["a", ...more].map((parameters) => `(${parameters}) AS ${answer}`)
  return `CREATE OR REPLACE MACRO memory.pgcat.${name}${forms.join(", ")};`
}

/** Those that look into the views: DuckDB binds a macro when it is made, so the views come first. */
export function lateFunctionStatements(): string {
  return `${lookUps}
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_userbyid(a) AS
      coalesce((SELECT any_value(own_name) FROM memory.pgcat.own_roles WHERE own_oid = a), 'unknown (OID=' || a || ')');
    CREATE OR REPLACE MACRO memory.pgcat.regclass_in(a) AS CASE WHEN regexp_full_match(a::VARCHAR, '\\d+') THEN a::BIGINT ELSE
      (SELECT min(own_oid) FROM memory.pgcat.own_classes WHERE replace(a::VARCHAR, '"', '') IN (own_name, own_schema || '.' || own_name)) END;
    CREATE OR REPLACE MACRO memory.pgcat.to_regclass(a) AS memory.pgcat.regclass_in(a);
    CREATE OR REPLACE MACRO memory.pgcat.regclass_out(a) AS coalesce((
      SELECT any_value(CASE WHEN in_search_path(current_database(), own_schema) THEN '' ELSE memory.pgcat.quote_ident(own_schema) || '.' END
        || memory.pgcat.quote_ident(own_name)) FROM memory.pgcat.own_classes WHERE own_oid = a), a::VARCHAR);
    CREATE OR REPLACE MACRO memory.pgcat.regnamespace_out(a) AS
      coalesce((SELECT any_value(own_name) FROM memory.pgcat.own_namespaces WHERE own_oid = a), a::VARCHAR);
    CREATE OR REPLACE MACRO memory.pgcat.regtype_out(a) AS memory.pgcat.format_type(a, -1);
    CREATE OR REPLACE MACRO memory.pgcat.regtype_in(a) AS coalesce(TRY_CAST(a AS BIGINT), (SELECT min(own_oid) FROM memory.pgcat.own_base_types
          WHERE own_name = replace(a::VARCHAR, 'pg_catalog.', '') OR memory.pgcat.format_type(own_oid, -1) = lower(a::VARCHAR)),
        (SELECT min(own_oid) FROM memory.pgcat.own_row_types WHERE own_name = a::VARCHAR));
    CREATE OR REPLACE MACRO memory.pgcat.to_regtype(a) AS memory.pgcat.regtype_in(a);
    CREATE OR REPLACE MACRO memory.pgcat.to_regnamespace(a) AS
      (SELECT min(own_oid) FROM memory.pgcat.own_namespaces WHERE own_name = replace(a::VARCHAR, '"', ''));
    CREATE OR REPLACE MACRO memory.pgcat.to_regrole(a) AS
      (SELECT min(own_oid) FROM memory.pgcat.own_roles WHERE own_name = replace(a::VARCHAR, '"', ''));
    CREATE OR REPLACE MACRO memory.pgcat.current_schemas(a) AS list_concat(CASE WHEN a THEN ['pg_catalog'] ELSE []::VARCHAR[] END,
      list_filter(list_transform(string_split(current_setting('search_path'), ','), lambda one: string_split(one, '.')[-1]),
        lambda one: one <> '' AND one <> 'main'));
    CREATE OR REPLACE MACRO memory.pgcat.pg_table_is_visible(a) AS EXISTS (
      SELECT 1 FROM memory.pgcat.own_classes WHERE own_oid = a AND in_search_path(current_database(), own_schema));
    ${lookUp("pg_get_viewdef", "own_definition", "own_views", ["a, b"])}
    ${lookUp("pg_get_constraintdef", "own_definition", "own_constraints", ["a, b"])}
    CREATE OR REPLACE MACRO memory.pgcat.pg_get_indexdef(a) AS
        (SELECT any_value(own_definition) FROM memory.pgcat.own_indexes WHERE own_oid = a),
      (a, b, c) AS (SELECT any_value(CASE WHEN b = 0 THEN own_definition ELSE memory.pgcat.quote_ident(own_columns[b]) END)
        FROM memory.pgcat.own_indexes WHERE own_oid = a);
    CREATE OR REPLACE MACRO memory.pgcat.col_description(a, b) AS
      (SELECT any_value(own_comment) FROM memory.pgcat.own_comments WHERE own_oid = a AND own_column = b AND b > 0);
    CREATE OR REPLACE MACRO memory.pgcat.obj_description(a) AS
        (SELECT any_value(own_comment) FROM memory.pgcat.own_comments WHERE own_oid = a AND own_column = 0),
      (a, b) AS (SELECT any_value(own_comment) FROM memory.pgcat.own_comments WHERE own_oid = a AND own_column = 0
        AND (b = 'pg_class') = (own_class = 1259));
    ${privilegeFunctions()}`
}
