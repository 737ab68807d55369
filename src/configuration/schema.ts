import { z } from "zod"
import { usualAuditRetention } from "../domain/audit.ts"
import type { OktaSignInConfiguration, OktaSignInHost } from "../domain/configuration.ts"
import { type HostPort, type Role, unencryptedFrom } from "../domain/configuration.ts"
import { integrationQuotas } from "../domain/integration.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import type { EngineFormats } from "./entries/format.ts"
import { choiceOf, sourceEntry, warehouseEntry } from "./entries/listed.ts"
import { postgresUrl } from "./postgres-url.ts"
import { sqlLimitKeys, sqlLimits } from "./sql-limits.ts"
import { size, text } from "./values.ts"

/** millrace.yaml as written, checked part by part; src/configuration/cross-checks.ts checks the parts against each other. */
const hostPort = text.transform((given, context): HostPort => {
  const parsed = parseHostPort(given)
  if (parsed !== undefined) return parsed
  context.addIssue(`must be an address and a port from 0 to 65535, like 127.0.0.1:5440 (0: any free port)`)
  return z.NEVER
})

function parseHostPort(given: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):([0-9]{1,5})$/.exec(given)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

const policy = text.transform((given, context): Role => {
  if (given === "admin" || given === "read-only") return given
  if (/^partner:.{1,255}$/.test(given)) return `partner:${given.slice("partner:".length)}`
  context.addIssue("must be admin, read-only or partner:<PartnerName>")
  return z.NEVER
})

const credential = z.strictObject({
  access_key_id: text.regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 letters, digits, _ or -"),
  secret_access_key: text,
  policy,
})

const sqlUser = z.strictObject({ name: text.max(63), password: text, policy })

const keyBytes = 32

/** One key, in the configuration or in a file of its own. */
export const keyMaterial = text.transform((given, context): Buffer => {
  const key = Buffer.from(given, "base64")
  if (key.length === keyBytes && key.toString("base64") === given.trim()) return key
  context.addIssue("must be 256 bits in base64, as `openssl rand -base64 32` prints them")
  return z.NEVER
})

const kmsKey = z
  .strictObject({
    arn: text.regex(
      /^arn:aws:kms:[a-z0-9-]{1,32}:[0-9]{12}:key\/[A-Za-z0-9-]{1,64}$/,
      "must be a key's ARN like arn:aws:kms:us-east-1:123456789012:key/orders",
    ),
    aliases: z
      .array(text.regex(/^alias\/[A-Za-z0-9/_-]{1,250}$/, "must be an alias like alias/orders"))
      .default([]),
    enabled: z.boolean().default(true),
    key: keyMaterial.optional(),
    key_file: text.optional(),
    previous: z.array(keyMaterial).max(100, "may list at most 100").default([]),
  })
  .refine(({ key, key_file: file }) => (key === undefined) !== (file === undefined), {
    path: ["key"],
    message: "give either key or key_file",
  })

const defaultListen = {
  http: { host: "127.0.0.1", port: 5440 },
  sql: { host: "127.0.0.1", port: 5439 },
} as const

/** Of the SQL port. */
const tls = z
  .strictObject({
    cert: text.optional(),
    key: text.optional(),
    unencrypted: z.enum(unencryptedFrom, `must be one of ${unencryptedFrom.join(", ")}`).default("loopback"),
  })
  .refine(
    ({ cert, key }) => (cert === undefined) === (key === undefined),
    "must have both cert and key, or neither",
  )

const httpLimits = z.strictObject({
  connections: z.number().int().min(10).max(20_000).default(1_000),
  connections_per_address: z.number().int().min(1).max(20_000).default(250),
})

const leastVerifyEveryMs = 10_000

const verifySchedule = z.strictObject({
  every: text.transform((given, context): number => {
    const everyMs = parseDuration(given)
    if (everyMs !== undefined && everyMs >= leastVerifyEveryMs) return everyMs
    context.addIssue("must be a length of time of 10s or more, like 30m, 24h or 7d")
    return z.NEVER
  }),
})

/** Generous: a client that polls in a tight loop is slowed, one that works is not. */
const throttling = z.strictObject({
  requests_per_second: z.number().int().min(1).max(100_000).default(200),
  burst: z.number().int().min(1).max(1_000_000).default(1_000),
})

const audit = z.strictObject({
  keep_days: z.number().int().min(1).max(36_500).default(usualAuditRetention.days),
  keep_rows: z.number().int().min(100).max(100_000_000).default(usualAuditRetention.rows),
})

const quota = (usual: number) => z.number().int().min(1).max(10_000).default(usual)

/** As in the cloud unless told otherwise. */
const quotas = z.strictObject({
  per_account: quota(integrationQuotas.perAccount),
  per_warehouse: quota(integrationQuotas.perTarget),
  per_source: quota(integrationQuotas.perSource),
})

const webhookUrl = text.refine(
  (given) => /^https?:\/\/[^\s@]+$/.test(given) && URL.canParse(given),
  "must be an http or https URL without a user in it",
)

const events = z.strictObject({
  webhook: webhookUrl,
  secret: text.refine((given) => given.length >= 16, "must have at least 16 characters"),
})

/** Of the processes of `serve`. */
const isolation = z.strictObject({
  engine_memory: size.refine((bytes) => bytes >= 256 * 2 ** 20, "must be 256MiB or more").optional(),
})

