import type { Caller } from "../../../control-plane/control-plane.ts"
import type { SqlUsers } from "../../../control-plane/sql-users/sql-users.ts"
import { covers, everyone, type Grant, type GrantScope } from "../../../domain/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** The cloud's columns of SHOW GRANTS, as far as they mean something here. */
export const grantColumns = [
  "database_name",
  "schema_name",
  "object_name",
  "object_type",
  "privilege_type",
  "identity_name",
  "identity_type",
  "privilege_scope",
]

export interface ShownGrants {
  /** Those that reach this object; undefined: all. */
  scope: GrantScope | undefined
  grantee: string | undefined
  caller: Caller
}

function objectType({ schema, table }: GrantScope): string {
  if (table !== "") return "TABLE"
  return schema === "" ? "DATABASE" : "SCHEMA"
}

function row(grant: Grant): (string | null)[] {
  const isOnTables = grant.privilege !== "usage" && grant.privilege !== "create"
  return [
    grant.database,
    grant.schema || null,
    grant.table || null,
    objectType(grant),
    grant.privilege.toUpperCase(),
    grant.grantee,
    grant.grantee === everyone ? "public" : "user",
    isOnTables && grant.table === "" ? "TABLES" : objectType(grant),
  ]
}

/** Administrators see everybody's grants, others their own and everyone's. */
export function showGrants(users: SqlUsers, { scope, grantee, caller }: ShownGrants): (string | null)[][] {
  const isAdmin = caller.role === "admin"
  if (grantee !== undefined && grantee !== caller.name && !isAdmin) {
    throw new PgError("42501", `permission denied: the grants of "${grantee}" are for administrators`)
  }
  return users
    .grants()
    .filter((one) => isAdmin || one.grantee === caller.name || one.grantee === everyone)
    .filter((one) => grantee === undefined || one.grantee === grantee)
    .filter((one) => scope === undefined || covers(one, scope))
    .map(row)
    .sort((a, b) => (a.join("\0") < b.join("\0") ? -1 : 1))
}
