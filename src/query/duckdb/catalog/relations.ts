import { createHash } from "node:crypto"
import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { replicatedKeyStatements } from "./replicated-keys.ts"
import { arrayReceive, catalogTypes, engineTypeOids, receiveName } from "./type-list.ts"
import { visibilityFunctions } from "./visibility.ts"

/** OIDs below are PostgreSQL's own, so everything of DuckDB's is lifted above them, as there. */
const firstOid = 16384
/** Indexes come from constraints and have no OID in DuckDB: they get a range of their own. */
const indexOids = 1_000_000_000
/** The types of tables' rows come from the tables. */
const rowTypeOids = 2_000_000_000

/** Filled in by the caller: `visible` excludes Millrace's own schemas. */
export interface CatalogFacts {
  hiddenSchemas: string[]
  serverVersion: string
}

/** Looked up in maps that the planner makes once: a CASE with a branch for each type took as long as all else together. */
function typeOid(type: string): string {
  const scalars = Object.entries(engineTypeOids)
  const scalarMap = `MAP {${scalars.map(([name, oid]) => `${quoteLiteral(name)}: ${oid}`).join(", ")}}`
  const arrays = catalogTypes.filter(({ arrayOid }) => arrayOid !== 0)
  const arrayMap = `MAP {${arrays.map(({ oid, arrayOid }) => `${oid}: ${arrayOid}`).join(", ")}}`
  const base = `split_part(split_part(${type}, '(', 1), '[', 1)`
  const scalar = `coalesce(${scalarMap}[${base}], 25)`
  return `CASE WHEN ${type} NOT LIKE '%]' THEN ${scalar}
    WHEN regexp_matches(${type}, '\\[\\d*\\]\\[\\d*\\]$') THEN 114
    ELSE coalesce(${arrayMap}[${scalar}], 114) END`
}

function typeRows(): string {
  return catalogTypes
    .flatMap(({ oid, name, size, category, arrayOid, receive }) => {
      const own = `(${oid}, ${quoteLiteral(name)}, ${size}, ${quoteLiteral(category)}, ${arrayOid}, 0, ${receive})`
      if (arrayOid === 0) return [own]
      return [own, `(${arrayOid}, ${quoteLiteral(`_${name}`)}, -1, 'A', 0, ${oid}, ${arrayReceive})`]
    })
    .join(", ")
}

