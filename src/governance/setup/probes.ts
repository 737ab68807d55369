import { literal } from "./names.ts"
import { managedSchemas, type SetupDialect } from "./plan.ts"

/** A question whose first row answers it. */
export const versionQuery = "SELECT version() AS version"

/** What a server is, by the text of its version; `undefined`: none that can be set up. */
export function dialectOfVersion(version: string): SetupDialect | undefined {
  if (/\bredshift\b/i.test(version)) return "redshift"
  return /^PostgreSQL \d/.test(version) ? "postgres" : undefined
}

/** The dialect of scripts, which are made without a connection: by the host's name, which in the cloud says it. */
export function likelyDialect({ host }: { host: string }): SetupDialect {
  return /redshift|\.amazonaws\.com(\.cn)?$|\.aws\.amazon\.com$/i.test(host) ? "redshift" : "postgres"
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
  }
}

/** `folds`: whether names are compared without case. PostgreSQL folds always. */
export function foldsQuery(dialect: SetupDialect): string | undefined {
  return dialect === "redshift"
    ? "SELECT current_setting('enable_case_sensitive_identifier') NOT IN ('on', 'true', '1') AS folds"
    : undefined
}

/** Whether a database shows tables of another one; `unknown`: only the kind of node tells. */
export function crossDatabase(dialect: SetupDialect): "never" | "unknown" {
  return dialect === "postgres" ? "never" : "unknown"
}

export const schemasQuery = `SELECT nspname AS name FROM pg_namespace WHERE nspname IN (${managedSchemas.map(literal).join(", ")})`

export const fingerprintQuery = "SELECT v AS fingerprint FROM immuta_system.metadata WHERE k = 'fingerprint'"

/** Names a server refuses or cuts, beyond the rules of the payload. */
export const longestNameBytes: Record<SetupDialect, number> = { postgres: 63, redshift: 127 }

/** Of the cloud and of every server: no database of ours may be called so. */
export const reservedDatabases = ["dev", "template0", "template1", "padb_harvest", "sys:internal"]

/** Why a server that says this of itself cannot be set up, and what can. */
export function unservedServer(version: string): string {
  // As DuckDB says it, and so Millrace's own SQL port.
  if (/^v\d/.test(version))
    return "This is an SQL port of Millrace. It has no procedures, functions and groups (CREATE PROCEDURE, CREATE FUNCTION, CREATE GROUP), which the set-up makes; give the address of a PostgreSQL or Redshift server."
  return "The server speaks neither PostgreSQL's nor Redshift's SQL."
}

export function userQuery(user: string): string {
  return `SELECT 1 AS found FROM pg_user WHERE usename = ${literal(user)}`
}

/** `mine`: whether a user owns the database; no row: there is none. */
export function databaseOwnerQuery({
  database,
  systemUser,
}: {
  database: string
  systemUser: string
}): string {
  return `SELECT u.usename = ${literal(systemUser)} AS mine FROM pg_database d JOIN pg_user u ON u.usesysid = d.datdba WHERE d.datname = ${literal(database)}`
}
