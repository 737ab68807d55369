/** What people may do with tables, kept where a plan puts another table in the place of one. */
import type { TableName } from "../../../domain/table.ts"
import type { Step } from "../../../replication/batch/step.ts"
import type { Read } from "../bookkeeping.ts"
import { type Names, place } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** A table that is made in the course of a plan, and the one whose grants it is to have: as it is called before the plan. */
interface Remade {
  before: TableName
  after: TableName
}

/**
 * The statements that give the tables which a plan makes anew the grants of those in whose place they come. A grant that is made or
 * revoked between this look and the plan's transaction is not seen.
 */
export async function grantsKept(reader: Read, names: Names, steps: readonly Step[]): Promise<string[]> {
  const remade = remadeBy(steps)
  if (remade.length === 0) return []
  const found = await reader.rows(grantsQuery(names, remade))
  return remade.flatMap(({ before, after }) =>
    found.flatMap(([schema, table, ...grant]) => {
      const at = place({ schema: (schema ?? "").slice(names.prefix.length), name: table ?? "" })
      return at === place(before) ? grantStatement(names.live(after), grant) : []
    }),
  )
}

/** Renaming keeps grants: what is renamed within its schema is only followed. */
function remadeBy(steps: readonly Step[]): Remade[] {
  const origins = new Map<string, TableName>()
  const originOf = (table: TableName) => origins.get(place(table)) ?? table
  const remade = new Map<string, Remade>()
  const add = (before: TableName, after: TableName) =>
    remade.set(place(after), { before: originOf(before), after })
  for (const step of steps) {
    if (step.kind === "adoptCopy" || step.kind === "endVersions") add(step.table, step.table)
    else if (step.kind === "succeed") add(step.from, step.to)
    else if (step.kind === "alter") add(step.place, step.place)
    else if (step.kind === "arrive") {
      if (step.from.schema !== step.to.schema) add(step.from, step.to)
      origins.set(place(step.to), originOf(step.from))
    }
  }
  return [...remade.values()]
}

function grantsQuery(names: Names, remade: readonly Remade[]): string {
  const list = (texts: readonly string[]) =>
    [...new Set(texts.map((text) => quoteLiteral(text.toLowerCase())))].join(", ")
  const schemas = list(remade.map(({ before }) => names.prefix + before.schema))
  const tables = list(remade.map(({ before }) => before.name))
  return [
    "SELECT namespace_name, relation_name, privilege_type, identity_type, identity_name, admin_option FROM svv_relation_privileges",
    `WHERE LOWER(namespace_name) IN (${schemas}) AND LOWER(relation_name) IN (${tables}) AND identity_name <> current_user`,
    "ORDER BY namespace_name, relation_name, identity_type, identity_name, privilege_type",
  ].join(" ")
}

function grantStatement(table: string, grant: readonly (string | null)[]): string[] {
  const [privilege, kind, name, mayGrant] = grant
  const grantee = granteeOf(kind ?? "", name ?? "")
  if (privilege == null || !/^[A-Z]+$/.test(privilege) || grantee === undefined) return []
  const also = kind === "user" && (mayGrant === "t" || mayGrant === "true") ? " WITH GRANT OPTION" : ""
  return [`GRANT ${privilege} ON TABLE ${table} TO ${grantee}${also}`]
}

/** (Source: Redshift's documentation, "SVV_RELATION_PRIVILEGES" and "GRANT".) */
function granteeOf(kind: string, name: string): string | undefined {
  switch (kind) {
    case "user":
      return quoteIdentifier(name)
    case "role":
      return `ROLE ${quoteIdentifier(name)}`
    case "group":
      return `GROUP ${quoteIdentifier(name)}`
    case "public":
      return "PUBLIC"
    default:
      return undefined
  }
}
