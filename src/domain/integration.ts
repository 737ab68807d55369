/** The statuses the cloud's APIs know, in its spelling. */
export const integrationStatuses = [
  "creating",
  "active",
  "modifying",
  "failed",
  "deleting",
  "syncing",
  "needs_attention",
] as const

export type IntegrationStatus = (typeof integrationStatuses)[number]

/** Which API made the integration; its ARN carries the same word. */
export type IntegrationService = "rds" | "redshift"

export interface Tag {
  key: string
  value: string
}

/** An integration as recorded: what should be. What is (tables, lag) belongs to its pipelines. */
export interface Integration {
  /** Lower-case UUID, the tail of the ARN. */
  id: string
  arn: string
  service: IntegrationService
  name: string
  description: string | undefined
  sourceArn: string
  targetArn: string
  /** The data filter as given (or the default that applies), unparsed. */
  dataFilter: string | undefined
  kmsKeyId: string | undefined
  additionalEncryptionContext: Record<string, string>
  tags: Tag[]
  status: IntegrationStatus
  /** Empty when healthy. */
  errors: { code: string; message: string }[]
  createdAt: Date
}
