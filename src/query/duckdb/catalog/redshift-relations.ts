import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"

/** The cloud's names of types, as far as `format_type` has others: a text is a varchar there, JSON a SUPER, bytes a VARBYTE. */
const typeNames: Record<string, string> = {
  VARCHAR: "character varying",
  JSON: "super",
  BLOB: "binary varying",
  HUGEINT: "numeric",
  UBIGINT: "numeric",
  UHUGEINT: "numeric",
}

/** The type of a column as the cloud's catalogs show it, without its digits. */
function shownType(type: string, oid: string): string {
  const own = Object.entries(typeNames).map(
    ([engine, shown]) => `WHEN ${quoteLiteral(engine)} THEN ${quoteLiteral(shown)}`,
  )
  return `CASE ${type} ${own.join(" ")} ELSE CASE WHEN ${type} LIKE '%]' THEN 'super' WHEN ${type} LIKE 'STRUCT(%' THEN 'super'
    WHEN ${type} LIKE 'MAP(%' THEN 'super' ELSE memory.pgcat.format_type(${oid}, -1) END END`
}

/** Columns of the cloud's catalogs that are the same in several of them. */
const columnFacts = `column_index AS ordinal_position, column_default, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS is_nullable,
    shown_type AS data_type, NULL::INTEGER AS character_maximum_length, numeric_precision::INTEGER AS numeric_precision`

/**
 * The cloud's catalogs of tables and columns, over the engine's own account: each user sees what `pg_class` shows. Those whose name
 * has ALL or REDSHIFT in it show every database, the rest the session's. `hiddenSchemas`: Millrace's own.
 */
