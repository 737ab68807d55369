import type { AlertsConfiguration } from "./alerts/alert.ts"
import type { AuditRetention } from "./audit.ts"
import type { ConsoleConfiguration } from "./console/roles.ts"
import type { IntegrationQuotas } from "./integration.ts"

/** What an access key or an SQL user may do. A partner may do only what its partner record grants. */
export type Role = "admin" | "read-only" | `partner:${string}`

export interface Credential {
  accessKeyId: string
  secretAccessKey: string
  role: Role
}

export interface SqlUser {
  name: string
  password: string
  role: Role
}

export interface HostPort {
  host: string
  port: number
}

/** From where clients may come without TLS. */
export const unencryptedFrom = ["nowhere", "loopback", "anywhere"] as const

/** TLS of the SQL port and the HTTP port. Paths of PEM files; without `cert` and `key` a certificate is made. */
export interface ListenTls {
  cert?: string
  key?: string
  /** By which commands know the HTTP port's certificate where they do not have `cert`; `system`: the authorities of this machine. */
  ca?: string
  unencrypted: (typeof unencryptedFrom)[number]
  /** Of the HTTP port; absent: see `httpUnencrypted`. */
  httpUnencrypted?: (typeof unencryptedFrom)[number]
}

/**
 * From where the HTTP port may be asked without TLS: with a certificate that is configured as the SQL port, without one as before there was TLS.
 */
export function httpUnencrypted(tls: ListenTls | undefined): ListenTls["unencrypted"] {
  const usual = tls?.cert === undefined && tls?.ca === undefined ? "anywhere" : tls.unencrypted
  return tls?.httpUnencrypted ?? usual
}

/** What is done when a source keeps more for us than its budget. */
export const retentionPolicies = ["hold", "spool", "drop_and_resync"] as const
export type RetentionPolicy = (typeof retentionPolicies)[number]

/** How much history a source may keep for us, and what happens beyond. */
export interface RetentionBudget {
  budgetBytes: number
  policy: RetentionPolicy
  /** Policy `spool`: the most that is kept here instead, per pipeline. */
  spoolLimitBytes: number
}

/** Where rows come from, under the ARN that callers name it by. What else it has, its engine's record knows. */
export interface SourceConfiguration {
  arn: string
  /** A name of the registry of sources. */
  engine: string
  /** Of an engine that keeps a log for its readers. */
  retention?: RetentionBudget
  /** Of an engine that holds files. */
  bucket?: BucketSettings
}

/** A database server, reached by its URL. */
export interface DatabaseSource extends SourceConfiguration {
  url: string
}

/** A table or bucket behind an AWS API; without an endpoint, the cloud's own, without keys, those of the environment. */
export interface ServiceSource extends SourceConfiguration {
  endpoint?: string
  accessKeyId?: string
  secretAccessKey?: string
}

export interface BucketSettings {
  /** SQL users, besides administrators, whose COPY may read it. */
  copyUsers: readonly string[]
  /** How often it is listed for its jobs; undefined: objects are known by events only. */
  listEveryMs: number | undefined
  /** Whoever posts its events proves to be allowed to by it; undefined: by a signature only. */
  eventSecret: string | undefined
}

/** A key that integrations may name, under the ARN the cloud would give it. */
export interface KmsKeyConfiguration {
  arn: string
  /** `alias/…` */
  aliases: string[]
  enabled: boolean
  /** 256 bits. */
  key: Buffer
  /** What it was before: still decrypts, encrypts no more. */
  previous: Buffer[]
}

/** A warehouse that rows go to, under the ARN that callers name it by. */
export interface WarehouseConfiguration {
  arn: string
  /** The ClusterIdentifier of partner operations. */
  cluster: string
  /** A name of the registry of warehouses. */
  engine: string
  /** The folder of an engine that keeps its databases in files here; no two warehouses share one. */
  path?: string
  autoCreateDatabase: boolean
}

/** Whoever is told of events. */
export interface WebhookConfiguration {
  url: string
  /** Signs what is sent. */
  secret: string
}

export interface RequestLimits {
  /** For as long as it likes. */
  perSecond: number
  /** At once, after a pause. */
  burst: number
}

