import { request } from "node:http"
import { Sha256 } from "@aws-crypto/sha256-js"
import { SignatureV4 } from "@smithy/signature-v4"
import { admin, region } from "../served-door.ts"

export interface RawRequest {
  method: string
  /** As it goes over the wire, query included. */
  target: string
  /** In this order, repeats kept. */
  headers: [string, string][]
  body: string | Buffer
}

export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
  /** The `<Code>` of an XML error, or the JSON error's type. */
  code: string | undefined
}

export const formType = "application/x-www-form-urlencoded; charset=utf-8"
export const describeBody = "Action=DescribeIntegrations&Version=2014-10-31"

export interface SignOptions {
  port: number
  body?: string | Buffer
  method?: string
  path?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  service?: string
  region?: string
  accessKeyId?: string
  secretAccessKey?: string
  sessionToken?: string
  signedAt?: Date
  /** Sends the hash of the body as a signed header, as the JavaScript SDK does and the Python one does not. */
  payloadHeader?: boolean
}

/** A request signed by the official signer, to be sent as it is or tampered with first. */
export async function signed(options: SignOptions): Promise<RawRequest> {
  const method = options.method ?? "POST"
  const body = options.body ?? describeBody
  const path = options.path ?? "/"
  const signer = new SignatureV4({
    service: options.service ?? "rds",
    region: options.region ?? region,
    credentials: {
      accessKeyId: options.accessKeyId ?? admin.accessKeyId,
      secretAccessKey: options.secretAccessKey ?? admin.secretAccessKey,
      ...(options.sessionToken !== undefined && { sessionToken: options.sessionToken }),
    },
    sha256: Sha256,
    applyChecksum: options.payloadHeader ?? true,
  })
  const result = await signer.sign(
    {
      method,
      protocol: "http:",
      hostname: "127.0.0.1",
      port: options.port,
      path,
      query: options.query ?? {},
      headers: { host: `127.0.0.1:${options.port}`, "content-type": formType, ...options.headers },
      body,
    },
    { signingDate: options.signedAt ?? new Date() },
  )
  return {
    method,
    target: path + queryText(options.query ?? {}),
    headers: Object.entries(result.headers),
    body,
  }
}

function queryText(query: Record<string, string>): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  )
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`
}

export function withHeader(raw: RawRequest, name: string, change: (value: string) => string): RawRequest {
  return { ...raw, headers: raw.headers.map(([key, value]) => [key, key === name ? change(value) : value]) }
}

export function send(port: number, raw: RawRequest): Promise<RawAnswer> {
  const length: [string, string][] =
    raw.body.length > 0 &&
    !raw.headers.some(([name]) => name === "content-length" || name === "transfer-encoding")
      ? [["content-length", String(Buffer.byteLength(raw.body))]]
      : []
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        method: raw.method,
        path: raw.target,
        headers: [...raw.headers, ...length].flat(),
        agent: false,
        timeout: 10_000,
      },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
        incoming.on("end", () => {
          const body = Buffer.concat(chunks).toString()
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, code: codeOf(body) })
        })
        incoming.on("error", reject)
      },
    )
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 10 s")))
    outgoing.on("error", reject)
    outgoing.end(raw.body)
  })
}

function codeOf(body: string): string | undefined {
  return /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? /"__type":"([^"]*)"/.exec(body)?.[1]
}