/** Where answers hold secrets: https, or this host. */
const secretsUrl = text.refine(
  (given) =>
    URL.canParse(given) &&
    (/^https:\/\/[^\s@/]+\/?$/.test(given) ||
      /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?\/?$/.test(given)),
  "must be https://host:port: the answer holds a secret (http is for this host only)",
)

const oktaHost = z
  .strictObject({
    host: text,
    cluster: text.optional(),
    workgroup: text.optional(),
    region: text.regex(/^[a-z0-9-]+$/, "must be a region like us-east-1").default("us-east-1"),
    endpoint: secretsUrl.optional(),
  })
  .transform(({ host, cluster, workgroup, region, endpoint }, context): OktaSignInHost => {
    const common = { host, region, ...(endpoint !== undefined && { endpoint }) }
    if (cluster !== undefined && workgroup === undefined) return { ...common, cluster }
    if (workgroup !== undefined && cluster === undefined) return { ...common, workgroup }
    context.addIssue("must have either cluster or workgroup: whose password is asked for")
    return z.NEVER
  })

const oktaSignIn = z
  .strictObject({
    app_name: text.optional(),
    sts_endpoint: secretsUrl
      .refine((given) => given.startsWith("https:"), "must be https://host:port: the answer holds keys")
      .optional(),
    hosts: z.array(oktaHost).default([]),
  })
  .transform(
    ({ app_name: appName, sts_endpoint: stsEndpoint, hosts }): OktaSignInConfiguration => ({
      ...(appName !== undefined && { appName }),
      ...(stsEndpoint !== undefined && { stsEndpoint }),
      hosts,
    }),
  )

const leastValidateEveryMs = 1_000

const governance = z.strictObject({
  validate_every: text
    .transform((given, context): number => {
      const everyMs = parseDuration(given)
      if (everyMs !== undefined && everyMs >= leastValidateEveryMs) return everyMs
      context.addIssue("must be a length of time of 1s or more, like 5m")
      return z.NEVER
    })
    .prefault("5m"),
  okta: oktaSignIn.prefault({}),
})

/** In the cloud's terms, where nothing is configured. */
export const defaultPlace = { account: "123456789012", region: "us-east-1" } as const

/** The keys that are the same whatever the engines. */
const ownKeys = {
  account: z
    .string()
    .regex(/^[0-9]{12}$/, "must be 12 digits in quotes")
    .default(defaultPlace.account),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, "must be a region's name like us-east-1")
    .default(defaultPlace.region),
  data_dir: text.default("./.millrace"),
  listen: z
    .strictObject({
      http: hostPort.default(defaultListen.http),
      sql: hostPort.default(defaultListen.sql),
      health: hostPort.optional(),
      worker_health: hostPort.optional(),
      tls: tls.optional(),
    })
    .default(defaultListen),
  state: postgresUrl.optional(),
  credentials: z.array(credential).default([]),
  sql_users: z.array(sqlUser).default([]),
  sql_limits: sqlLimits.prefault({}),
  http_limits: httpLimits.prefault({}),
  verify: verifySchedule.optional(),
  isolation: isolation.prefault({}),
  kms_keys: z.array(kmsKey).default([]),
  throttling: throttling.prefault({}),
  audit: audit.prefault({}),
  events: events.optional(),
  quotas: quotas.prefault({}),
  governance: governance.prefault({}),
}

/** The file's shape, with the entries that the engines have. */
function fileOf(engines: EngineFormats) {
  return z.strictObject({
    ...ownKeys,
    sources: z.array(sourceEntry(engines)),
    warehouses: z.array(warehouseEntry(engines)).min(1, "must list at least one warehouse"),
  })
}

export type ConfigurationFile = z.output<ReturnType<typeof fileOf>>

/** millrace.yaml as these engines read it. */
export interface ConfigurationFormat {
  file: ReturnType<typeof fileOf>
  /** The keys there are at each place, by the name of the block or list, for "did you mean". */
  knownKeys: Record<string, string[]>
  /** What is said of an `engine` that is not known, by the name of the list. */
  choices: Record<"sources" | "warehouses", string>
}

export function configurationFormat(engines: EngineFormats): ConfigurationFormat {
  const { sources, warehouses } = engines
  const file = fileOf(engines)
  return {
    file,
    knownKeys: {
      ...ownKnownKeys,
      "": Object.keys(file.shape),
      sources: [...new Set(sources.records.flatMap(({ keys }) => keys))],
      warehouses: [...new Set(warehouses.records.flatMap(({ keys }) => keys))],
    },
    choices: {
      sources: choiceOf(sources.records),
      warehouses: choiceOf(warehouses.records),
    },
  }
}

const ownKnownKeys: Record<string, string[]> = {
  listen: ["http", "sql", "health", "worker_health", "tls"],
  tls: ["cert", "key", "unencrypted"],
  credentials: Object.keys(credential.shape),
  sql_users: Object.keys(sqlUser.shape),
  sql_limits: sqlLimitKeys,
  http_limits: Object.keys(httpLimits.shape),
  verify: Object.keys(verifySchedule.shape),
  isolation: Object.keys(isolation.shape),
  throttling: Object.keys(throttling.shape),
  audit: Object.keys(audit.shape),
  events: Object.keys(events.shape),
  quotas: Object.keys(quotas.shape),
  governance: Object.keys(governance.shape),
  retention: ["budget", "policy", "spool_limit"],
  kms_keys: ["arn", "aliases", "enabled", "key", "key_file", "previous"],
}