/** Connections of the HTTP port. */
export interface HttpConnections {
  connections: number
  /** Of one address; a reverse proxy is one. */
  connectionsPerAddress: number
}

export const logLevels = ["debug", "info", "warn", "error"] as const
export const logFormats = ["json", "pretty"] as const

/** What processes say of their work, on standard error. */
export interface LogConfiguration {
  level: (typeof logLevels)[number]
  format: (typeof logFormats)[number]
}

/** What sessions of the SQL port may take. */
export interface SqlLimits {
  connections: number
  /** Of one user. */
  connectionsPerUser: number
  /** Connections of one address that have not proven a password yet. */
  loginsPerAddress: number
  /** Of statements of those who are no administrators; undefined: none. */
  statementTimeoutMs: number | undefined
  /** What a statement may hold in memory; undefined: half of the warehouse's. */
  statementMemoryBytes: number | undefined
  /** What it may set aside on disk; undefined: a quarter of what is free at the start. */
  statementSpillBytes: number | undefined
}

/** Whose temporary passwords are asked for at a host: those of a cluster, or of a serverless workgroup. */
export type OktaSignInHost = {
  host: string
  /** Of the cloud. */
  region: string
  /** Where passwords are given; absent: the cloud's own. */
  endpoint?: string
} & ({ cluster: string } | { workgroup: string })

/** How people of Okta enter governed servers. Hosts whose names are the cloud's need no entry. */
export interface OktaSignInConfiguration {
  /** Of the application, as Okta's catalog has it; absent: the one of the cloud's drivers. */
  appName?: string
  /** https; absent: the cloud's own. */
  stsEndpoint?: string
  hosts: OktaSignInHost[]
}

/** TLS of connections to a server: how much is verified, and by which files (absolute paths, `ca` may be `system`). */
export interface ServerTls {
  mode: "off" | "prefer" | "require" | "verify-ca" | "verify-full"
  ca?: string
  cert?: string
  key?: string
}

export interface GovernanceConfiguration {
  /** How often integrations of the governance API are validated again. */
  validateEveryMs: number
  /** To governed servers that `servers` does not name. */
  tls?: ServerTls
  servers: { host: string; tls: ServerTls }[]
  okta: OktaSignInConfiguration
}

/** What integrations of customer profiles may read besides buckets, servers and tables that are configured; absent: nothing. */
export interface ProfilesConfiguration {
  /** Absolute. */
  fileFolders: string[]
  /** `host:port` of web servers whose addresses are not of the internet. */
  internalHosts: string[]
}

/** millrace.yaml after defaults; every path absolute. `undefined` state: an embedded PostgreSQL under dataDir. */
export interface Configuration {
  /** Absolute path of the file that it was read from; absent: from none. */
  file?: string
  account: string
  region: string
  dataDir: string
  /** Absent `tls`: a certificate is made, and who comes from the machine itself may do without. */
  listen: {
    http: HostPort
    sql: HostPort
    /** A listener of their own for health checks and metrics, which clients of the others cannot crowd out. */
    health?: HostPort
    /** The same of a process that has the role sql or worker and not api. */
    workerHealth?: HostPort
    tls?: ListenTls
  }
  stateUrl: string | undefined
  log: LogConfiguration
  credentials: Credential[]
  sqlUsers: SqlUser[]
  sqlLimits: SqlLimits
  httpLimits: HttpConnections
  sources: SourceConfiguration[]
  warehouses: WarehouseConfiguration[]
  kmsKeys: KmsKeyConfiguration[]
  /** How many requests each access key may make. */
  throttling: RequestLimits
  audit: AuditRetention
  quotas: IntegrationQuotas
  governance: GovernanceConfiguration
  console: ConsoleConfiguration
  profiles?: ProfilesConfiguration
  webhook?: WebhookConfiguration
  /** Where events of customer profiles may be sent: these addresses, and those below them. */
  profileWebhooks: WebhookConfiguration[]
  alerts: AlertsConfiguration
  /** How often every table is compared with its source; absent: only on demand. */
  verifyEveryMs?: number
  /** The resident memory above which the process with the SQL port and the pipelines is replaced; absent: most of the machine's. */
  engineMemoryBytes?: number
}
