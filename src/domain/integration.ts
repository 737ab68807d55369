import { isCurable } from "./problems.ts"

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

/** Whose API makes integrations of such a source in the cloud: databases are RDS's, everything else the other's. */
export function serviceOfSource(sourceArn: string): IntegrationService {
  return sourceArn.split(":")[2] === "rds" ? "rds" : "redshift"
}

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
  /** The filter was changed, and the warehouse does not hold what it takes yet. */
  isFilterPending: boolean
  kmsKeyId: string | undefined
  additionalEncryptionContext: Record<string, string>
  tags: Tag[]
  status: IntegrationStatus
  /** Empty when healthy. */
  errors: { code: string; message: string }[]
  createdAt: Date
}

/** Which database of the source an integration writes into which database of the warehouse. */
export interface Destination {
  sourceDatabase: string
  /** Undefined: nothing is written until somebody creates it. */
  destinationDatabase: string | undefined
}

/** How many integrations there may be; the cloud's figures. */
export interface IntegrationQuotas {
  perAccount: number
  perTarget: number
  perSource: number
}

export const integrationQuotas: IntegrationQuotas = { perAccount: 100, perTarget: 50, perSource: 5 }

/**
 * From which status to which. `deleting` ends only when the integration is gone, so a late report of a pipeline
 * cannot bring it back; `failed` ends only by deletion (delete and recreate is the one remedy), unless what failed it
 * can be cured (`mayBecome`); nothing returns to `creating`. Staying in a status with other errors is always allowed.
 */
const nextStatuses: Record<IntegrationStatus, readonly IntegrationStatus[]> = {
  creating: ["active", "syncing", "needs_attention", "failed"],
  active: ["modifying", "syncing", "needs_attention", "failed", "deleting"],
  modifying: ["active", "syncing", "needs_attention", "failed"],
  syncing: ["active", "modifying", "needs_attention", "failed", "deleting"],
  needs_attention: ["active", "modifying", "syncing", "failed", "deleting"],
  failed: ["deleting"],
  deleting: [],
}

/** Whether an integration in `from` may go to `to` (or stay where it is). */
export function statusMayBecome(from: IntegrationStatus, to: IntegrationStatus): boolean {
  return from === to || nextStatuses[from].includes(to)
}

/** As `statusMayBecome`; what failed by something that can be cured is revived when it is. */
export function mayBecome(
  { status, errors }: Pick<Integration, "status" | "errors">,
  to: IntegrationStatus,
): boolean {
  return statusMayBecome(status === "failed" && isCurable(errors) ? "needs_attention" : status, to)
}

/** The statuses from which an integration may come to `to`, `to` itself among them. */
export function statusesBefore(to: IntegrationStatus): IntegrationStatus[] {
  return integrationStatuses.filter((from) => statusMayBecome(from, to))
}

/**
 * The cloud deletes from these and not while creating, modifying or already deleting. A create that cannot succeed is
 * still deletable: it shows `needs_attention` or `failed` as soon as its first attempt has failed.
 */
export const deletableStatuses: readonly IntegrationStatus[] = [
  "active",
  "failed",
  "syncing",
  "needs_attention",
]

/** A name or a description may change while the integration lives and nothing else is being done to it. */
export const modifiableStatuses: readonly IntegrationStatus[] = ["active", "syncing", "needs_attention"]

/** Names a warehouse database cannot bear: they exist already, or the engine or the SQL port uses them itself. */
const reservedDatabases = new Set([
  "dev",
  "awscc",
  "main",
  "memory",
  "padb_harvest",
  "public",
  "spill",
  "system",
  "temp",
  "template0",
  "template1",
  "pg_catalog",
  "information_schema",
])

/** As in the cloud. */
const databaseNameMaxBytes = 127
/** A name becomes a file's, with three characters for each byte that is not a plain letter or digit. */
const encodedNameMaxLength = 230

/**
 * The warehouse database a source database goes to: the integration's name with `-` as `_`; where an integration takes
 * several databases, `_<source database>` is added to keep them apart.
 */
export function destinationDatabase(
  integrationName: string,
  sourceDatabase: string,
  severalDatabases: boolean,
): string {
  const base = integrationName.replaceAll("-", "_")
  return severalDatabases ? `${base}_${sourceDatabase}` : base
}

/** Why a destination database cannot have this name; undefined when it can. */
export function destinationMistake(name: string): string | undefined {
  if (name === "") return "A warehouse database needs a name."
  if (name.includes("\0")) return "A warehouse database's name may not contain the character NUL."
  if (/^\.+$/.test(name)) return "A warehouse database's name may not be dots alone."
  if (reservedDatabases.has(name.toLowerCase()))
    return `The warehouse database would be named ${name}, which is reserved.`
  const bytes = Buffer.byteLength(name)
  if (bytes > databaseNameMaxBytes)
    return `The warehouse database would be named ${name.slice(0, 200)}, longer than ${databaseNameMaxBytes} bytes.`
  if (encodeURIComponent(name).length <= encodedNameMaxLength) return undefined
  return `The warehouse database would be named ${name}, which is too long for the name of a file.`
}
