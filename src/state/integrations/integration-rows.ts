import { sql } from "kysely"
import type { DatabaseOptions } from "../../domain/database-options.ts"
import type { Destination, Integration, IntegrationStatus } from "../../domain/integration.ts"
import type { IntegrationRow } from "../schema.ts"

/** What may change of a recorded integration. A member that is present and undefined is cleared. */
export interface IntegrationPatch {
  name?: string
  description?: string | undefined
  status?: IntegrationStatus
  dataFilter?: string
  isFilterPending?: boolean
  errors?: Integration["errors"]
}

export function toColumns(patch: IntegrationPatch) {
  return {
    ...(patch.name !== undefined && { name: patch.name }),
    ...("description" in patch && { description: patch.description ?? null }),
    ...(patch.status !== undefined && { status: patch.status }),
    ...(patch.dataFilter !== undefined && { data_filter: patch.dataFilter }),
    ...(patch.isFilterPending !== undefined && { filter_pending: patch.isFilterPending }),
    ...(patch.errors !== undefined && { errors: json(patch.errors) }),
  }
}

/** The driver would write a JavaScript array as a PostgreSQL array. */
function json<T>(value: T) {
  return sql<T>`${JSON.stringify(value)}::jsonb`
}

export function toRow(integration: Integration) {
  return {
    id: integration.id,
    arn: integration.arn,
    service: integration.service,
    name: integration.name,
    description: integration.description ?? null,
    source_arn: integration.sourceArn,
    target_arn: integration.targetArn,
    data_filter: integration.dataFilter ?? null,
    filter_pending: integration.isFilterPending,
    kms_key_id: integration.kmsKeyId ?? null,
    additional_encryption_context: json(integration.additionalEncryptionContext),
    tags: json(integration.tags),
    status: integration.status,
    errors: json(integration.errors),
    created_at: integration.createdAt,
  }
}

export function fromRow(row: IntegrationRow): Integration {
  return {
    id: row.id,
    arn: row.arn,
    service: row.service,
    name: row.name,
    description: row.description ?? undefined,
    sourceArn: row.source_arn,
    targetArn: row.target_arn,
    dataFilter: row.data_filter ?? undefined,
    isFilterPending: row.filter_pending,
    kmsKeyId: row.kms_key_id ?? undefined,
    additionalEncryptionContext: row.additional_encryption_context,
    tags: row.tags,
    status: row.status,
    errors: row.errors,
    createdAt: row.created_at,
  }
}

export function destinationRow(integration: Integration, destination: Destination, at: Date) {
  return {
    integration_id: integration.id,
    target_arn: integration.targetArn,
    source_database: destination.sourceDatabase,
    destination_database: destination.destinationDatabase ?? null,
    options: sql<Partial<DatabaseOptions>>`'{}'::jsonb`,
    owner: null,
    connected_at: destination.destinationDatabase === undefined ? null : at,
  }
}
