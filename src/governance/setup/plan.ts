/** The SQL that the server of an integration speaks; `millrace`: an SQL port of ours. */
export const setupDialects = ["postgres", "redshift", "millrace"] as const
export type SetupDialect = (typeof setupDialects)[number]

/**
 * Whether objects belong to the account that makes them, which may then change and drop them. Where they do not, administrators do
 * that, and statements about accounts and rights are no part of a transaction: each takes effect at once.
 */
export function hasOwners(dialect: SetupDialect): boolean {
  switch (dialect) {
    case "postgres":
    case "redshift":
      return true
    case "millrace":
      return false
  }
}

/** Whether policies hold on the server without views in it: an SQL port of ours applies them to each statement. */
export function holdsByItself(dialect: string): boolean {
  return dialect === "millrace"
}

/** Whether a view may show tables of another database than its own. */
export function showsOtherDatabases(dialect: string): boolean {
  return dialect !== "postgres"
}

export function isSetupDialect(text: string): text is SetupDialect {
  return setupDialects.some((one) => one === text)
}

/** The version of the managed objects; one that changes them is a new one. */
export const objectsVersion = 4

/** What is to be in the server. Names in lower case. */
export interface SetupPlan {
  dialect: SetupDialect
  /** Where the managed schemas are. */
  database: string
  /** Where a first connection goes; equal to `database`: single-database mode, in a database of the customer's. */
  initialDatabase: string
  /** The account that owns the managed objects. */
  systemUser: string
  /** Members may impersonate; `undefined`: nobody may. */
  impersonationRole: string | undefined
  /** Of the payload, `sha256:…`. */
  fingerprint: string
}

export function isSingleDatabase({
  database,
  initialDatabase,
}: Pick<SetupPlan, "database" | "initialDatabase">): boolean {
  return database === initialDatabase
}

/** Kept by name for clients that call them. (Fact: names of the published product.) */
export const managedSchemas = ["immuta_system", "immuta_functions", "immuta_procedures"] as const

/** When no role is named. */
export const defaultImpersonationRole = "immuta_impersonation"
