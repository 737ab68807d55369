import { z } from "zod"
import type { OktaSignInConfiguration, OktaSignInHost } from "../../domain/configuration.ts"
import { parseDuration } from "../../domain/text-forms/duration.ts"
import { tlsBlock } from "../tls/block.ts"
import { text } from "../values.ts"

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
    host: text.describe("of governed servers that people of Okta enter"),
    cluster: text.optional().describe("whose temporary passwords are asked for"),
    workgroup: text.optional().describe("instead of `cluster`: of a serverless one"),
    region: text
      .regex(/^[a-z0-9-]+$/, "must be a region like us-east-1")
      .default("us-east-1")
      .describe("where that is"),
    endpoint: secretsUrl.optional().describe("where passwords are given; usual: the cloud's own"),
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
    app_name: text
      .optional()
      .describe("of the application in Okta's catalog; usual: that of the cloud's drivers"),
    sts_endpoint: secretsUrl
      .refine((given) => given.startsWith("https:"), "must be https://host:port: the answer holds keys")
      .optional()
      .describe("where the role's keys are given; usual: the cloud's own"),
    hosts: z.array(oktaHost).default([]).describe("hosts whose names are not the cloud's"),
  })
  .transform(
    ({ app_name: appName, sts_endpoint: stsEndpoint, hosts }): OktaSignInConfiguration => ({
      ...(appName !== undefined && { appName }),
      ...(stsEndpoint !== undefined && { stsEndpoint }),
      hosts,
    }),
  )

const leastValidateEveryMs = 1_000

const governedServer = z.strictObject({
  host: text.describe("of a governed server, as integrations name it"),
  tls: tlsBlock.describe("instead of `governance.tls`"),
})

export const governance = z.strictObject({
  validate_every: text
    .transform((given, context): number => {
      const everyMs = parseDuration(given)
      if (everyMs !== undefined && everyMs >= leastValidateEveryMs) return everyMs
      context.addIssue("must be a length of time of 1s or more, like 5m")
      return z.NEVER
    })
    .prefault("5m")
    .describe("how often each set-up server is looked at: a length of time of 1s or more"),
  tls: tlsBlock
    .optional()
    .describe(
      "of connections to governed servers; usual: `verify-full`, for servers of this machine `prefer`",
    ),
  servers: z.array(governedServer).default([]).describe("governed servers whose TLS is another"),
  okta: oktaSignIn.prefault({}).describe("how people of Okta enter governed servers"),
})

export const governanceKeys = Object.keys(governance.shape)
