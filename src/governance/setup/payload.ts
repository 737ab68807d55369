import { isIP } from "node:net"
import { z } from "zod"
import { Fault } from "../../domain/faults.ts"
import type { GovernedConfig } from "./integration.ts"
import { defaultImpersonationRole } from "./plan.ts"

/** The type of integration that is served. (Fact: its name, in this case.) */
export const servedType = "Redshift"

/** (Fact: names of the published product.) */
const otherTypes = [
  "Snowflake",
  "Databricks",
  "Azure Synapse Analytics",
  "Google BigQuery",
  "Native S3",
  "Amazon S3",
  "Starburst",
  "Trino",
  "Starburst (Trino)",
]

/** A user of Okta; `role`: whose keys ask for the server's temporary password, by its ARN or its name. */
export interface OktaCredentials {
  type: "okta"
  username: string
  password: string
  appId: string
  /** With a port where it is not 443. */
  idpHost: string
  role: string
}

/** With what a server is entered. Never stored as it is, and never shown. */
export type ServerCredentials = { type: "userPassword"; username: string; password: string } | OktaCredentials

export interface IntegrationPayload {
  type: typeof servedType
  autoBootstrap: boolean
  config: GovernedConfig
  credentials: ServerCredentials
}

/** What answers show in place of a secret, and what is therefore none. (Fact) */
export const redacted = "<REDACTED>"

const nameLimitBytes = 127

const given = z
  .string({ error: "must be a text" })
  .min(1, "must not be empty")
  .refine((text) => text === text.trim(), "must not begin or end with blanks")
  .refine((text) => !text.includes("\0"), "must not hold NUL")

const secret = given.max(512, "must have at most 512 characters").refine((text) => text !== redacted, {
  error: `must be the real value, not ${redacted}`,
})

const objectName = given
  .max(nameLimitBytes, `must have at most ${nameLimitBytes} bytes`)
  .regex(/^[A-Za-z_][A-Za-z0-9_$]*$/, "must be letters, digits, _ and $, and not begin with a digit or $")

const hostName = given
  .max(253, "must have at most 253 characters")
  .refine(
    (text) => isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(text),
    "must be a host name without scheme, port or path",
  )

const identityHost = given
  .max(259, "must have at most 259 characters")
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(?::\d{1,5})?$/,
    "must be a bare host like organization.okta.com",
  )

const okta = z.strictObject({
  username: secret,
  password: secret,
  appId: given.max(256),
  idpHost: identityHost,
  role: given.max(256),
})

const impersonation = z.strictObject({
  enabled: z.boolean("must be true or false").default(false),
  role: objectName.optional(),
})

const authenticationType = z.enum(["userPassword", "okta"], "must be userPassword or okta")

const accountShape = {
  authenticationType,
  username: secret.optional(),
  password: secret.optional(),
  okta: okta.optional(),
}

const configShape = z
  .strictObject({
    host: hostName,
    database: objectName,
    initialDatabase: objectName,
    port: z
      .int("must be a whole number")
      .min(1, "must be 1 to 65535")
      .max(65_535, "must be 1 to 65535")
      .default(5_439),
    impersonation: impersonation.default({ enabled: false }),
    ...accountShape,
  })
  .superRefine(requireOneAccount)

const payloadShape = z.strictObject({
  type: z.literal(servedType),
  autoBootstrap: z.boolean("must be true or false"),
  config: configShape,
})

const removalShape = z.strictObject(accountShape).superRefine(requireOneAccount)

type Account = z.output<z.ZodObject<typeof accountShape>>

function requireOneAccount(account: Account, context: z.RefinementCtx): void {
  const { authenticationType: type } = account
  const members = { userPassword: ["username", "password"], okta: ["okta"] } as const
  for (const name of members[type])
    if (account[name] === undefined)
      context.addIssue({
        code: "custom",
        path: [name],
        message: `is required when authenticationType is ${type}`,
      })
  for (const name of members[type === "okta" ? "userPassword" : "okta"])
    if (account[name] !== undefined)
      context.addIssue({
        code: "custom",
        path: [name],
        message: `does not go with authenticationType ${type}`,
      })
}

