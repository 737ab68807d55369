import type { WantedPolicies } from "../../../engines/policy-server.ts"
import type { SourcePlan } from "../../../governance/plan/plan.ts"
import type { Names } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { readerRole } from "../render/routines.ts"
import { readerRelations } from "./objects.ts"
import { viewQuery } from "./view.ts"

/** The tables of a database for the one who applies policies. `prefix`: what the names of its schemas begin with. */
export interface GovernedPlace {
  names: Names
  prefix: string
  /** `warehouse`: the tables are ours, and so are the grants on them. `host`: both are others'. */
  kind: "warehouse" | "host"
}

/** What is recorded of a view of ours, and whether it stands as it was made. */
export interface StandingView {
  sourceId: number
  schema: string
  name: string
  query: string
  isIntact: boolean
}

/** A list of rows as a relation: `rows AS r (…)`. Values come as JSON, which needs no quoting of its own. */
export function asRows(rows: readonly object[], columns: string): string {
  return `jsonb_to_recordset(${quoteLiteral(JSON.stringify(rows))}::jsonb) AS r (${columns})`
}

/** One of the two changes a row, unless a newer version is there: a process that has lost its turn wants an older one. */
export function versionStatements(
  { names }: GovernedPlace,
  { version, installation }: WantedPolicies,
): string[] {
  const table = names.books("governance")
  const own = quoteLiteral(installation)
  return [
    `INSERT INTO ${table} (installation, version) SELECT ${own}, -1 WHERE NOT EXISTS (SELECT 1 FROM ${table})`,
    `UPDATE ${table} SET installation = ${own}, version = ${version}, applied_at = now() WHERE installation <> ${own} OR version <= ${version}`,
  ]
}

export function secretStatements({ names }: GovernedPlace, { secrets }: WantedPolicies): string[] {
  const table = names.books("secret")
  const rows = [...secrets].map(([id, value]) => ({ id, value }))
  const wanted = asRows(rows, "id text, value text")
  return [
    `DELETE FROM ${table} AS h WHERE NOT EXISTS (SELECT 1 FROM ${wanted} WHERE r.id = h.id AND r.value = h.value)`,
    `INSERT INTO ${table} (id, value) SELECT r.id, r.value FROM ${wanted} ON CONFLICT DO NOTHING`,
  ]
}

/** The closed places, and what Millrace's readers' role may read of the replicated tables. */
export function placeStatements(
  { names, prefix, kind }: GovernedPlace,
  { closed }: WantedPolicies,
): string[] {
  const rows = closed.map(({ schema, name }) => ({
    schema_name: schema === undefined ? null : prefix + schema,
    table_name: name ?? null,
  }))
  const own = quoteIdentifier(names.booksSchema)
  const places = [
    `DELETE FROM ${names.books("governed_places")}`,
    `INSERT INTO ${names.books("governed_places")} SELECT r.* FROM ${asRows(rows, "schema_name text, table_name text")}`,
  ]
  if (kind === "host") return places
  return [
    ...places,
    // Only where it changes something: a grant writes to the catalog, and makes every session plan anew.
    `SELECT ${own}.let_readers(c.oid, false) FROM ${names.books("tables")} AS t
      JOIN pg_namespace AS n ON n.nspname = ${quoteLiteral(prefix)} || t.schema_name
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.table_name AND c.relkind IN ('r', 'p')
      WHERE EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${readerRole}') AND ${own}.is_open(n.nspname, c.relname) <> EXISTS (
        SELECT 1 FROM aclexplode(c.relacl) AS a JOIN pg_roles AS r ON r.oid = a.grantee WHERE r.rolname = '${readerRole}' AND a.privilege_type = 'SELECT')`,
  ]
}

/** From the columns of `standingViewsOf`. */
export function standingViews(rows: readonly (readonly (string | null)[])[]): Map<number, StandingView> {
  return new Map(
    rows.map(([id, schema, name, query, isIntact]) => [
      Number(id),
      {
        sourceId: Number(id),
        schema: schema ?? "",
        name: name ?? "",
        query: query ?? "",
        isIntact: isIntact === "t",
      },
    ]),
  )
}

/** A statement for each source whose view is not as it should be. The first column: why it could not be made; NULL: it was. */
export interface ViewChange {
  /** `undefined`: the source is gone, or has no view. */
  source: number | undefined
  statement: string
}

/** `absent`: ids of sources whose view shall go. Views that stand as wanted are left alone: making one waits for its readers. */
export function viewChanges(
  place: GovernedPlace,
  wanted: WantedPolicies,
  standing: ReadonlyMap<number, StandingView>,
): ViewChange[] {
  const own = quoteIdentifier(place.names.booksSchema)
  const take = (id: number): ViewChange => ({
    source: undefined,
    statement: `SELECT ${own}.take_view(${id})`,
  })
  const ids = new Set(wanted.sources.map(({ id }) => id))
  const gone = [...standing.keys()].filter((id) => !ids.has(id)).map(take)
  return [...gone, ...wanted.sources.flatMap((one) => changesOf(one))]

  function changesOf({ id, view, plan }: WantedPolicies["sources"][number]): ViewChange[] {
    const stands = standing.get(id)
    const isBuilt = typeof plan !== "string" && plan.kind === "built"
    if (!isBuilt) return stands === undefined ? [] : [take(id)]
    const query = queryOf(place, plan)
    const schema = place.prefix + view.schema
    const isNamed = stands?.schema === schema && stands.name === view.name
    if (stands !== undefined && isNamed && stands.isIntact && stands.query === query) return []
    const texts = [schema, view.name, query].map(quoteLiteral).join(", ")
    const put = { source: id, statement: `SELECT ${own}.put_view(${id}, ${texts})` }
    return stands === undefined || isNamed ? [put] : [take(id), put]
  }
}

function queryOf({ names, prefix }: GovernedPlace, plan: Extract<SourcePlan, { kind: "built" }>): string {
  const { table } = plan.source
  const at = { ...plan.source, table: { ...table, schema: prefix + table.schema } }
  return viewQuery({ ...plan, source: at }, readerRelations(names))
}