/** A table's rows are of a type of its own, as clients that look for the columns of types expect. */
function typeStatements(seen: Seen): string {
  const rowsOf = (
    relation: "table" | "view",
  ) => `SELECT ${firstOid} + ${relation}_oid, ${relation}_name, ${firstOid} + schema_oid
        FROM duckdb_${relation}s() WHERE ${seen(`${relation}_name`)}`
  return `
    CREATE OR REPLACE VIEW memory.pgcat.rows_of AS SELECT * FROM (${rowsOf("table")}
      UNION ALL ${rowsOf("view")} AND NOT internal) relations(oid, name, schema_oid);
    CREATE OR REPLACE VIEW memory.pgcat.base_types AS SELECT * FROM (VALUES ${typeRows()})
      types(oid, typname, typlen, typcategory, typarray, typelem, typreceive);
    CREATE OR REPLACE VIEW memory.pgcat.pg_type AS
      SELECT oid::BIGINT AS oid, typname, typnamespace::BIGINT AS typnamespace, 10::BIGINT AS typowner, typlen::SMALLINT AS typlen,
        false AS typbyval, CASE WHEN typrelid > 0 THEN 'c' WHEN typname = 'unknown' THEN 'p' ELSE 'b' END AS typtype, typcategory,
        typname IN ('bool', 'text', 'oid', 'float8', 'timestamptz', 'interval', 'varbit') AND typrelid = 0 AS typispreferred,
        true AS typisdefined, ',' AS typdelim, typrelid::BIGINT AS typrelid, typelem::BIGINT AS typelem, typarray::BIGINT AS typarray,
        CASE WHEN typcategory = 'A' THEN 'array_in' WHEN typrelid > 0 THEN 'record_in' ELSE typname || 'in' END AS typinput, '' AS typoutput,
        typreceive::BIGINT AS typreceive, 0::BIGINT AS typsend, 0::BIGINT AS typsubscript,
        'i' AS typalign, 'p' AS typstorage, false AS typnotnull, 0::BIGINT AS typbasetype, -1 AS typtypmod, 0 AS typndims,
        0::BIGINT AS typcollation, NULL::VARCHAR AS typdefault, NULL::VARCHAR AS typdefaultbin, NULL::VARCHAR[] AS typacl
      FROM (SELECT oid, typname, 11 AS typnamespace, typlen, typcategory, 0 AS typrelid, typelem, typarray, typreceive
          FROM memory.pgcat.base_types
        UNION ALL SELECT ${rowTypeOids} + oid, name, schema_oid, -1, 'C', oid, 0, 0, 2402 FROM memory.pgcat.rows_of) types;
    CREATE OR REPLACE VIEW memory.pgcat.pg_proc AS
      SELECT oid::BIGINT AS oid, proname, 11::BIGINT AS pronamespace, 10::BIGINT AS proowner, 12::BIGINT AS prolang, 1::FLOAT AS procost,
        0::FLOAT AS prorows, 0::BIGINT AS provariadic, 0::BIGINT AS prosupport, 'f' AS prokind, false AS prosecdef,
        false AS proleakproof, true AS proisstrict, false AS proretset, 'i' AS provolatile, 's' AS proparallel,
        1::SMALLINT AS pronargs, 0::SMALLINT AS pronargdefaults, prorettype::BIGINT AS prorettype, [2281]::BIGINT[] AS proargtypes,
        NULL::BIGINT[] AS proallargtypes, NULL::VARCHAR[] AS proargmodes, NULL::VARCHAR[] AS proargnames,
        NULL::VARCHAR AS proargdefaults, NULL::BIGINT[] AS protrftypes, proname AS prosrc, NULL::VARCHAR AS probin,
        NULL::VARCHAR AS prosqlbody, NULL::VARCHAR[] AS proconfig, NULL::VARCHAR[] AS proacl
      FROM (VALUES ${receiveRows()}) receiving(oid, proname, prorettype);`
}

function receiveRows(): string {
  const own = catalogTypes.map((type) => `(${type.receive}, ${quoteLiteral(receiveName(type))}, ${type.oid})`)
  return [...own, `(${arrayReceive}, 'array_recv', 2277)`, "(2402, 'record_recv', 2249)"].join(", ")
}

export interface CatalogRole {
  name: string
  isSuperuser: boolean
  canCreateDatabases: boolean
  validUntil: Date | null
}

/** Stays the same as long as the name: clients keep it between queries. */
function roleOid(name: string): number {
  return firstOid + 100 + (createHash("sha256").update(name).digest().readUInt32BE() % 1_000_000_000)
}

/** Made anew whenever users come, go or change. */
export function roleStatement(roles: readonly CatalogRole[]): string {
  const owner = roles.find(({ isSuperuser }) => isSuperuser)
  const rows = roles.map((role) => {
    const oid = role === owner ? 10 : roleOid(role.name)
    const until = role.validUntil === null ? "NULL" : quoteLiteral(role.validUntil.toISOString())
    return `(${oid}, ${quoteLiteral(role.name)}, ${role.isSuperuser}, ${role.canCreateDatabases}, ${until})`
  })
  return `CREATE OR REPLACE VIEW memory.pgcat.pg_roles AS
    SELECT oid::BIGINT AS oid, rolname, rolsuper, true AS rolinherit, rolsuper AS rolcreaterole, createdb AS rolcreatedb,
      true AS rolcanlogin, false AS rolreplication, -1 AS rolconnlimit, '********' AS rolpassword,
      until::TIMESTAMPTZ AS rolvaliduntil, rolsuper AS rolbypassrls, NULL::VARCHAR[] AS rolconfig
    FROM (VALUES ${rows.join(", ")}) roles(oid, rolname, rolsuper, createdb, until);`
}

