/** Routines that a destination database holds for us: what depends on a table is only known there, at that moment. */
import type { Names } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** The role that people who read are granted; see makeReaderRole. */
export const readerRole = "millrace_reader"

/** Statements that make them, for the transaction that makes the bookkeeping. */
export function routines(names: Names): string[] {
  const own = quoteIdentifier(names.booksSchema)
  return [
    ...dependentViews(names),
    isUsed(own),
    isSameShape(own),
    takePlace(own),
    holdPlaceOf(own),
    dropTable(own),
  ]
}

/** Of them, what takes views away and puts them back. */
export function dependentViews(names: Names): string[] {
  const own = quoteIdentifier(names.booksSchema)
  return [
    `CREATE TABLE IF NOT EXISTS ${names.books("views_aside")}
      (id bigint GENERATED ALWAYS AS IDENTITY, view text NOT NULL, statements text[] NOT NULL, since timestamptz NOT NULL DEFAULT now(), reason text)`,
    viewsOf(own),
    statementsOf(own),
    setViewsAside(own),
    putViewsBack(own),
  ]
}

/** Statements that take the views on a table away, so that it can be changed, and put all views back that can be. */
export function viewsAside(names: Names, table: string): { before: string; after: string } {
  const own = quoteIdentifier(names.booksSchema)
  return {
    before: `SELECT ${own}.set_views_aside(to_regclass(${quoteLiteral(table)}))`,
    after: `SELECT ${own}.put_views_back()`,
  }
}

/** The statement that puts `copy` in the place of `live` (may be missing), as `schema`.`name`. All quoted. */
export function takePlaceOf(
  names: Names,
  live: string,
  copy: string,
  place: { schema: string; name: string },
) {
  const own = quoteIdentifier(names.booksSchema)
  return `SELECT ${own}.take_place(${[live, copy, place.schema, place.name].map(quoteLiteral).join(", ")})`
}

/** The statement that lets readers read a table (quoted, whole), or keeps them from it where it is governed. */
export function letReaders(names: Names, table: string, isNew: "new" | "moved"): string {
  const own = quoteIdentifier(names.booksSchema)
  return `SELECT ${own}.let_readers(to_regclass(${quoteLiteral(table)}), ${isNew === "new"})`
}

/** The statement that waits, until the end of its transaction, for what a swap of `live` would wait for. */
export function holdPlace(names: Names, live: string): string {
  return `SELECT ${quoteIdentifier(names.booksSchema)}.hold_place(${quoteLiteral(live)})`
}

/** The statement that drops a table, if it is there; views on it come back when it does. */
export function dropWithViews(names: Names, table: string): string {
  return `SELECT ${quoteIdentifier(names.booksSchema)}.drop_table(${quoteLiteral(table)})`
}

/** Views on a relation, and those on them, the nearest first. Materialized views are not among them. */
function viewsOf(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.views_of(base oid) RETURNS TABLE (view oid) LANGUAGE sql STABLE AS $f$
    WITH RECURSIVE found(relation, depth) AS (
      SELECT base, 0
      UNION
      SELECT r.ev_class, f.depth + 1 FROM found AS f
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relation AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite AS r ON r.oid = d.objid
      WHERE r.ev_class <> f.relation AND f.depth < 200)
    SELECT relation FROM found JOIN pg_class AS c ON c.oid = relation
    WHERE relation <> base AND c.relkind = 'v' GROUP BY relation ORDER BY max(depth)
  $f$`
}

/** What makes a view anew as it is: definition, options, owner, grants, comments. */
function statementsOf(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.statements_of(relation oid) RETURNS text[] LANGUAGE sql STABLE AS $f$
    SELECT array_agg(statement ORDER BY place) FROM (
      SELECT 1 AS place, format('CREATE VIEW %s%s AS %s', relation::regclass, coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', ''), pg_get_viewdef(relation)) AS statement
      FROM pg_class WHERE oid = relation
      UNION ALL SELECT 2, format('ALTER VIEW %s OWNER TO %I', relation::regclass, pg_get_userbyid(relowner)) FROM pg_class WHERE oid = relation
      UNION ALL SELECT 3, format('GRANT %s ON %s TO %s%s', a.privilege_type, relation::regclass, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = relation AND a.grantee <> c.relowner
      UNION ALL SELECT 3, format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, t.attname, relation::regclass, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute AS t, aclexplode(t.attacl) AS a WHERE t.attrelid = relation AND NOT t.attisdropped
      UNION ALL SELECT 4, CASE d.objsubid WHEN 0 THEN format('COMMENT ON VIEW %s IS %L', relation::regclass, d.description) ELSE format('COMMENT ON COLUMN %s.%I IS %L', relation::regclass, t.attname, d.description) END
      FROM pg_description AS d LEFT JOIN pg_attribute AS t ON t.attrelid = d.objoid AND t.attnum = d.objsubid
      WHERE d.classoid = 'pg_class'::regclass AND d.objoid = relation
    ) AS s
  $f$`
}

