import { S3Client } from "@aws-sdk/client-s3"
import { Problem } from "../../../domain/problems.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { Login } from "./client.ts"
import { type AccessKeys, postSigned } from "./signed-request.ts"

/** How a session gets a temporary user and password. */
export type SignIn = {
  region: string
  /** Absent: the cloud's own. */
  endpoint?: string
  /** Absent: those of the environment. */
  keys?: AccessKeys
} /** GetClusterCredentials of a provisioned cluster. */ & (
  | { kind: "cluster"; cluster: string; user: string }
  /** GetCredentials of a serverless workgroup; the user follows from the keys. */
  | { kind: "serverless"; workgroup: string }
)

/** The longest that the cloud gives. Sessions outlast it: only their beginning asks for the password. */
const lifetimeSeconds = 3_600
/** A password is not used for a new session when it runs out this soon. */
const marginMs = 5 * 60_000

/** Signs in for sessions on `database`; keeps what it was given until it is about to run out. Throws Problem. */
export function temporaryLogin(signIn: SignIn, database: string): () => Promise<Login> {
  let known: { login: Promise<Login>; untilMs: number } | undefined
  return () => {
    if (known !== undefined && Date.now() < known.untilMs) return known.login
    const login = asked(signIn, database)
    known = { login, untilMs: Date.now() + lifetimeSeconds * 1_000 - marginMs }
    login.catch(() => {
      known = undefined
    })
    return login
  }
}

async function asked(signIn: SignIn, database: string): Promise<Login> {
  try {
    const keys = signIn.keys ?? (await keysOfEnvironment(signIn.region))
    switch (signIn.kind) {
      case "cluster":
        return await clusterLogin(signIn, keys, database)
      case "serverless":
        return await serverlessLogin(signIn, keys, database)
      default:
        return unreachable(signIn)
    }
  } catch (error) {
    if (error instanceof Problem) throw error
    throw failed(error instanceof Error ? error.message : String(error))
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
  { endpoint, region, cluster, user }: ClusterSignIn,
  keys: AccessKeys,
  database: string,
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
  if (status !== 200) throw failed(elementOf(text, "Code") ?? `status ${status}`)
  return loginFrom(elementOf(text, "DbUser"), elementOf(text, "DbPassword"))
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

/** Names and passwords of the cloud hold no elements. */
function elementOf(xml: string, name: string): string | undefined {
  const [, text] = RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? []
  return text?.replace(/&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);/gi, (_, entity: string) =>
    characterOf(entity),
  )
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
])

function characterOf(entity: string): string {
  const [, hex, decimal] = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(entity) ?? []
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
  return decimal === undefined ? (entities.get(entity) ?? "") : String.fromCodePoint(Number(decimal))
}

function failed(reason: string): Problem {
  return new Problem("warehouseUnavailable", `The warehouse's temporary password was not given: ${reason}.`)
}
