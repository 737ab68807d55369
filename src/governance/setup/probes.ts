import { literal } from "./names.ts"
import { managedSchemas, type SetupDialect } from "./plan.ts"

/** A question whose first row answers it. */
export const versionQuery = "SELECT version() AS version"

/** What a server is, by the text of its version; `undefined`: none that can be set up. */
export function dialectOfVersion(version: string): SetupDialect | undefined {
  // Before the others: a port of ours says what it can stand in for, too.
  if (/\bmillrace\b/i.test(version)) return "millrace"
  if (/\bredshift\b/i.test(version)) return "redshift"
  return /^PostgreSQL \d/.test(version) ? "postgres" : undefined
}

export interface ServerPlace {
  host: string
  port: number
}

/**
 * The dialect of scripts, which are made without a connection: by the host's name, which in the cloud says it, or by the address of the
 * installation's own SQL port.
 */
export function likelyDialect({ host, port }: ServerPlace, ownPort: ServerPlace): SetupDialect {
  if (port === ownPort.port && isSameHost(host, ownPort.host)) return "millrace"
  return /redshift|\.amazonaws\.com(\.cn)?$|\.aws\.amazon\.com$/i.test(host) ? "redshift" : "postgres"
}

/** A port that listens at every address of its host is asked by any of the host's names, of which only this host's own are known. */
function isSameHost(asked: string, listening: string): boolean {
  const isLocal = (host: string) => /^(localhost|127(\.\d+){3}|::1)$/i.test(host)
  const isEverywhere = listening === "0.0.0.0" || listening === "::"
  return (
    asked.toLowerCase() === listening.toLowerCase() ||
    (isLocal(asked) && (isLocal(listening) || isEverywhere))
  )
}

export function databaseQuery(database: string): string {
  return `SELECT 1 AS found FROM pg_database WHERE datname = ${literal(database)}`
}

export function groupQuery(role: string): string {
  return `SELECT 1 AS found FROM pg_group WHERE groname = ${literal(role)}`
}

/** `allowed`: may make databases and users. */
export function grantsQuery(dialect: SetupDialect): string {
  switch (dialect) {
    case "postgres":
      return "SELECT rolsuper OR (rolcreatedb AND rolcreaterole) AS allowed FROM pg_catalog.pg_roles WHERE rolname = current_user"
    case "redshift":
      // The right to make users alone is granted by roles, which this catalog does not show: making one will tell.
      return "SELECT usesuper OR usecreatedb AS allowed FROM pg_user WHERE usename = current_user"
    case "millrace":
      return administratorQuery
  }
}

/** `allowed`: is an administrator. */
export const administratorQuery = "SELECT usesuper AS allowed FROM pg_user WHERE usename = current_user"

/** `allowed`: the account has still what a set-up needs. */
export function setUpRightQuery({
  dialect,
  systemUser,
}: {
  dialect: SetupDialect
  systemUser: string
}): string {
  const right = dialect === "millrace" ? "usesuper" : "usecreatedb"
  return `SELECT ${right} AS allowed FROM pg_user WHERE usename = ${literal(systemUser)}`
}

/** `folds`: whether names are compared without case. PostgreSQL folds always. */
export function foldsQuery(dialect: SetupDialect): string | undefined {
  return dialect === "redshift"
    ? "SELECT current_setting('enable_case_sensitive_identifier') NOT IN ('on', 'true', '1') AS folds"
    : undefined
}

/** Whether a database shows tables of another one; `unknown`: only the kind of node tells. */
export function crossDatabase(dialect: SetupDialect): "never" | "unknown" | "always" {
  switch (dialect) {
    case "postgres":
      return "never"
    case "redshift":
      return "unknown"
    case "millrace":
      return "always"
  }
}

export const schemasQuery = `SELECT nspname AS name FROM pg_namespace WHERE nspname IN (${managedSchemas.map(literal).join(", ")})`

export const fingerprintQuery = "SELECT v AS fingerprint FROM immuta_system.metadata WHERE k = 'fingerprint'"

/** `version`: of the managed objects. */
export const versionOfObjectsQuery = "SELECT v AS version FROM immuta_system.metadata WHERE k = 'version'"

/** Databases that an SQL port of ours shows, and that are none. */
export const portsOwnDatabases = ["awscc"]

/** Names a server refuses or cuts, beyond the rules of the payload. */
export const longestNameBytes: Record<SetupDialect, number> = { postgres: 63, redshift: 127, millrace: 63 }

/** Of the cloud and of every server: no database of ours may be called so. */
export const reservedDatabases = ["dev", "template0", "template1", "padb_harvest", "sys:internal"]

export const unservedServer = "The server speaks neither PostgreSQL's nor Redshift's SQL."

export function userQuery(user: string): string {
  return `SELECT 1 AS found FROM pg_user WHERE usename = ${literal(user)}`
}

/**
 * `mine`: whether the account owns the database; no row: there is none. Where nothing has an owner: whether it holds nothing but what a
 * set-up makes.
 */
export function databaseOwnerQuery({
  dialect,
  database,
  systemUser,
}: {
  dialect: SetupDialect
  database: string
  systemUser: string
}): string {
  const name = literal(database)
  if (dialect === "millrace")
    return `SELECT NOT EXISTS (SELECT 1 FROM svv_all_tables WHERE database_name = ${name} AND schema_name <> 'immuta_system') AS mine FROM pg_database WHERE datname = ${name}`
  return `SELECT u.usename = ${literal(systemUser)} AS mine FROM pg_database d JOIN pg_user u ON u.usesysid = d.datdba WHERE d.datname = ${name}`
}
