import type { ProbeFindings, WantedPolicies } from "../../../engines/policy-server.ts"
import type { Session } from "../client.ts"
import type { Names } from "../naming.ts"
import { doBlock, quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { asRows, type GovernedPlace } from "./apply.ts"

/** A role without rights, which nobody is a member of but the url's role: governed tables are asked as it. */
export const canaryRole = "millrace_canary"

/** Relations that are named in one answer: an installation may have thousands of sources. */
const namedAtMost = 20

type Probed = Pick<WantedPolicies, "sources">

/** See PolicyDatabase. Grants and views of others are found in the catalog, before anybody uses them. */
export async function probe(session: Session, place: GovernedPlace, wanted: Probed): Promise<ProbeFindings> {
  if (wanted.sources.length === 0) return { leaks: [], changed: [] }
  const grants = place.kind === "host" ? personsWhoRead : strangersGrants
  const views = place.kind === "host" ? personsViews : strangersViews
  const leaks = [
    ...(await texts(session, grants(place, wanted))),
    ...(await texts(session, views(place, wanted))),
    ...(await texts(session, personsPastPolicies(place))),
    ...(await canaryFindings(session, place, wanted)),
  ]
  return { leaks: shortened(leaks), changed: shortened(await texts(session, changedViews(place))) }
}

function shortened(found: readonly string[]): string[] {
  const more = found.length - namedAtMost
  return more > 0 ? [...found.slice(0, namedAtMost), `and ${more} more like these`] : [...found]
}

async function texts(session: Session, query: string): Promise<string[]> {
  return (await session.rows(query)).map(([text]) => text ?? "")
}

/** The governed tables as `t (oid, relowner, relacl)`, and the tables of ours that readers must not see. */
function guardedTables({ names, prefix }: GovernedPlace, { sources }: Probed): string {
  const governed = sources.map(({ table }) => ({ nspname: prefix + table.schema, relname: table.name }))
  const own = ["profile", "entitlement", "secret", "governed_places", "governed_views"].map((relname) => ({
    nspname: names.booksSchema,
    relname,
  }))
  return `SELECT c.oid, c.relowner, c.relacl, r.nspname <> ${quoteLiteral(names.booksSchema)} AS is_governed
    FROM ${asRows([...governed, ...own], "nspname text, relname text")}
    JOIN pg_namespace AS n ON n.nspname = r.nspname
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.relname`
}

const granteeName = "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END"

function strangersGrants(place: GovernedPlace, wanted: Probed): string {
  return `WITH t AS (${guardedTables(place, wanted)})
    SELECT format('%s has %s on %s, which is governed: REVOKE %s ON %s FROM %s', grantee, privileges, relation, privileges, relation, grantee)
    FROM (
      SELECT t.oid::regclass AS relation, ${granteeName} AS grantee, string_agg(DISTINCT a.privilege_type, ', ') AS privileges
      FROM t, aclexplode(t.relacl) AS a WHERE a.grantee <> t.relowner GROUP BY 1, 2
      UNION ALL
      SELECT t.oid::regclass, ${granteeName}, string_agg(DISTINCT format('%s (%I)', a.privilege_type, c.attname), ', ')
      FROM t JOIN pg_attribute AS c ON c.attrelid = t.oid AND NOT c.attisdropped, aclexplode(c.attacl) AS a WHERE a.grantee <> t.relowner GROUP BY 1, 2
    ) AS g ORDER BY 1`
}

/**
 * Who of the people whom policies know reads which of the relations `t (oid, relowner, relacl, …)`, as `m (oid, shown)`: by
 * grants to the person or to everybody, by membership, as the owner. Roles are compared once, not for each relation.
 */
function personsOn({ names }: GovernedPlace): string {
  return `g AS (
      SELECT t.oid, t.relowner AS grantee FROM t
      UNION SELECT t.oid, a.grantee FROM t, aclexplode(t.relacl) AS a WHERE a.privilege_type = 'SELECT'
      UNION SELECT t.oid, a.grantee FROM t JOIN pg_attribute AS c ON c.attrelid = t.oid AND NOT c.attisdropped, aclexplode(c.attacl) AS a WHERE a.privilege_type = 'SELECT'),
    d AS (SELECT DISTINCT grantee FROM g WHERE grantee <> (SELECT oid FROM pg_roles WHERE rolname = current_user)),
    m AS (SELECT g.oid, w.shown FROM g JOIN (
        SELECT 0::oid AS grantee, 'PUBLIC' AS shown
        UNION ALL SELECT d.grantee, quote_ident(r.rolname) FROM d CROSS JOIN ${names.books("profile")} AS p
          JOIN pg_roles AS r ON r.rolname = p.username AND NOT r.rolsuper WHERE d.grantee <> 0 AND pg_has_role(r.oid, d.grantee, 'MEMBER')) AS w USING (grantee))`
}

/**
 * Where the tables are others', so are their grants: to programs, and to people whom policies do not know. Who is a person of the
 * policies must read none of them.
 */
function personsWhoRead(place: GovernedPlace, wanted: Probed): string {
  return `WITH t AS (${guardedTables(place, wanted)}), ${personsOn(place)}
    SELECT DISTINCT format('%s reads %s itself, which is governed: REVOKE SELECT ON %2$s FROM %1$s, or from the role that %1$s has it by', shown, oid::regclass)
    FROM m ORDER BY 1`
}

function personsViews(place: GovernedPlace, wanted: Probed): string {
  return `WITH b AS (${guardedTables(place, wanted)}), t AS (
      SELECT DISTINCT v.oid, v.relowner, v.relacl, b.oid AS base
      FROM b JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid AND d.classid = 'pg_rewrite'::regclass
      JOIN pg_rewrite AS e ON e.oid = d.objid JOIN pg_class AS v ON v.oid = e.ev_class AND v.oid <> b.oid
      WHERE b.is_governed AND NOT EXISTS (
        SELECT 1 FROM ${place.names.books("governed_views")} AS g WHERE to_regclass(format('%I.%I', g.schema_name, g.view_name)) = v.oid)),
    ${personsOn(place)}
    SELECT DISTINCT format('%s reads %s, a view on %s, which is governed: have it read the view of the policies, or REVOKE SELECT ON %2$s FROM %1$s', m.shown, m.oid::regclass, t.base::regclass)
    FROM m JOIN t USING (oid) ORDER BY 1`
}

/** Views and materialized views on a governed table that are not ours: they show it by their owner's right. */
function strangersViews(place: GovernedPlace, wanted: Probed): string {
  return `WITH t AS (${guardedTables(place, wanted)})
    SELECT DISTINCT format('%s shows rows of %s, which is governed, to others: have it read the view of the policies, or drop it', v.oid::regclass, t.oid::regclass)
    FROM t JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS w ON w.oid = d.objid JOIN pg_class AS v ON v.oid = w.ev_class AND v.oid <> t.oid
    WHERE t.is_governed AND NOT EXISTS (
      SELECT 1 FROM ${place.names.books("governed_views")} AS g WHERE to_regclass(format('%I.%I', g.schema_name, g.view_name)) = v.oid)
    AND (v.relowner <> t.relowner OR EXISTS (SELECT 1 FROM aclexplode(v.relacl) AS a WHERE a.grantee <> v.relowner)) ORDER BY 1`
}

/** People whom policies know, and whose roles the server does not keep from any table. */
function personsPastPolicies({ names }: GovernedPlace): string {
  return `SELECT format('role %I is the account of a person and reads every table (%s)', r.rolname,
      CASE WHEN r.rolsuper THEN 'a superuser' WHEN pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER') THEN 'a member of pg_read_all_data' ELSE 'a member of ' || quote_ident(current_user) END)
    FROM ${names.books("profile")} AS p JOIN pg_roles AS r ON r.rolname = p.username
    WHERE r.rolcanlogin AND (r.rolsuper OR pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER') OR pg_has_role(r.oid, current_user, 'MEMBER')) ORDER BY 1`
}

/** They are made anew by whoever asks. */
function changedViews(place: GovernedPlace): string {
  return `SELECT format('the view %I.%I was changed or dropped by somebody else', v.schema_name, v.view_name)
    FROM (${standingViewsOf(place.names)}) AS v WHERE NOT v.is_intact`
}

/** Every view of ours, with whether it is there, of our role, and as it was made. */
export function standingViewsOf(names: Names): string {
  return `SELECT v.source_id, v.schema_name, v.view_name, v.query,
      coalesce(pg_get_viewdef(c.oid) = v.definition AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        AND 'security_barrier=true' = ANY (c.reloptions) AND has_table_privilege('public', c.oid, 'SELECT'), false) AS is_intact
    FROM ${names.books("governed_views")} AS v
    LEFT JOIN pg_class AS c ON c.oid = to_regclass(format('%I.%I', v.schema_name, v.view_name)) AND c.relkind = 'v'`
}

const makeCanary = doBlock(`BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${canaryRole}') THEN CREATE ROLE ${canaryRole} NOLOGIN; END IF;
    IF NOT pg_has_role(current_user, '${canaryRole}', 'MEMBER') THEN GRANT ${canaryRole} TO CURRENT_USER; END IF;
  EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation OR undefined_object THEN NULL;
  END`)

/** A view that cannot be read is no leak: it may be waiting for its table, and the next `apply` looks at it. */
async function canaryFindings(session: Session, place: GovernedPlace, wanted: Probed): Promise<string[]> {
  await session.run(makeCanary)
  const [[isThere, isPerson] = []] = await session.rows(
    `SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${canaryRole}') THEN pg_has_role(current_user, '${canaryRole}', 'MEMBER')::text END,
      EXISTS (SELECT 1 FROM ${quoteIdentifier(place.names.booksSchema)}.user_profile)::text`,
  )
  const role = isThere === "true" ? `SET LOCAL ROLE ${canaryRole};` : ""
  const kinds = [...(isPerson === "true" ? [] : ["view"]), ...(role === "" ? [] : ["table"])]
  const rows = wanted.sources.flatMap((one) =>
    kinds.map((kind) => {
      const { schema, name } = kind === "view" ? one.view : one.table
      return { kind, relation: `${quoteIdentifier(place.prefix + schema)}.${quoteIdentifier(name)}` }
    }),
  )
  try {
    await session.run(`BEGIN READ ONLY; SET LOCAL statement_timeout = '20s'; ${role} ${readingBlock(rows)}`)
    const [[told] = []] = await session.rows("SELECT current_setting('millrace.probe')")
    return (told ?? "").split("\n").filter((line) => line !== "")
  } finally {
    await session.run("ROLLBACK")
  }
}

/** Reads one row of each, and notes where one came that must not. Errors show nothing: that is what is wanted of tables. */
function readingBlock(rows: readonly { kind: string; relation: string }[]): string {
  return doBlock(`DECLARE one record; found boolean; told text := ''; BEGIN
      FOR one IN SELECT r.* FROM ${asRows(rows, "kind text, relation text")} LOOP
        BEGIN
          EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', one.relation) INTO found;
          IF one.kind = 'table' THEN told := told || format(E'%s can be read by a role without rights\\n', one.relation);
          ELSIF found THEN told := told || format(E'the view %s shows rows to somebody whom policies do not know\\n', one.relation); END IF;
        EXCEPTION WHEN insufficient_privilege OR undefined_table OR invalid_schema_name THEN NULL;
        END;
      END LOOP;
      PERFORM set_config('millrace.probe', told, true);
    END`)
}