type Seen = (name: string) => string

/** Unique indexes, which are constraints to the engine; and the keys of replicated tables, which it does not know. */
function indexStatement(seen: Seen): string {
  return `
    CREATE OR REPLACE VIEW memory.pgcat.indexes AS
      SELECT ${indexOids} + table_oid * 100 + constraint_index AS oid, *,
        coalesce(constraint_name, table_name || '_' || array_to_string(constraint_column_names, '_')
          || CASE constraint_type WHEN 'PRIMARY KEY' THEN '_pkey' ELSE '_key' END) AS index_name
      FROM (
        SELECT schema_name, schema_oid, table_name, table_oid, constraint_index, constraint_type, constraint_text,
          constraint_column_indexes, constraint_column_names, constraint_name
        FROM duckdb_constraints() WHERE ${seen("table_name")} AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
        UNION ALL SELECT schema_name, schema_oid, table_name, table_oid, 99, 'PRIMARY KEY',
          'PRIMARY KEY (' || array_to_string(list_transform(key_names, lambda one: memory.pgcat.quote_ident(one)), ', ') || ')',
          key_indexes, key_names, table_name || '_pkey'
        FROM memory.pgcat.replicated_keys
      ) either;`
}

/** An index has columns as a table has; drivers find a key's columns by them. */
const indexAttributeStatement = `
    CREATE OR REPLACE VIEW memory.pgcat.index_attributes AS
      SELECT keyed.oid::BIGINT AS attrelid, columns.column_name AS attname, columns.type_oid::UINTEGER AS atttypid, -1 AS attstattarget,
        -1::SMALLINT AS attlen, keyed.place::SMALLINT AS attnum, 0 AS attndims, -1 AS attcacheoff, -1 AS atttypmod,
        false AS attbyval, 'i' AS attalign, 'p' AS attstorage, '' AS attcompression, false AS attnotnull, false AS atthasdef,
        false AS atthasmissing, '' AS attidentity, '' AS attgenerated, false AS attisdropped, true AS attislocal,
        0 AS attinhcount, 0::BIGINT AS attcollation
      FROM (SELECT oid, table_oid, unnest(constraint_column_indexes) AS column_at, unnest(range(1, len(constraint_column_indexes) + 1)) AS place
        FROM memory.pgcat.indexes) keyed
      JOIN memory.pgcat.columns columns ON columns.table_oid = keyed.table_oid AND columns.column_index = keyed.column_at + 1;`

/** COMMENT ON of tables, views and columns. */
function descriptionStatement(seen: Seen): string {
  const described = (relation: "table" | "view") => `SELECT ${firstOid} + ${relation}_oid, 1259, 0, comment
        FROM duckdb_${relation}s() WHERE ${seen(`${relation}_name`)} AND comment IS NOT NULL`
  return `CREATE OR REPLACE VIEW memory.pgcat.pg_description AS
      SELECT 2609::BIGINT AS tableoid, objoid::BIGINT AS objoid, classoid::BIGINT AS classoid, objsubid::INTEGER AS objsubid, description
      FROM (${described("table")} UNION ALL ${described("view")}
        UNION ALL SELECT ${firstOid} + table_oid, 1259, column_index, comment FROM duckdb_columns()
          WHERE ${seen("table_name")} AND comment IS NOT NULL) comments(objoid, classoid, objsubid, description);`
}

