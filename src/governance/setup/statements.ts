import { bodyText, identifier, literal } from "./names.ts"
import { hasOwners, isSingleDatabase, managedSchemas, type SetupPlan } from "./plan.ts"

/** `none`: nobody signs in by a lasting password, for instance since Okta gives temporary ones. */
export type AccountPassword = { hash: string } | "none"

/** What the account may do until the set-up is done: all that is left of it, or nothing more than its own objects need. */
export type AccountRight = "finishSetUp" | "nothing"

function rightClause(plan: SetupPlan, may: AccountRight): string {
  if (may === "nothing") return ""
  if (!hasOwners(plan.dialect)) return " CREATEUSER"
  return isSingleDatabase(plan) ? "" : " CREATEDB"
}

/** Neither dialect knows the other's word for "no password". */
function passwordClause({ dialect }: SetupPlan, password: AccountPassword): string {
  if (password !== "none") return `PASSWORD ${literal(password.hash)}`
  return dialect === "postgres" ? "PASSWORD NULL" : "PASSWORD DISABLE"
}

/** The account that owns everything, and the group of those who may impersonate. One transaction, on the initial database. */
export function accountStatements(plan: SetupPlan, password: AccountPassword, may: AccountRight): string[] {
  const user = identifier(plan.systemUser)
  return [
    `CREATE USER ${user} ${passwordClause(plan, password)}${rightClause(plan, may)}`,
    // Who makes a user is not thereby allowed to make a database of that user's.
    ...(plan.dialect === "postgres" ? [`GRANT ${user} TO CURRENT_USER`] : []),
    ...groupStatements(plan),
    ...(isSingleDatabase(plan) && hasOwners(plan.dialect)
      ? [`GRANT CREATE, TEMP ON DATABASE ${identifier(plan.database)} TO ${user}`]
      : []),
  ]
}

export function groupStatements({ dialect, systemUser, impersonationRole: role }: SetupPlan): string[] {
  if (role === undefined) return []
  return [
    `CREATE GROUP ${identifier(role)}`,
    // So that the account can add members.
    ...(dialect === "postgres"
      ? [`GRANT ${identifier(role)} TO ${identifier(systemUser)} WITH ADMIN OPTION`]
      : []),
  ]
}

/** Outside a transaction. */
export function databaseStatement({ dialect, database, systemUser }: SetupPlan): string {
  if (!hasOwners(dialect)) return `CREATE DATABASE ${identifier(database)}`
  return `CREATE DATABASE ${identifier(database)} OWNER ${identifier(systemUser)}`
}

/** Of a database of ours; never of a customer's. */
export function databaseRights({ dialect, database, systemUser }: SetupPlan): string[] {
  // A database there is closed to all who have no right in it.
  if (!hasOwners(dialect)) return []
  const [on, user] = [`ON DATABASE ${identifier(database)}`, identifier(systemUser)]
  return [
    `REVOKE ALL PRIVILEGES ${on} FROM PUBLIC`,
    `GRANT ALL PRIVILEGES ${on} TO ${user}`,
    // The right to connect is one of PostgreSQL's; on Redshift everybody has it.
    dialect === "postgres" ? `GRANT CONNECT, TEMP ${on} TO PUBLIC` : `GRANT TEMP ${on} TO PUBLIC`,
  ]
}

/** Each by itself, in the managed database in single-database mode: what of ours is in a customer's database. */
export function objectDrops(): string[] {
  return managedSchemas.toReversed().map((schema) => `DROP SCHEMA IF EXISTS ${schema} CASCADE`)
}

/** What the account owns and may do in the database at hand; where the dialect has no statement for it, nothing. */
export function ownedDrops({ dialect, systemUser }: SetupPlan): string[] {
  const user = identifier(systemUser)
  if (dialect !== "postgres") return []
  return [
    `DO ${bodyText(` BEGIN IF EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ${literal(systemUser)}) THEN DROP OWNED BY ${user} CASCADE; END IF; END `)}`,
  ]
}

/** Outside a transaction, from the initial database. */
export function databaseDrop({ dialect, database }: SetupPlan): string {
  switch (dialect) {
    case "postgres":
      return `DROP DATABASE IF EXISTS ${identifier(database)} WITH (FORCE)`
    case "redshift":
      return `DROP DATABASE ${identifier(database)} FORCE`
    case "millrace":
      return `DROP DATABASE IF EXISTS ${identifier(database)}`
  }
}

export function accountDrops(plan: SetupPlan): string[] {
  const { dialect, systemUser, impersonationRole: role } = plan
  const ifExists = dialect === "postgres" ? "IF EXISTS " : ""
  return [
    ...(role === undefined ? [] : [`DROP GROUP ${ifExists}${identifier(role)}`]),
    `DROP USER IF EXISTS ${identifier(systemUser)}`,
  ]
}

/** What is left in the server of a set-up, one row each. */
export function remainsQuery({ database, systemUser, impersonationRole: role }: SetupPlan): string {
  return [
    `SELECT 'database' AS kind, datname AS name FROM pg_database WHERE datname = ${literal(database)}`,
    `SELECT 'user', usename FROM pg_user WHERE usename = ${literal(systemUser)}`,
    ...(role === undefined ? [] : [`SELECT 'group', groname FROM pg_group WHERE groname = ${literal(role)}`]),
    `SELECT 'schema', nspname FROM pg_namespace WHERE nspname IN (${managedSchemas.map(literal).join(", ")})`,
  ].join("\nUNION ALL ")
}

/** When the account is there already: the same, made true again. */
export function accountRenewal(plan: SetupPlan, password: AccountPassword, may: AccountRight): string[] {
  return [
    `ALTER USER ${identifier(plan.systemUser)} ${passwordClause(plan, password)}${rightClause(plan, may)}`,
  ]
}

/** Another password, and nothing else. */
export function passwordChange(plan: SetupPlan, password: AccountPassword): string {
  return `ALTER USER ${identifier(plan.systemUser)} ${passwordClause(plan, password)}`
}

/** Once the database is made, the account needs to make no more. */
export function rightsReturn(plan: SetupPlan): string[] {
  const user = identifier(plan.systemUser)
  if (!hasOwners(plan.dialect)) return [`ALTER USER ${user} NOCREATEUSER`]
  return isSingleDatabase(plan) ? [] : [`ALTER USER ${user} NOCREATEDB`]
}

export function groupDrop(role: string): string {
  return `DROP GROUP ${identifier(role)}`
}

/** What the account may do in a customer's database: it cannot give that back itself, and cannot be dropped with it. */
export function customerRightsReturn(plan: SetupPlan): string[] {
  // A user that is dropped takes its rights along where nothing has an owner.
  if (!isSingleDatabase(plan) || !hasOwners(plan.dialect)) return []
  return [
    `REVOKE ALL PRIVILEGES ON DATABASE ${identifier(plan.database)} FROM ${identifier(plan.systemUser)}`,
  ]
}
