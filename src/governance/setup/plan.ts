/** The SQL that the server of an integration speaks. */
export const setupDialects = ["postgres", "redshift"] as const
export type SetupDialect = (typeof setupDialects)[number]

export function isSetupDialect(text: string): text is SetupDialect {
  return setupDialects.some((one) => one === text)
}

/** The version of the managed objects; one that changes them is a new one. */
export const objectsVersion = 1

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
