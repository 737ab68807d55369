import type { ColumnType, Generated, GeneratedAlways, RawBuilder } from "kysely"
import type { GovernedJobKind } from "../../governance/setup/integration.ts"

export interface GovernanceIntegrationTable {
  id: GeneratedAlways<string>
  type: string
  host: string
  auto_bootstrap: boolean
  status: string
  config: object
  dialect: string
  fingerprint: string
  account: object | null
  validation_results: object
  pending: object | null
  job_kind: GovernedJobKind | null
  job_number: ColumnType<string, string, RawBuilder<string>>
  job_owner: string | null
  job_expires_at: Date | null
  validated_at: Generated<Date>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export interface GovernanceStepTable {
  id: GeneratedAlways<string>
  integration_id: string
  job_number: string
  at: Generated<Date>
  step: string
  event: string
  message: string | null
}

export interface ApiKeyTable {
  id: GeneratedAlways<string>
  name: string
  digest: Buffer
  permissions: string[]
  created_at: Generated<Date>
  revoked_at: ColumnType<Date | null, never, RawBuilder<Date>>
}

export interface ApiTokenTable {
  digest: Buffer
  api_key_id: string
  expires_at: ColumnType<Date, RawBuilder<Date>, never>
}