/** Reads the body of a call that creates, updates or has a script made. @throws Fault validation, unsupported */
export function readPayload(body: unknown): IntegrationPayload {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid("/", "must be an object")
  const { type } = body as { type?: unknown }
  if (typeof type === "string" && otherTypes.includes(type))
    throw new Fault(
      "unsupported",
      `Integrations of type ${type} are not available in this version of Millrace; those of type ${servedType} are.`,
    )
  if (type !== servedType) throw invalid("/type", `must be ${servedType}, written so`)
  const { autoBootstrap, config } = checked(payloadShape, body)
  return { type: servedType, autoBootstrap, config: configOf(config), credentials: credentialsOf(config) }
}

/** Reads the body of a removal, which is flat. @throws Fault validation */
export function readRemoval(body: unknown): ServerCredentials {
  return credentialsOf(checked(removalShape, body))
}

function configOf(config: z.output<typeof configShape>): GovernedConfig {
  const { host, database, initialDatabase, port, impersonation: wanted } = config
  const role = wanted.role ?? (wanted.enabled ? defaultImpersonationRole : undefined)
  return {
    host,
    database,
    initialDatabase,
    port,
    impersonation: { enabled: wanted.enabled, ...(role !== undefined && { role }) },
    authentication:
      config.okta === undefined
        ? { type: "userPassword" }
        : { type: "okta", appId: config.okta.appId, idpHost: config.okta.idpHost, role: config.okta.role },
  }
}

function credentialsOf({ username, password, okta: user }: Account): ServerCredentials {
  if (user !== undefined) return { type: "okta", ...user }
  if (username === undefined || password === undefined) throw new Error("the checked account has no password")
  return { type: "userPassword", username, password }
}

function checked<T>(shape: z.ZodType<T>, body: unknown): T {
  const read = shape.safeParse(body)
  if (read.success) return read.data
  const [issue] = read.error.issues
  if (issue?.code === "unrecognized_keys") {
    const at = [...issue.path, issue.keys[0] ?? ""]
    throw invalid(pointer(at), "is not known")
  }
  const isMissing = issue !== undefined && issue.code !== "custom" && valueAt(body, issue.path) === undefined
  throw invalid(pointer(issue?.path ?? []), isMissing ? "is required" : (issue?.message ?? "is not valid"))
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? (value as Record<PropertyKey, unknown>)[name]
        : undefined,
    body,
  )
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return `/${path.map((name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
}

function invalid(at: string, reason: string): Fault {
  return new Fault("validation", `Invalid request payload: ${at} ${reason}`)
}

/** Members that stay as they are once an integration is made. (Ours; fact: an update is a full replacement.) */
const fixedMembers = ["host", "port", "database", "initialDatabase"] as const

/** @throws Fault validation */
export function requireUnchanged(
  before: { type: string; autoBootstrap: boolean; config: GovernedConfig },
  { type, autoBootstrap, config }: IntegrationPayload,
): void {
  const changed =
    (type !== before.type && "type") ||
    (autoBootstrap !== before.autoBootstrap && "autoBootstrap") ||
    fixedMembers
      .filter((name) => String(config[name]).toLowerCase() !== String(before.config[name]).toLowerCase())
      .map((name) => `config.${name}`)[0]
  if (changed) throw new Fault("validation", `Field ${changed} cannot be changed after creation.`)
}

/** As answers show it: defaults filled in, secrets out. (Fact: its members, and what is redacted how.) */
export function shownConfig({ authentication, ...config }: GovernedConfig): object {
  const { host, database, initialDatabase, port, impersonation: shown } = config
  const common = {
    host,
    database,
    initialDatabase,
    port,
    impersonation: shown,
    authenticationType: authentication.type,
  }
  switch (authentication.type) {
    case "userPassword":
      return { ...common, username: redacted, password: redacted }
    case "okta": {
      const { appId, idpHost, role } = authentication
      return { ...common, okta: { username: redacted, appId, idpHost, role } }
    }
  }
}
