import type { Role } from "../../domain/configuration.ts"
import {
  covers,
  everyone,
  foldName,
  type Grant,
  type GrantScope,
  type Privilege,
} from "../../domain/sql-access.ts"

/** A user of the SQL port, of the configuration or made by CREATE USER. */
export interface KnownUser {
  name: string
  /** undefined: made by CREATE USER; has what it was granted. */
  role: Role | undefined
  isSuperuser: boolean
  canCreateDatabases: boolean
  validUntil: Date | null
}

/** What a user may do now. Asked anew for each statement, so that what is taken away is gone at once. */
export interface SqlAccess {
  isSuperuser: boolean
  /** Reads every table that is not Millrace's own record. */
  readsAll: boolean
  /** The user's own grants, those of everyone, and a partner's. */
  grants: readonly Grant[]
}

const partnerPrivileges: readonly Privilege[] = ["select", "insert", "create", "usage"]

function partnerGrants(partner: string, databases: Iterable<string>): Grant[] {
  return [...databases].flatMap((database) =>
    partnerPrivileges.map((privilege) => ({
      grantee: partner,
      privilege,
      database: foldName(database),
      schema: "",
      table: "",
    })),
  )
}

/** @param authorised the databases of the user's partner, if it is one's. */
export function accessOf(user: KnownUser, all: readonly Grant[], authorised: Iterable<string>): SqlAccess {
  const own = all.filter(({ grantee }) => grantee === user.name || grantee === everyone)
  return {
    isSuperuser: user.isSuperuser,
    readsAll: user.isSuperuser || user.role === "read-only",
    grants: [...own, ...partnerGrants(user.name, authorised)],
  }
}

/** Names in lower case. A table needs USAGE on its schema, too; `public` is open to everyone, as in the cloud. */
export function allows(access: SqlAccess, privilege: Privilege, scope: GrantScope): boolean {
  const has = (wanted: Privilege, where: GrantScope) =>
    access.grants.some((grant) => grant.privilege === wanted && covers(grant, where))
  if (access.readsAll && (privilege === "select" || privilege === "usage")) return true
  if (privilege === "usage" && scope.schema === "public") return true
  if (!has(privilege, scope)) return false
  if (privilege === "usage" || scope.table === "") return true
  return scope.schema === "public" || access.readsAll || has("usage", { ...scope, table: "" })
}

/** A database is closed to those who have nothing in it; `dev` is everybody's to begin in. */
export function mayConnect(access: SqlAccess, database: string): boolean {
  const folded = foldName(database)
  return access.readsAll || folded === "dev" || access.grants.some((grant) => grant.database === folded)
}

/** Whether any statement of the user could change something in the database. */
export function mayWriteSomewhere(access: SqlAccess, database: string): boolean {
  const folded = foldName(database)
  return (
    access.isSuperuser ||
    access.grants.some(
      ({ privilege, database: on }) => on === folded && privilege !== "select" && privilege !== "usage",
    )
  )
}