function setViewsAside(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.set_views_aside(base regclass) RETURNS void LANGUAGE plpgsql AS $f$
    DECLARE one oid; views oid[]; owner name;
    BEGIN
      LOCK TABLE ${own}.governed_places IN ROW SHARE MODE;
      views := ARRAY(SELECT view FROM ${own}.views_of(base));
      FOREACH one IN ARRAY views LOOP
        SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class WHERE oid = one;
        IF NOT pg_has_role(owner, 'MEMBER') THEN
          RAISE EXCEPTION 'view % on table % is owned by role %: GRANT % TO %', one::regclass, base, owner, owner, current_user USING ERRCODE = '42501';
        END IF;
        INSERT INTO ${own}.views_aside (view, statements) VALUES (one::regclass::text, ${own}.statements_of(one));
      END LOOP;
      FOR i IN REVERSE coalesce(array_length(views, 1), 0) .. 1 LOOP
        EXECUTE format('DROP VIEW %s', views[i]::regclass);
      END LOOP;
    END $f$`
}

/** A view that cannot be made any more (its column is gone) stays noted with the reason, and is tried again each time. */
function putViewsBack(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.put_views_back() RETURNS void LANGUAGE plpgsql AS $f$
    DECLARE one record; statement text;
    BEGIN
      FOR one IN SELECT id, view, statements FROM ${own}.views_aside ORDER BY id LOOP
        BEGIN
          FOREACH statement IN ARRAY one.statements LOOP EXECUTE statement; END LOOP;
          DELETE FROM ${own}.views_aside WHERE id = one.id;
        EXCEPTION WHEN OTHERS THEN
          UPDATE ${own}.views_aside SET reason = SQLERRM WHERE id = one.id;
        END;
      END LOOP;
    END $f$`
}

/** Whether people have put something on a table that would not go on with another one: all but views and grants. */
function isUsed(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.is_used(live oid) RETURNS boolean LANGUAGE sql STABLE AS $f$
    SELECT (SELECT relrowsecurity FROM pg_class WHERE oid = live) OR EXISTS (
      SELECT 1 FROM pg_depend AS d
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = live AND d.deptype IN ('n', 'a')
        AND d.classid <> 'pg_attrdef'::regclass
        AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.oid = d.objid AND (c.contype = 'n' OR c.conname ~ '^millrace_key_')))
        AND NOT (d.classid = 'pg_class'::regclass AND EXISTS (SELECT 1 FROM pg_class AS c WHERE c.oid = d.objid AND c.relname ~ '^millrace_key_'))
        AND NOT (d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT 1 FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class WHERE r.oid = d.objid AND c.relkind = 'v')))
  $f$`
}

function isSameShape(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.shape_of(relation oid) RETURNS text[] LANGUAGE sql STABLE AS $f$
    SELECT coalesce(array_agg(format('%I %s', attname, format_type(atttypid, atttypmod)) ORDER BY attname), '{}')
      || (SELECT coalesce(array_agg(regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING', '')), '{}') FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = relation AND c.relname ~ '^millrace_key_')
    FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
  $f$`
}

/**
 * A copy takes a table's place. Views on it are made anew on the copy, its grants and comments go on with it. Where more is on
 * it (an index, a policy, a trigger, a materialized view of somebody's), the table stays and takes the copy's rows: by DELETE,
 * for TRUNCATE would show an empty table to readers whose transaction began before.
 */
function takePlace(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.take_place(live_name text, copy_name text, schema_name text, table_name text) RETURNS void LANGUAGE plpgsql AS $f$
    DECLARE live regclass := to_regclass(live_name); copy regclass := copy_name::regclass; columns text; one record; passing text;
    BEGIN
      IF live IS NOT NULL AND live_name = schema_name || '.' || table_name AND ${own}.is_used(live) AND ${own}.shape_of(live) = ${own}.shape_of(copy) THEN
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute WHERE attrelid = copy AND attnum > 0 AND NOT attisdropped;
        EXECUTE format('DELETE FROM %s', live);
        EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s', live, columns, columns, copy);
        EXECUTE format('DROP TABLE %s', copy);
        RETURN;
      END IF;
      IF live IS NOT NULL THEN
        IF ${own}.is_used(live) AND (SELECT relrowsecurity FROM pg_class WHERE oid = live) THEN
          RAISE EXCEPTION 'table % has row-level security, and its copy has other columns', live USING ERRCODE = '2BP01';
        END IF;
        PERFORM ${own}.set_views_aside(live);
        FOR one IN SELECT unnest((${own}.statements_of(live))[3:]) AS statement LOOP
          IF one.statement ~ '^GRANT' THEN
            EXECUTE replace(one.statement, format(' ON %s TO ', live), format(' ON %s TO ', copy));
          END IF;
        END LOOP;
        EXECUTE format('COMMENT ON TABLE %s IS %L', copy, obj_description(live, 'pg_class'));
        EXECUTE format('DROP TABLE %s', live);
      END IF;
      SELECT relname INTO passing FROM pg_class WHERE oid = copy;
      EXECUTE format('ALTER TABLE %s SET SCHEMA %s', copy, schema_name);
      EXECUTE format('ALTER TABLE %s.%I RENAME TO %s', schema_name, passing, table_name);
      PERFORM ${own}.let_readers(copy, live IS NULL);
      PERFORM ${own}.put_views_back();
    END $f$`
}

/** A table that stays where its copy comes, and takes the copy's rows, has its readers beside it. */
function holdPlaceOf(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.hold_place(live_name text) RETURNS void LANGUAGE plpgsql AS $f$
    BEGIN
      IF to_regclass(live_name) IS NULL OR ${own}.is_used(to_regclass(live_name)) THEN RETURN; END IF;
      EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', live_name);
    -- An owner without rights of its own may not lock the table, and may still drop it.
    EXCEPTION WHEN insufficient_privilege THEN RETURN;
    END $f$`
}

/** What users have put in a table's place, or taken over, stays. */
function dropTable(own: string): string {
  return `CREATE OR REPLACE FUNCTION ${own}.drop_table(table_name text) RETURNS void LANGUAGE plpgsql AS $f$
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(table_name) AND relkind IN ('r', 'p') AND pg_has_role(relowner, 'USAGE')) THEN RETURN; END IF;
      PERFORM ${own}.set_views_aside(to_regclass(table_name));
      EXECUTE format('DROP TABLE %s CASCADE', table_name);
    END $f$`
}
