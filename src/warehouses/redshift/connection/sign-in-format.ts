import { z } from "zod"
import { secretText, text } from "../../../configuration/values.ts"
import { isIdpHost, type OktaUser } from "../../../okta/sign-in.ts"
import type { KeySource, SignIn } from "./sign-in.ts"

const roleArn = String.raw`arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+`
/** A role, or a chain of roles. */
export const roleArns = new RegExp(`^${roleArn}(?:,${roleArn})*$`)

export const httpUrl = text.refine(
  // A URL with a user in it would put a password where no one expects one.
  (given) => /^https?:\/\/[^\s@/]+\/?$/.test(given) && URL.canParse(given),
  "must be http://host:port or https://host:port, without user, path or query",
)

export const awsKey = text.regex(/^[\w+/=-]+$/, "has characters that no key of the cloud has")

export const region = text.regex(/^[a-z0-9-]+$/, "must be a region like us-east-1").default("us-east-1")

const passwordsUrl = httpUrl.refine(
  (given) =>
    given.startsWith("https:") || /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?\/?$/.test(given),
  "must be https://host:port: the answer holds a password (http is for this host only)",
)

const service = {
  region: region.describe("of the warehouse"),
  endpoint: passwordsUrl.optional().describe("where passwords are given; usual: the cloud's own"),
}

const signedWith = {
  ...service,
  access_key_id: awsKey.optional().describe("with `secret_access_key`; usual: the environment's"),
  secret_access_key: awsKey.meta({ secret: true }).optional().describe("its secret"),
  session_token: awsKey.meta({ secret: true }).optional().describe("of temporary keys"),
}

/** Names as the governance API's `okta` has them, in this file's spelling. */
const okta = z
  .strictObject({
    kind: z.literal("okta"),
    cluster: text.optional().describe("whose temporary password is asked for"),
    workgroup: text.optional().describe("instead of `cluster`: of a serverless one"),
    user: text.optional().describe("of the cluster; usual: by the role"),
    username: text.describe("at Okta"),
    password: secretText.describe("at Okta"),
    app_id: text.describe("of the application"),
    app_name: text.optional().describe("in Okta's catalog; usual: that of the cloud's drivers"),
    idp_host: text
      .refine(isIdpHost, "must be a bare host like organization.okta.com")
      .describe("such as `organization.okta.com`"),
    role: text.regex(new RegExp(`^${roleArn}$`), "must be a role's ARN").describe("that is taken"),
    issuer: text.optional().describe("of the identity provider"),
    sts_endpoint: httpUrl
      .refine((given) => given.startsWith("https:"), "must be https://host:port: the answer holds keys")
      .optional()
      .describe("where the role's keys are given; usual: the cloud's own"),
    ...service,
  })
  .superRefine(({ cluster, workgroup, user }, context) => {
    if ((cluster === undefined) === (workgroup === undefined))
      context.addIssue("must have either cluster or workgroup: whose password the role's keys ask for")
    else if (workgroup !== undefined && user !== undefined)
      context.addIssue("must not have user beside workgroup: the user follows from the role")
  })

/** How the user of sessions signs in, as the configuration says it. */
export const signIn = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("cluster"),
      cluster: text.describe("whose temporary password is asked for"),
      user: text.describe("of the cluster"),
      ...signedWith,
    })
    .transform(
      ({ kind, cluster, user, ...given }): SignIn => ({
        kind,
        cluster,
        user,
        ...serviceOf(given),
        keys: keysOf(given),
      }),
    ),
  z
    .strictObject({
      kind: z.literal("serverless"),
      workgroup: text.describe("whose temporary password is asked for"),
      ...signedWith,
    })
    .transform(
      ({ kind, workgroup, ...given }): SignIn => ({
        kind,
        workgroup,
        ...serviceOf(given),
        keys: keysOf(given),
      }),
    ),
  okta.transform(({ cluster, workgroup, user, ...given }): SignIn => {
    const common = { ...serviceOf(given), keys: oktaOf(given) }
    if (workgroup !== undefined) return { kind: "serverless", workgroup, ...common }
    return { kind: "cluster", cluster: cluster ?? "", ...(user !== undefined && { user }), ...common }
  }),
])

interface Service {
  region: string
  endpoint?: string | undefined
}

function serviceOf({ region: where, endpoint }: Service): Pick<SignIn, "region" | "endpoint"> {
  return { region: where, ...(endpoint !== undefined && { endpoint }) }
}

interface SignedWith {
  access_key_id?: string | undefined
  secret_access_key?: string | undefined
  session_token?: string | undefined
}

function keysOf(given: SignedWith): KeySource {
  const {
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
    session_token: sessionToken,
  } = given
  if (accessKeyId === undefined || secretAccessKey === undefined) return { kind: "environment" }
  return { kind: "keys", keys: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
}

function oktaOf(given: Omit<z.output<typeof okta>, "cluster" | "workgroup" | "user">): KeySource {
  const { username, password, role, app_id: appId, app_name: appName, idp_host: idpHost, issuer } = given
  const { sts_endpoint: stsEndpoint } = given
  const user: OktaUser = {
    username,
    password,
    appId,
    idpHost,
    role,
    ...(appName !== undefined && { appName }),
    ...(issuer !== undefined && { issuer }),
  }
  return { kind: "okta", user, options: stsEndpoint === undefined ? {} : { stsEndpoint } }
}
