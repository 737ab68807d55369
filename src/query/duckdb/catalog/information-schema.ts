/** information_schema in PostgreSQL's words, over the pg_catalog views. */
export const informationViews: Record<string, string> = {
  schemata: `SELECT current_database() AS catalog_name, nspname AS schema_name,
    memory.pgcat.pg_get_userbyid(nspowner) AS schema_owner, NULL::VARCHAR AS default_character_set_catalog,
    NULL::VARCHAR AS default_character_set_schema, NULL::VARCHAR AS default_character_set_name, NULL::VARCHAR AS sql_path
    FROM memory.pgcat.pg_namespace`,
  tables: `SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
    CASE c.relkind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type, NULL::VARCHAR AS self_referencing_column_name,
    NULL::VARCHAR AS reference_generation, NULL::VARCHAR AS user_defined_type_catalog, NULL::VARCHAR AS user_defined_type_schema,
    NULL::VARCHAR AS user_defined_type_name, 'NO' AS is_insertable_into, 'NO' AS is_typed, NULL::VARCHAR AS commit_action
    FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v')`,
  views: `SELECT current_database() AS table_catalog, schemaname AS table_schema, viewname AS table_name,
    definition AS view_definition, 'NONE' AS check_option, 'NO' AS is_updatable, 'NO' AS is_insertable_into
    FROM memory.pgcat.pg_views`,
  columns: `SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name, column_name,
    column_index AS ordinal_position, column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable,
    CASE WHEN data_type LIKE '%]' THEN 'ARRAY' ELSE memory.pgcat.format_type(type_oid, -1) END AS data_type,
    NULL::INTEGER AS character_maximum_length, NULL::INTEGER AS character_octet_length,
    numeric_precision, numeric_precision_radix, numeric_scale,
    CASE WHEN type_oid IN (1083, 1114, 1184, 1186) THEN 6 END AS datetime_precision, NULL::VARCHAR AS interval_type,
    NULL::VARCHAR AS character_set_name, NULL::VARCHAR AS collation_name, NULL::VARCHAR AS domain_name,
    current_database() AS udt_catalog, 'pg_catalog' AS udt_schema,
    (SELECT t.typname FROM memory.pgcat.base_types t WHERE t.oid = type_oid) AS udt_name,
    column_index::VARCHAR AS dtd_identifier, 'NO' AS is_self_referencing, 'NO' AS is_identity,
    NULL::VARCHAR AS identity_generation, 'NEVER' AS is_generated, NULL::VARCHAR AS generation_expression, 'NO' AS is_updatable
    FROM memory.pgcat.columns`,
  table_constraints: `SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema,
    index_name AS constraint_name, current_database() AS table_catalog, schema_name AS table_schema, table_name,
    constraint_type, 'NO' AS is_deferrable, 'NO' AS initially_deferred, 'YES' AS enforced FROM memory.pgcat.indexes`,
  constraint_column_usage: `SELECT current_database() AS table_catalog, schema_name AS table_schema, table_name,
    unnest(constraint_column_names) AS column_name, current_database() AS constraint_catalog, schema_name AS constraint_schema,
    index_name AS constraint_name FROM memory.pgcat.indexes`,
  key_column_usage: `SELECT current_database() AS constraint_catalog, schema_name AS constraint_schema,
    index_name AS constraint_name, current_database() AS table_catalog, schema_name AS table_schema, table_name,
    unnest(constraint_column_names) AS column_name, unnest(range(1, len(constraint_column_names) + 1)) AS ordinal_position,
    NULL::INTEGER AS position_in_unique_constraint FROM memory.pgcat.indexes`,
}
