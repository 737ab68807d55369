/** What a destination database holds of policies, in the schema of the bookkeeping, which no reader may use. */
import { managedSchemas } from "../../../governance/setup/plan.ts"
import {
  type ImpersonationPlace,
  impersonatedAccount,
  impersonationRoutineNames,
  impersonationRoutines,
  impersonationTables,
} from "../../../governance/setup/postgres-impersonation.ts"
import type { ReaderRelations } from "../../sql/governed-query.ts"
import type { BookTable, Names } from "../naming.ts"
import { doBlock, quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { dependentViews, readerRole } from "../render/routines.ts"

/** Where views find the reader's facts: by their owner's right. */
export function readerRelations({ booksSchema }: Names): ReaderRelations {
  return { schema: booksSchema, secrets: "secret" }
}

/** Statements that make them, for the transaction that makes the bookkeeping; each may be repeated. */
export function governanceObjects(names: Names): string[] {
  return [
    ...tables(names),
    ...readerViews(names),
    ...impersonation(names),
    isOpen(names),
    letReaders(names),
    putView(names),
    takeView(names),
  ]
}

/** One row a fact. `governance` has a row once it is known here what is governed. */
function tables(names: Names): string[] {
  return [
    ...policyTables(names),
    bookTable(names, "profile", "username text PRIMARY KEY, iam text NOT NULL, active boolean NOT NULL"),
    bookTable(
      names,
      "entitlement",
      "username text NOT NULL, kind text NOT NULL, key text NOT NULL, value text",
    ),
    entitlementIndex(names),
    `ALTER TABLE ${names.books("profile")} ADD COLUMN IF NOT EXISTS display_user text`,
    ...impersonationTables(quoteIdentifier(names.booksSchema)),
  ]
}

/** The right is the permission of the person, which `apply` writes: roles of the server are not asked. */
function impersonationPlace(names: Names): ImpersonationPlace {
  const tables = quoteIdentifier(names.booksSchema)
  return {
    tables,
    routines: names.schema("immuta_procedures"),
    calledBy: "display_user",
    mayImpersonate: (user) =>
      `EXISTS (SELECT 1 FROM ${tables}.impersonator m WHERE m.username = CAST(${user} AS varchar(128)))`,
  }
}

/** Everybody may call it, and it asks for the right. Where the schema is somebody else's, nobody impersonates here. */
function impersonation(names: Names): string[] {
  const place = impersonationPlace(names)
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS ${place.routines}`,
    `GRANT USAGE ON SCHEMA ${place.routines} TO PUBLIC`,
    ...impersonationRoutines(place),
    ...impersonationRoutineNames(place.routines).map((one) => `GRANT EXECUTE ON ${one} TO PUBLIC`),
  ]
  const others = `SELECT 1 FROM pg_namespace WHERE oid = to_regnamespace(${quoteLiteral(place.routines)}) AND nspowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)`
  return [doBlock(`BEGIN IF NOT EXISTS (${others}) THEN ${statements.join(";\n")}; END IF; END`)]
}

function policyTables(names: Names): string[] {
  const table = (name: BookTable, columns: string) => bookTable(names, name, columns)
  return [
    table(
      "governance",
      "installation text NOT NULL, version bigint NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()",
    ),
    table("governed_places", "schema_name text, table_name text"),
    table(
      "governed_views",
      "source_id integer PRIMARY KEY, schema_name text NOT NULL, view_name text NOT NULL, query text NOT NULL, definition text NOT NULL",
    ),
    table("secret", "id text PRIMARY KEY, value text NOT NULL"),
  ]
}

function bookTable(names: Names, name: BookTable, columns: string): string {
  return `CREATE TABLE IF NOT EXISTS ${names.books(name)} (${columns})`
}

function entitlementIndex(names: Names): string {
  return `CREATE INDEX IF NOT EXISTS entitlement_of_user ON ${names.books("entitlement")} (username, kind, key)`
}

/** Of a server that the integrations API has set up: people and the views on them are there. Each may be repeated. */
export function hostObjects(names: Names): string[] {
  return [
    ...policyTables(names),
    entitlementIndex(names),
    ...dependentViews(names),
    putView(names),
    takeView(names),
  ]
}

/** The person is who has signed in: SET ROLE and functions with their owner's rights make nobody another person. */
function readerViews(names: Names): string[] {
  const own = quoteIdentifier(names.booksSchema)
  return [
    `CREATE OR REPLACE VIEW ${own}.user_profile WITH (security_barrier = true) AS
      SELECT p.username, p.iam FROM ${names.books("profile")} AS p WHERE p.active AND p.username = COALESCE(${impersonatedAccount(impersonationPlace(names))}, session_user::text)`,
    `CREATE OR REPLACE VIEW ${own}.my_entitlements WITH (security_barrier = true) AS
      SELECT e.kind, e.key, e.value FROM ${names.books("entitlement")} AS e JOIN ${own}.user_profile AS u ON e.username = u.username`,
  ]
}

/** False while it is not known what is governed: a new table is closed first. */
function isOpen(names: Names): string {
  const own = quoteIdentifier(names.booksSchema)
  return `CREATE OR REPLACE FUNCTION ${own}.is_open(in_schema text, called text) RETURNS boolean LANGUAGE sql STABLE AS $f$
    SELECT EXISTS (SELECT 1 FROM ${names.books("governance")}) AND NOT EXISTS (
      SELECT 1 FROM ${names.books("governed_places")} AS g
      WHERE (g.schema_name IS NULL OR g.schema_name = in_schema) AND (g.table_name IS NULL OR g.table_name = called))
  $f$`
}

/**
 * Lets the readers' role read a table, or keeps it from it where the table's place is governed. A table that is new there has
 * no other grants either: they would be default privileges, which nobody gave for it.
 */
function letReaders(names: Names): string {
  const own = quoteIdentifier(names.booksSchema)
  return `CREATE OR REPLACE FUNCTION ${own}.let_readers(relation regclass, is_new boolean) RETURNS void LANGUAGE plpgsql AS $f$
    DECLARE has_role boolean := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${readerRole}'); grantee text; opens boolean;
    BEGIN
      ${holdsApplying(names)};
      SELECT ${own}.is_open(n.nspname, c.relname) INTO opens FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = relation;
      IF opens THEN
        IF has_role THEN EXECUTE format('GRANT SELECT ON %s TO ${readerRole}', relation); END IF;
        RETURN;
      END IF;
      IF has_role THEN EXECUTE format('REVOKE ALL ON %s FROM ${readerRole}', relation); END IF;
      IF NOT is_new THEN RETURN; END IF;
      FOR grantee IN SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
        FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.oid = relation AND a.grantee <> c.relowner LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', relation, grantee);
      END LOOP;
    END $f$`
}

/** Whoever applies policies has this lock alone; who moves tables and their views has it with others. */
export const locksForApplying = (names: Names) =>
  `LOCK TABLE ${names.books("governed_places")} IN EXCLUSIVE MODE`
export const holdsApplying = (names: Names) =>
  `LOCK TABLE ${names.books("governed_places")} IN ROW SHARE MODE`

/** A view of somebody's choice must not take the place of what says who the reader is. */
function keptSchemas({ booksSchema }: Names): string {
  return [booksSchema, ...managedSchemas].map(quoteLiteral).join(", ")
}

/** What hinders only for a moment is no reason to do without a view. */
const passing = "lock_not_available OR deadlock_detected OR query_canceled OR serialization_failure"

/**
 * Makes or replaces a view, or answers why it cannot be. Views that people have put on it are made anew where it gets other
 * columns.
 */
function putView(names: Names): string {
  const own = quoteIdentifier(names.booksSchema)
  return `CREATE OR REPLACE FUNCTION ${own}.put_view(source integer, in_schema text, called text, query text) RETURNS text LANGUAGE plpgsql AS $f$
    DECLARE whole text := format('%I.%I', in_schema, called); head text := format('VIEW %I.%I WITH (security_barrier=true) AS %s', in_schema, called, query);
    BEGIN
      IF in_schema IN (${keptSchemas(names)}) THEN RETURN 'its view would be in a schema that Millrace keeps for itself'; END IF;
      EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', in_schema);
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO PUBLIC', in_schema);
      DELETE FROM ${names.books("views_aside")} WHERE view = whole;
      BEGIN
        EXECUTE 'CREATE OR REPLACE ' || head;
      EXCEPTION WHEN invalid_table_definition THEN
        PERFORM ${own}.set_views_aside(to_regclass(whole));
        EXECUTE 'DROP VIEW ' || whole;
        EXECUTE 'CREATE ' || head;
        PERFORM ${own}.put_views_back();
      END;
      EXECUTE format('GRANT SELECT ON %s TO PUBLIC', whole);
      INSERT INTO ${names.books("governed_views")} VALUES (source, in_schema, called, query, pg_get_viewdef(to_regclass(whole)))
        ON CONFLICT (source_id) DO UPDATE SET schema_name = excluded.schema_name, view_name = excluded.view_name,
          query = excluded.query, definition = excluded.definition;
      RETURN NULL;
    EXCEPTION WHEN ${passing} THEN RAISE;
      WHEN OTHERS THEN RETURN SQLERRM;
    END $f$`
}

/** Takes the view of a source away. What somebody has put on it waits for its return; where even that hinders, nobody reads it. */
function takeView(names: Names): string {
  const own = quoteIdentifier(names.booksSchema)
  return `CREATE OR REPLACE FUNCTION ${own}.take_view(source integer) RETURNS void LANGUAGE plpgsql AS $f$
    DECLARE whole text;
    BEGIN
      SELECT format('%I.%I', schema_name, view_name) INTO whole FROM ${names.books("governed_views")} WHERE source_id = source;
      IF whole IS NULL THEN RETURN; END IF;
      DELETE FROM ${names.books("views_aside")} WHERE view = whole;
      IF EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass(whole) AND relkind = 'v') THEN
        BEGIN
          PERFORM ${own}.set_views_aside(to_regclass(whole));
          EXECUTE 'DROP VIEW ' || whole;
        EXCEPTION WHEN ${passing} THEN RAISE;
          WHEN OTHERS THEN
            EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', whole);
            RETURN;
        END;
      END IF;
      DELETE FROM ${names.books("governed_views")} WHERE source_id = source;
    END $f$`
}
