import { z } from "zod"
import { usualAuditRetention } from "../domain/audit.ts"
import { type HostPort, logFormats, logLevels, type Role } from "../domain/configuration.ts"
import { integrationQuotas } from "../domain/integration.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import { alertKeys, alertsBlock } from "./blocks/alerts.ts"
import { consoleBlock, consoleKeys } from "./blocks/console.ts"
import { governance, governanceKeys } from "./blocks/governance.ts"
import { listenTls, listenTlsKeys } from "./blocks/listen-tls.ts"
import { sqlLimitKeys, sqlLimits } from "./blocks/sql-limits.ts"
import type { EngineFormats } from "./entries/format.ts"
import { choiceOf, sourceEntry, warehouseEntry } from "./entries/listed.ts"
import { postgresUrl } from "./postgres-url.ts"

import { saidOnce, tlsBlock, tlsKeys } from "./tls/block.ts"
import { libpqTls } from "./tls/settings.ts"
import { secretText, size, text } from "./values.ts"

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
  access_key_id: text
    .regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 letters, digits, _ or -")
    .describe("what callers sign with"),
  secret_access_key: secretText.describe("its secret"),
  policy: policy.describe("`admin`, `read-only`, or `partner:NAME`: only what that partner may do"),
})

const sqlUser = z.strictObject({
  name: text.max(63).describe("as clients log in"),
  password: secretText.describe("its password"),
  policy: policy.describe("as of `credentials`"),
})

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
    arn: text
      .regex(
        /^arn:aws:kms:[a-z0-9-]{1,32}:[0-9]{12}:key\/[A-Za-z0-9-]{1,64}$/,
        "must be a key's ARN like arn:aws:kms:us-east-1:123456789012:key/orders",
      )
      .describe("by which integrations name it, such as `arn:aws:kms:us-east-1:123456789012:key/orders`"),
    aliases: z
      .array(text.regex(/^alias\/[A-Za-z0-9/_-]{1,250}$/, "must be an alias like alias/orders"))
      .default([])
      .describe("other names of it, such as `alias/orders`"),
    enabled: z.boolean().default(true).describe("`false`: nothing is encrypted or decrypted with it"),
    key: keyMaterial
      .meta({ secret: true })
      .optional()
      .describe("256 bits in base64, as `openssl rand -base64 32` prints them"),
    key_file: text.optional().describe("instead of `key`: a file that holds them"),
    previous: z
      .array(keyMaterial.meta({ secret: true }))
      .max(100, "may list at most 100")
      .default([])
      .describe("what the key was before: still decrypts"),
  })
  .refine(({ key, key_file: file }) => (key === undefined) !== (file === undefined), {
    path: ["key"],
    message: "give either key or key_file",
  })

const httpLimits = z.strictObject({
  connections: z.number().int().min(10).max(20_000).default(1_000).describe("open at once"),
  connections_per_address: z
    .number()
    .int()
    .min(1)
    .max(20_000)
    .default(250)
    .describe("of one client's address; a reverse proxy is one"),
})

const log = z.strictObject({
  level: z
    .enum(logLevels, `must be one of ${logLevels.join(", ")}`)
    .default("info")
    .describe("what is less than this is not said"),
  format: z
    .enum(logFormats, `must be one of ${logFormats.join(", ")}`)
    .default("json")
    .describe("one JSON object a line, or lines for people; `serve --log-format` goes first"),
})

const leastVerifyEveryMs = 10_000

const verifySchedule = z.strictObject({
  every: text
    .transform((given, context): number => {
      const everyMs = parseDuration(given)
      if (everyMs !== undefined && everyMs >= leastVerifyEveryMs) return everyMs
      context.addIssue("must be a length of time of 10s or more, like 30m, 24h or 7d")
      return z.NEVER
    })
    .describe("how often each table is compared with its source, such as `24h`"),
})

/** Generous: a client that polls in a tight loop is slowed, one that works is not. */
const throttling = z.strictObject({
  requests_per_second: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(200)
    .describe("of one access key, for as long as it likes"),
  burst: z.number().int().min(1).max(1_000_000).default(1_000).describe("at once, after a pause"),
})

const audit = z.strictObject({
  keep_days: z
    .number()
    .int()
    .min(1)
    .max(36_500)
    .default(usualAuditRetention.days)
    .describe("how long entries stay"),
  keep_rows: z
    .number()
    .int()
    .min(100)
    .max(100_000_000)
    .default(usualAuditRetention.rows)
    .describe("how many entries stay: the oldest go"),
})

const quota = (usual: number) => z.number().int().min(1).max(10_000).default(usual)

/** As in the cloud unless told otherwise. */
const quotas = z.strictObject({
  per_account: quota(integrationQuotas.perAccount).describe("integrations in all"),
  per_warehouse: quota(integrationQuotas.perTarget).describe("into one warehouse"),
  per_source: quota(integrationQuotas.perSource).describe("from one source"),
})

const webhookUrl = text.refine(
  (given) => /^https?:\/\/[^\s@]+$/.test(given) && URL.canParse(given),
  "must be an http or https URL without a user in it",
)

const events = z.strictObject({
  webhook: webhookUrl.describe("where events are posted"),
  secret: text
    .refine((given) => given.length >= 16, "must have at least 16 characters")
    .meta({ secret: true })
    .describe("signs what is posted: 16 characters or more"),
})

