/** Temporary passwords, as the cloud's API for its warehouses gives them: signatures are checked. */
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import type { TestContext } from "node:test"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import type { AccessKeys } from "../../../src/warehouses/redshift/connection/signed-request.ts"

export const region = "eu-central-1"

interface Asked {
  /** Of the query, or of the JSON. */
  parameters: Record<string, unknown>
  headers: IncomingMessage["headers"]
}

export interface PasswordService {
  endpoint: string
  asked: Asked[]
}

/** As the cloud's own signer signs the same headers at the same moment; a token of temporary keys is among them. */
async function hasSignatureOf(taken: AccessKeys, { headers, method, url }: IncomingMessage, body: Buffer) {
  const [, service = "", names = ""] =
    /\/([\w-]+)\/aws4_request, SignedHeaders=([^,]+)/.exec(headers.authorization ?? "") ?? []
  const sent = Object.fromEntries(names.split(";").map((name) => [name, String(headers[name])]))
  const { "x-amz-date": stamp = "", "x-amz-security-token": _, ...signedHeaders } = sent
  const signer = new SignatureV4({
    service,
    region,
    credentials: taken,
    sha256: Sha256,
    applyChecksum: false,
  })
  const [year, month, day, hour, minute, second] = stamp.match(/\d\d/g)?.slice(1) ?? []
  const expected = await signer.sign(
    { method: method ?? "", protocol: "http:", hostname: "", path: url ?? "", headers: signedHeaders, body },
    { signingDate: new Date(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`) },
  )
  return expected.headers.authorization === headers.authorization
}

/** GetClusterCredentials of `redshift` and GetCredentials of `redshift-serverless`; refuses a wrong signature as they do. */
export async function passwordService(
  context: TestContext,
  loginFor: (parameters: Record<string, unknown>) => Promise<{ user: string; password: string }>,
  keysTaken: AccessKeys,
): Promise<PasswordService> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const isVerified = await hasSignatureOf(keysTaken, request, body)
    const isJson = request.headers["content-type"] === "application/x-amz-json-1.1"
    const parameters = isJson
      ? (JSON.parse(body.toString()) as Record<string, unknown>)
      : Object.fromEntries(new URLSearchParams(body.toString()))
    asked.push({ parameters, headers: request.headers })
    response.statusCode = isVerified ? 200 : 403
    response.end(isVerified ? granted(isJson ? "json" : "xml", await loginFor(parameters)) : refused(isJson))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  context.after(() => server.close())
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const inXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&#39;")

function granted(
  form: "json" | "xml",
  { user, password: secret }: { user: string; password: string },
): string {
  if (form === "json")
    return JSON.stringify({ dbUser: user, dbPassword: secret, expiration: Date.now() / 1_000 + 3_600 })
  return `<GetClusterCredentialsResponse xmlns="http://redshift.amazonaws.com/doc/2012-12-01/"><GetClusterCredentialsResult><DbUser>${inXml(user)}</DbUser><DbPassword>${inXml(secret)}</DbPassword><Expiration>2026-11-30T12:00:00Z</Expiration></GetClusterCredentialsResult></GetClusterCredentialsResponse>`
}

function refused(isJson: boolean): string {
  return isJson
    ? JSON.stringify({ __type: "com.amazon#AccessDeniedException", message: "no" })
    : "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
}