export function redshiftRelations(hiddenSchemas: readonly string[]): Record<string, string> {
  const hidden = [...hiddenSchemas, "information_schema", "pg_catalog"].map(quoteLiteral).join(", ")
  const shown = `database_name NOT IN ('memory', 'system', 'temp') AND schema_name NOT IN (${hidden})`
  const seen = (name: string) => `${shown} AND memory.pgcat.sees_table(database_name, schema_name, ${name})`
  const relations = `(
    SELECT database_name, schema_name, table_name, 'TABLE' AS kind, comment FROM duckdb_tables() WHERE ${seen("table_name")}
    UNION ALL SELECT database_name, schema_name, view_name, 'VIEW', comment FROM duckdb_views() WHERE ${seen("view_name")} AND NOT internal)`
  const schemas = `(SELECT database_name, schema_name FROM duckdb_schemas()
    WHERE ${shown} AND memory.pgcat.sees_schema(database_name, schema_name))`
  const databases = "memory.pgcat.pg_database"
  const everyTable = `SELECT database_name, schema_name, table_name, kind AS table_type, NULL::VARCHAR AS table_acl, comment AS remarks
    FROM ${relations} relation`
  const everyColumn = `SELECT database_name, schema_name, table_name, column_name, ${columnFacts}, numeric_scale, comment AS remarks
    FROM memory.pgcat.every_column`
  const everySchema = `SELECT s.database_name, s.schema_name, 10 AS schema_owner, 'local' AS schema_type, NULL::VARCHAR AS schema_acl,
    NULL::VARCHAR AS source_database, NULL::VARCHAR AS schema_option FROM ${schemas} s`
  return {
    // The oid is a column by then: `format_type` compares it with that of each type, and binding that many copies of how it
    // is found took 20 ms for each view and statement.
    every_column: `SELECT *, ${shownType("data_type", "type_oid")} AS shown_type
      FROM (SELECT *, memory.pgcat.type_oid(data_type) AS type_oid FROM duckdb_columns() WHERE ${seen("table_name")} AND NOT internal) each_column`,
    svv_tables: `SELECT database_name AS table_catalog, schema_name AS table_schema, table_name,
      CASE kind WHEN 'TABLE' THEN 'BASE TABLE' ELSE kind END AS table_type, comment AS remarks
      FROM ${relations} relation WHERE database_name = current_database()`,
    svv_columns: `SELECT database_name AS table_catalog, schema_name AS table_schema, table_name, column_name, ${columnFacts},
      numeric_precision_radix::INTEGER AS numeric_precision_radix, numeric_scale,
      CASE WHEN shown_type LIKE 'time%' THEN 6 END AS datetime_precision, NULL::VARCHAR AS interval_type,
      NULL::VARCHAR AS interval_precision, NULL::VARCHAR AS character_set_catalog, NULL::VARCHAR AS character_set_schema,
      NULL::VARCHAR AS character_set_name, NULL::VARCHAR AS collation_catalog, NULL::VARCHAR AS collation_schema,
      NULL::VARCHAR AS collation_name, NULL::VARCHAR AS domain_name, comment AS remarks
      FROM memory.pgcat.every_column WHERE database_name = current_database()`,
    pg_table_def: `SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column",
      CASE WHEN shown_type = 'numeric' THEN 'numeric(' || numeric_precision || ',' || numeric_scale || ')' ELSE shown_type END AS type,
      'none' AS encoding, false AS distkey, 0 AS sortkey, NOT is_nullable AS "notnull"
      FROM memory.pgcat.every_column c
      WHERE database_name = current_database() AND in_search_path(current_database(), schema_name)`,
    svv_table_info: `SELECT database_name AS "database", schema_name AS "schema", 16384 + table_oid AS table_id, table_name AS "table",
      'N' AS encoded, 'AUTO(EVEN)' AS diststyle, 'AUTO(SORTKEY)' AS sortkey1, NULL::INTEGER AS max_varchar, 'none' AS sortkey1_enc,
      0 AS sortkey_num, NULL::BIGINT AS size, NULL::DECIMAL(10, 4) AS pct_used, 0::BIGINT AS empty, NULL::DECIMAL(5, 2) AS unsorted,
      0::DECIMAL(5, 2) AS stats_off, memory.pgcat.row_count(estimated_size)::DECIMAL(38, 0) AS tbl_rows, NULL::DECIMAL(19, 2) AS skew_sortkey1,
      NULL::DECIMAL(19, 2) AS skew_rows, memory.pgcat.row_count(estimated_size)::DECIMAL(38, 0) AS estimated_visible_rows, NULL::VARCHAR AS risk_event,
      NULL::DECIMAL(12, 2) AS vacuum_sort_benefit, NULL::TIMESTAMP AS create_time
      FROM duckdb_tables() WHERE database_name = current_database() AND ${seen("table_name")} AND estimated_size > 0`,
    svv_all_tables: everyTable,
    svv_redshift_tables: everyTable,
    svv_all_columns: everyColumn,
    svv_redshift_columns: everyColumn,
    svv_all_schemas: everySchema,
    svv_redshift_schemas: everySchema,
    svv_redshift_databases: `SELECT datname AS database_name, datdba AS database_owner, 'local' AS database_type,
      NULL::VARCHAR AS database_acl, NULL::VARCHAR AS database_options, 'Snapshot Isolation' AS database_isolation_level FROM ${databases}`,
    svl_user_info: `SELECT usename, usesysid, usecreatedb, usesuper, false AS usecatupd, 'UNLIMITED' AS useconnlimit,
      CASE WHEN usesuper THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslogaccess, NULL::TIMESTAMP AS last_ddl_ts,
      NULL::INTEGER AS sessiontimeout, NULL::VARCHAR AS external_user_id FROM memory.pgcat.pg_user`,
    svv_user_info: `SELECT usesysid AS user_id, usename AS user_name, usecreatedb AS createdb, usesuper AS superuser,
      false AS catalog_update, 'UNLIMITED' AS connection_limit,
      CASE WHEN usesuper THEN 'UNRESTRICTED' ELSE 'RESTRICTED' END AS syslog_access, NULL::TIMESTAMP AS last_ddl_timestamp,
      NULL::INTEGER AS session_timeout, NULL::VARCHAR AS external_user_id FROM memory.pgcat.pg_user`,
  }
}

/** Catalogs that clients may name. */
export const redshiftRelationNames: readonly string[] = Object.keys(redshiftRelations([])).filter(
  (name) => name !== "every_column",
)

/** Statements that make the catalogs, each of which may use those before it. */
export function redshiftRelationStatements(hiddenSchemas: readonly string[]): string {
  return Object.entries(redshiftRelations(hiddenSchemas))
    .map(([name, query]) => `CREATE OR REPLACE VIEW memory.pgcat.${name} AS ${query};`)
    .join("\n")
}