/** Where events of customer profiles may be sent: each address, and those below it. */
const profileWebhooks = z.array(
  z.strictObject({
    url: webhookUrl.describe("an address; those below it are allowed too"),
    secret: events.shape.secret,
  }),
)

/** Of the processes of `serve`. */
const isolation = z.strictObject({
  engine_memory: size
    .refine((bytes) => bytes >= 256 * 2 ** 20, "must be 256MiB or more")
    .optional()
    .describe("at which the engine process is replaced; usual: by the machine's memory"),
})

const profiles = z.strictObject({
  file_folders: z.array(text).default([]).describe("folders whose files `file:` Uris may name; usual: none"),
  internal_hosts: z
    .array(text.regex(/^[^\s/@]+:[0-9]{1,5}$/, "must be a host and a port like files.example:8080"))
    .default([])
    .describe("`host:port` of web servers with internal addresses that Uris may name; usual: none"),
})

const stateBlock = z
  .strictObject({
    url: postgresUrl.describe("`postgres://user:password@host:5432/database`"),
    tls: tlsBlock.optional().describe("TLS to the server; usual: as the url says, or none"),
  })
  .superRefine(saidOnce(libpqTls))

/** In the cloud's terms, where nothing is configured. */
export const defaultPlace = { account: "123456789012", region: "us-east-1" } as const

/** The keys that are the same whatever the engines. */
const ownKeys = {
  account: z
    .string()
    .regex(/^[0-9]{12}$/, "must be 12 digits in quotes")
    .default(defaultPlace.account)
    .describe("the account in ARNs, in quotes"),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, "must be a region's name like us-east-1")
    .default(defaultPlace.region)
    .describe("the region in ARNs: of sources and warehouses too"),
  data_dir: text
    .default("./.millrace")
    .describe("where Millrace keeps what is its own: state, warehouse files, spools, generated credentials"),
  listen: z
    .strictObject({
      http: hostPort.prefault("127.0.0.1:5440").describe("the APIs, as `host:port`; port 0: any free one"),
      sql: hostPort.prefault("127.0.0.1:5439").describe("the SQL port"),
      health: hostPort.optional().describe("health and metrics of the API process, apart from the APIs"),
      worker_health: hostPort.optional().describe("health and metrics of the process that runs pipelines"),
      tls: listenTls.optional().describe("of both ports"),
    })
    .prefault({})
    .describe("where clients are awaited"),
  state: z
    .union([postgresUrl, stateBlock])
    .optional()
    .describe("URL of the PostgreSQL that holds what Millrace knows; usual: one of its own in `data_dir`"),
  credentials: z
    .array(credential)
    .default([])
    .describe("access keys of the APIs; without any, one is made: `data_dir/credentials`"),
  sql_users: z
    .array(sqlUser)
    .default([])
    .describe("users of the SQL port; without any, `admin` is made: `data_dir/credentials`"),
  sql_limits: sqlLimits.prefault({}).describe("what sessions of the SQL port may take"),
  http_limits: httpLimits.prefault({}).describe("connections of the HTTP port"),
  log: log.prefault({}).describe("what processes say of their work, on standard error"),
  verify: verifySchedule.optional().describe("comparing by itself; usual: only when asked"),
  isolation: isolation.prefault({}).describe("the processes of `serve`"),
  kms_keys: z
    .array(kmsKey)
    .default([])
    .describe("keys that integrations may name: what Millrace keeps of them is encrypted"),
  throttling: throttling.prefault({}).describe("how many calls an access key may make"),
  audit: audit.prefault({}).describe("how much of the audit trail stays"),
  events: events.optional().describe("who is told of events"),
  profile_webhooks: profileWebhooks
    .default([])
    .describe("where events of customer profiles may be sent: these addresses and those below them"),
  alerts: alertsBlock.prefault({}).describe("who is told when an integration is not well"),
  quotas: quotas.prefault({}).describe("how many integrations there may be"),
  governance: governance.prefault({}).describe("governed servers"),
  console: consoleBlock.prefault({}).describe("the web console on the HTTP port"),
  profiles: profiles.optional().describe("what integrations of customer profiles may read besides"),
}

/** The file's shape, with the entries that the engines have. */
function fileOf(engines: EngineFormats) {
  return z.strictObject({
    ...ownKeys,
    sources: z.array(sourceEntry(engines)).describe("where rows come from"),
    warehouses: z
      .array(warehouseEntry(engines))
      .min(1, "must list at least one warehouse")
      .describe("where rows go"),
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
  tls: [...new Set([...tlsKeys, ...listenTlsKeys])],
  state: ["url", "tls"],
  credentials: Object.keys(credential.shape),
  sql_users: Object.keys(sqlUser.shape),
  sql_limits: sqlLimitKeys,
  http_limits: Object.keys(httpLimits.shape),
  verify: Object.keys(verifySchedule.shape),
  isolation: Object.keys(isolation.shape),
  log: Object.keys(log.shape),
  throttling: Object.keys(throttling.shape),
  audit: Object.keys(audit.shape),
  events: Object.keys(events.shape),
  profile_webhooks: ["url", "secret"],
  quotas: Object.keys(quotas.shape),
  governance: governanceKeys,
  ...alertKeys,
  console: consoleKeys,
  profiles: Object.keys(profiles.shape),
  retention: ["budget", "policy", "spool_limit"],
  kms_keys: ["arn", "aliases", "enabled", "key", "key_file", "previous"],
}