/** pg_catalog's tables, from DuckDB's own account of the current database. */
export function relationStatements(facts: CatalogFacts): string {
  const hidden = [...facts.hiddenSchemas, "information_schema", "pg_catalog"].map(quoteLiteral).join(", ")
  const mine = `database_name = current_database() AND schema_name NOT IN (${hidden})`
  const seen = (name: string) => `${mine} AND memory.pgcat.sees_table(database_name, schema_name, ${name})`
  return `
    ${visibilityFunctions}
    CREATE OR REPLACE MACRO memory.pgcat.type_oid(type) AS ${typeOid("type")};
    CREATE OR REPLACE VIEW memory.pgcat.pg_namespace AS
      SELECT oid::BIGINT AS oid, nspname, 10::BIGINT AS nspowner, NULL::VARCHAR[] AS nspacl FROM (
        VALUES (11, 'pg_catalog'), (13000, 'information_schema')) fixed(oid, nspname)
      UNION ALL SELECT ${firstOid} + oid, schema_name, 10, NULL FROM duckdb_schemas()
        WHERE ${mine} AND memory.pgcat.sees_schema(database_name, schema_name);
    ${replicatedKeyStatements(seen)}
    ${indexStatement(seen)}
    CREATE OR REPLACE VIEW memory.pgcat.pg_class AS
      SELECT oid::BIGINT AS oid, relname, relnamespace::BIGINT AS relnamespace,
        CASE relkind WHEN 'i' THEN 0 ELSE ${rowTypeOids} + oid END::BIGINT AS reltype,
        0::BIGINT AS reloftype, 10::BIGINT AS relowner, CASE relkind WHEN 'r' THEN 2 WHEN 'i' THEN 403 ELSE 0 END::BIGINT AS relam,
        oid::BIGINT AS relfilenode, 0::BIGINT AS reltablespace, 0::INTEGER AS relpages, reltuples::FLOAT AS reltuples,
        0::INTEGER AS relallvisible, 0::BIGINT AS reltoastrelid, relhasindex, false AS relisshared,
        'p' AS relpersistence, relkind, relnatts::SMALLINT AS relnatts, 0::SMALLINT AS relchecks, false AS relhasrules,
        false AS relhastriggers, false AS relhassubclass, false AS relrowsecurity, false AS relforcerowsecurity,
        true AS relispopulated, 'd' AS relreplident, false AS relispartition, 0::BIGINT AS relrewrite,
        0::BIGINT AS relfrozenxid, 0::BIGINT AS relminmxid, NULL::VARCHAR[] AS relacl, NULL::VARCHAR[] AS reloptions,
        NULL::VARCHAR AS relpartbound
      FROM (
        SELECT ${firstOid} + table_oid, table_name, ${firstOid} + schema_oid, 'r', memory.pgcat.row_count(estimated_size),
            has_primary_key OR table_oid IN (SELECT table_oid FROM memory.pgcat.replicated_keys), column_count
          FROM duckdb_tables() WHERE ${seen("table_name")}
        UNION ALL SELECT ${firstOid} + view_oid, view_name, ${firstOid} + schema_oid, 'v', -1, false, column_count
          FROM duckdb_views() WHERE ${seen("view_name")} AND NOT internal
        UNION ALL SELECT oid, index_name, ${firstOid} + schema_oid, 'i', 0, false, len(constraint_column_names)
          FROM memory.pgcat.indexes
      ) relation(oid, relname, relnamespace, relkind, reltuples, relhasindex, relnatts);
    CREATE OR REPLACE VIEW memory.pgcat.columns AS
      SELECT columns.* REPLACE (columns.is_nullable AND NOT coalesce(list_contains(key.key_indexes, columns.column_index - 1), false) AS is_nullable),
        ${typeOid("columns.data_type")} AS type_oid
      FROM (SELECT * FROM duckdb_columns() WHERE ${seen("table_name")} AND NOT internal) columns
      LEFT JOIN memory.pgcat.replicated_keys key USING (table_oid);
    ${indexAttributeStatement}
    CREATE OR REPLACE VIEW memory.pgcat.pg_attribute AS
      SELECT (${firstOid} + table_oid)::BIGINT AS attrelid, column_name AS attname, type_oid::UINTEGER AS atttypid,
        -1 AS attstattarget, -1::SMALLINT AS attlen, column_index::SMALLINT AS attnum, 0 AS attndims, -1 AS attcacheoff,
        CASE WHEN data_type LIKE 'DECIMAL(%)' THEN ((numeric_precision << 16) | numeric_scale) + 4 ELSE -1 END::INTEGER AS atttypmod,
        false AS attbyval, 'i' AS attalign, 'p' AS attstorage, '' AS attcompression, NOT is_nullable AS attnotnull,
        column_default IS NOT NULL AS atthasdef, false AS atthasmissing, '' AS attidentity, '' AS attgenerated,
        false AS attisdropped, true AS attislocal, 0 AS attinhcount, 0::BIGINT AS attcollation,
        NULL::VARCHAR[] AS attacl, NULL::VARCHAR[] AS attoptions, NULL::VARCHAR[] AS attfdwoptions, NULL::VARCHAR AS attmissingval
      FROM memory.pgcat.columns
      UNION ALL BY NAME SELECT * FROM memory.pgcat.index_attributes;
    CREATE OR REPLACE VIEW memory.pgcat.pg_attrdef AS
      SELECT (${firstOid} + table_oid) * 1000 + column_index AS oid, ${firstOid} + table_oid AS adrelid,
        column_index AS adnum, column_default AS adbin FROM memory.pgcat.columns WHERE column_default IS NOT NULL;
    CREATE OR REPLACE VIEW memory.pgcat.pg_index AS
      SELECT oid AS indexrelid, ${firstOid} + table_oid AS indrelid, len(constraint_column_names) AS indnatts,
        len(constraint_column_names) AS indnkeyatts, true AS indisunique, constraint_type = 'PRIMARY KEY' AS indisprimary,
        false AS indisexclusion, true AS indimmediate, false AS indisclustered, true AS indisvalid, false AS indcheckxmin,
        true AS indisready, true AS indislive, false AS indisreplident, false AS indnullsnotdistinct,
        list_transform(constraint_column_indexes, lambda i: i + 1)::BIGINT[] AS indkey, NULL::BIGINT[] AS indcollation,
        NULL::BIGINT[] AS indclass, [0]::BIGINT[] AS indoption, NULL::VARCHAR AS indexprs, NULL::VARCHAR AS indpred
      FROM memory.pgcat.indexes;
    CREATE OR REPLACE VIEW memory.pgcat.pg_constraint AS
      SELECT 2606::BIGINT AS tableoid, oid + 500000000 AS oid, index_name AS conname, ${firstOid} + schema_oid AS connamespace,
        CASE constraint_type WHEN 'PRIMARY KEY' THEN 'p' ELSE 'u' END AS contype, false AS condeferrable,
        false AS condeferred, true AS convalidated, ${firstOid} + table_oid AS conrelid, 0::BIGINT AS contypid, oid AS conindid,
        0::BIGINT AS conparentid, 0::BIGINT AS confrelid, ' ' AS confupdtype, ' ' AS confdeltype, ' ' AS confmatchtype,
        true AS conislocal, 0 AS coninhcount, true AS connoinherit,
        list_transform(constraint_column_indexes, lambda i: i + 1)::BIGINT[] AS conkey, NULL::BIGINT[] AS confkey,
        NULL::VARCHAR AS conbin, constraint_text AS definition
      FROM memory.pgcat.indexes;
    ${typeStatements(seen)}
    CREATE OR REPLACE VIEW memory.pgcat.pg_database AS
      SELECT database_oid::BIGINT AS oid, database_name AS datname, 10::BIGINT AS datdba, 6 AS encoding, 'c' AS datlocprovider,
        false AS datistemplate, true AS datallowconn, -1 AS datconnlimit, 0::BIGINT AS datfrozenxid, 1::BIGINT AS datminmxid,
        1663::BIGINT AS dattablespace, 'C' AS datcollate, 'C' AS datctype, NULL::VARCHAR AS daticulocale,
        NULL::VARCHAR AS datcollversion, NULL::VARCHAR[] AS datacl
      FROM duckdb_databases() WHERE NOT internal AND database_name NOT IN ('memory', 'temp', 'system')
        AND memory.pgcat.sees_database(database_name);
    ${descriptionStatement(seen)}
    CREATE OR REPLACE VIEW memory.pgcat.pg_user AS
      SELECT rolname AS usename, oid AS usesysid, rolcreatedb AS usecreatedb, rolsuper AS usesuper,
        rolreplication AS userepl, rolbypassrls, rolpassword AS passwd, rolvaliduntil AS valuntil FROM memory.pgcat.pg_roles;
    CREATE OR REPLACE VIEW memory.pgcat.pg_am AS SELECT oid::BIGINT AS oid, amname, amhandler, amtype FROM (
      VALUES (2, 'heap', 'heap_tableam_handler', 't'), (403, 'btree', 'bthandler', 'i')) am(oid, amname, amhandler, amtype);
    CREATE OR REPLACE VIEW memory.pgcat.pg_tablespace AS SELECT 1663::BIGINT AS oid, 'pg_default' AS spcname,
      10::BIGINT AS spcowner, NULL::VARCHAR[] AS spcacl, NULL::VARCHAR[] AS spcoptions;
    CREATE OR REPLACE VIEW memory.pgcat.pg_collation AS SELECT oid::BIGINT AS oid, collname, 11::BIGINT AS collnamespace,
      10::BIGINT AS collowner, 'd' AS collprovider, true AS collisdeterministic, -1 AS collencoding, NULL::VARCHAR AS collcollate,
      NULL::VARCHAR AS collctype, NULL::VARCHAR AS colliculocale, NULL::VARCHAR AS collversion
      FROM (VALUES (100, 'default'), (950, 'C')) collations(oid, collname);
    CREATE OR REPLACE VIEW memory.pgcat.pg_settings AS SELECT name, setting, NULL::VARCHAR AS unit, 'Millrace' AS category,
      '' AS short_desc, NULL::VARCHAR AS extra_desc, 'user' AS context, 'string' AS vartype, 'default' AS source,
      NULL::VARCHAR AS min_val, NULL::VARCHAR AS max_val, NULL::VARCHAR[] AS enumvals, setting AS boot_val,
      setting AS reset_val, NULL::VARCHAR AS sourcefile, NULL::INTEGER AS sourceline, false AS pending_restart
      FROM (VALUES ('server_version', ${quoteLiteral(facts.serverVersion)}), ('server_encoding', 'UTF8'), ('TimeZone', 'UTC'),
        ('DateStyle', 'ISO, MDY'), ('max_identifier_length', '63'), ('max_index_keys', '32'), ('max_connections', '500'), ('wal_level', 'logical'),
        ('lc_collate', 'C'), ('lc_ctype', 'C'), ('statement_timeout', '0'), ('search_path', '"$user", public'), ('standard_conforming_strings', 'on'))
        settings(name, setting);`
}

/** Views that use the functions which use the tables above: created last. */
export const derivedRelationStatements = `
    CREATE OR REPLACE VIEW memory.pgcat.pg_tables AS SELECT n.nspname AS schemaname, c.relname AS tablename,
      memory.pgcat.pg_get_userbyid(c.relowner) AS tableowner, NULL::VARCHAR AS tablespace, c.relhasindex AS hasindexes,
      false AS hasrules, false AS hastriggers, false AS rowsecurity
      FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r';
    CREATE OR REPLACE VIEW memory.pgcat.pg_views AS SELECT n.nspname AS schemaname, c.relname AS viewname,
      memory.pgcat.pg_get_userbyid(c.relowner) AS viewowner, memory.pgcat.pg_get_viewdef(c.oid) AS definition
      FROM memory.pgcat.pg_class c JOIN memory.pgcat.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v';
    CREATE OR REPLACE VIEW memory.pgcat.pg_indexes AS SELECT schema_name AS schemaname, table_name AS tablename,
      index_name AS indexname, NULL::VARCHAR AS tablespace, memory.pgcat.pg_get_indexdef(oid) AS indexdef FROM memory.pgcat.indexes;`
