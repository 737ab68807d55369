/** All that the API may show; those that last end in a word that is no verb. (Fact: the twelve names.) */
export const governedStatuses = [
  "creating",
  "createError",
  "enabled",
  "editing",
  "editError",
  "migrating",
  "migrateError",
  "deleting",
  "deleteError",
  "recurringValidationError",
  "disabled",
  "deleted",
] as const

export type GovernedStatus = (typeof governedStatuses)[number]

export type CheckStatus = "passed" | "failed" | "warning" | "skipped"

/** One test of a server. (Fact: members and their order.) */
export interface ValidationTest {
  name: string
  /** What the published product shows there; of two tests only. */
  result?: readonly unknown[]
  status: CheckStatus
  /** Why it is not passed. */
  message?: string
}

export interface ValidationResults {
  status: CheckStatus
  validationTests: readonly ValidationTest[]
}

/** What is asked for, without secrets; as given, with defaults. */
export interface GovernedConfig {
  host: string
  database: string
  initialDatabase: string
  port: number
  impersonation: { enabled: boolean; role?: string }
  authentication: { type: "userPassword" } | { type: "okta"; appId: string; idpHost: string; role: string }
}

export type GovernedJobKind = "create" | "edit" | "migrate" | "delete"

/** What encrypts and binds the account's password; see encryption/. */
export interface SealedAccount {
  keyArn: string
  wrapped: string
  iv: string
  tag: string
  data: string
}

/** What an edit makes of an integration once it has succeeded. */
export interface PendingEdit {
  config: GovernedConfig
  fingerprint: string
  /** `undefined`: the account stays. */
  account?: SealedAccount
}

/** A server whose views are governed, as the integrations API knows it. */
export interface GovernedIntegration {
  id: number
  type: string
  autoBootstrap: boolean
  status: GovernedStatus
  config: GovernedConfig
  /** The SQL of its server: `SetupDialect`. */
  dialect: string
  fingerprint: string
  /** The system account, which Millrace goes on using; none once it is deleted. */
  account: SealedAccount | undefined
  validationResults: ValidationResults
  pending: PendingEdit | undefined
  /** What is being done; each job has a number of its own. */
  job: { kind: GovernedJobKind; number: number } | undefined
}
