import { S3Client } from "@aws-sdk/client-s3"
import { Problem } from "../../../domain/problems.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { OktaFailure } from "../../../okta/failure.ts"
import { type OktaOptions, type OktaSession, type OktaUser, signInByOkta } from "../../../okta/sign-in.ts"
import { readXml, textOf as textIn } from "../../../okta/xml.ts"
import type { Login } from "./client.ts"
import { type AccessKeys, postSigned } from "./signed-request.ts"

/** Whose keys ask for the password. */
export type KeySource =
  | { kind: "environment" }
  | { kind: "keys"; keys: AccessKeys }
  /** Keys of a role, asked for anew with each password. */
  | { kind: "okta"; user: OktaUser; options: Omit<OktaOptions, "region"> }

/** How a session gets a temporary user and password. */
export type SignIn = {
  region: string
  /** Absent: the cloud's own. */
  endpoint?: string
  keys: KeySource
} /** GetClusterCredentials of a provisioned cluster; `user` absent: the one that the source of the keys names. */ & (
  | { kind: "cluster"; cluster: string; user?: string }
  /** GetCredentials of a serverless workgroup; the user follows from the keys. */
  | { kind: "serverless"; workgroup: string }
)

/** The longest that the cloud gives. Sessions outlast it: only their beginning asks for the password. */
const lifetimeSeconds = 3_600
/** A password is not used for a new session when it runs out this soon. */
const marginMs = 5 * 60_000

/** A password that Okta refused is not sent again so soon: Okta locks a user out after some wrong ones. */
const refusalMs = 5 * 60_000

/** Signs in for sessions on `database`; keeps what it was given until it is about to run out. Throws Problem. */
export function temporaryLogin(signIn: SignIn, database: string): () => Promise<Login> {
  let known: { login: Promise<Login>; untilMs: number } | undefined
  return () => {
    if (known !== undefined && Date.now() < known.untilMs) return known.login
    const login = asked(signIn, database)
    const mine = { login, untilMs: Date.now() + lifetimeSeconds * 1_000 - marginMs }
    known = mine
    login.catch((error: unknown) => {
      if (isRefusedUser(error)) mine.untilMs = Date.now() + refusalMs
      else if (known === mine) known = undefined
    })
    return login
  }
}

function isRefusedUser(error: unknown): boolean {
  const cause = error instanceof Problem ? error.cause : undefined
  return cause instanceof OktaFailure && cause.stage === "authentication" && cause.reason === "refused"
}

async function asked(signIn: SignIn, database: string): Promise<Login> {
  try {
    const { keys, databaseUser } = await keysOf(signIn)
    switch (signIn.kind) {
      case "cluster": {
        const user = signIn.user ?? databaseUser
        if (user === undefined)
          throw failed("neither the configuration nor the sign-in names a user of the database")
        return await clusterLogin(signIn, { keys, user, database })
      }
      case "serverless":
        return await serverlessLogin(signIn, keys, database)
      default:
        return unreachable(signIn)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw failed(error instanceof Error ? error.message.replace(/\.$/, "") : String(error), error)
  }
}

async function keysOf({
  region,
  keys,
}: SignIn): Promise<{ keys: AccessKeys } & Pick<OktaSession, "databaseUser">> {
  switch (keys.kind) {
    case "environment":
      return { keys: await keysOfEnvironment(region) }
    case "keys":
      return keys
    case "okta":
      return await signInByOkta(keys.user, { ...keys.options, region })
    default:
      return unreachable(keys)
  }
}

async function keysOfEnvironment(region: string): Promise<AccessKeys> {
  const client = new S3Client({ region })
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials()
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  } finally {
    client.destroy()
  }
}

type ClusterSignIn = Extract<SignIn, { kind: "cluster" }>
type ServerlessSignIn = Extract<SignIn, { kind: "serverless" }>

/** Source: the service's model, redshift 2012-12-01, GetClusterCredentials: a query in the body, XML back. */
async function clusterLogin(
  { endpoint, region, cluster }: ClusterSignIn,
  { keys, user, database }: { keys: AccessKeys; user: string; database: string },
): Promise<Login> {
  const { status, text } = await postSigned({
    endpoint: endpoint ?? `https://redshift.${region}.amazonaws.com/`,
    service: "redshift",
    region,
    keys,
    contentType: "application/x-www-form-urlencoded; charset=utf-8",
    body: new URLSearchParams({
      Action: "GetClusterCredentials",
      Version: "2012-12-01",
      ClusterIdentifier: cluster,
      DbUser: user,
      DbName: database,
      DurationSeconds: String(lifetimeSeconds),
      AutoCreate: "false",
    }).toString(),
  })
  const answer = readXml(text)
  if (status !== 200) throw failed(textIn(answer, "Code") ?? `status ${status}`)
  return loginFrom(textIn(answer, "DbUser"), textIn(answer, "DbPassword"))
}

/** Source: the service's model, redshift-serverless 2021-04-21, GetCredentials: AWS JSON 1.1. */
async function serverlessLogin(
  { endpoint, region, workgroup }: ServerlessSignIn,
  keys: AccessKeys,
  database: string,
): Promise<Login> {
  const { status, text } = await postSigned({
    endpoint: endpoint ?? `https://redshift-serverless.${region}.amazonaws.com/`,
    service: "redshift-serverless",
    region,
    keys,
    contentType: "application/x-amz-json-1.1",
    headers: { "x-amz-target": "RedshiftServerless.GetCredentials" },
    body: JSON.stringify({ workgroupName: workgroup, dbName: database, durationSeconds: lifetimeSeconds }),
  })
  const answer = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (status !== 200) throw failed(textOf(answer.__type)?.split("#").at(-1) ?? `status ${status}`)
  return loginFrom(textOf(answer.dbUser), textOf(answer.dbPassword))
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

function loginFrom(user: string | undefined, password: string | undefined): Login {
  if (user === undefined || password === undefined) throw failed("the answer holds no user and password")
  return { user, password }
}

function failed(reason: string, cause?: unknown): Problem {
  return new Problem("warehouseUnavailable", `The warehouse's temporary password was not given: ${reason}.`, {
    cause,
  })
}
