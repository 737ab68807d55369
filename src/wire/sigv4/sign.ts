import { algorithm } from "./authorization.ts"
import { canonicalRequest, sha256Hex } from "./canonical.ts"
import { stampOf } from "./clock.ts"
import { sign } from "./verify.ts"

export interface Signer {
  accessKeyId: string
  secretAccessKey: string
  region: string
  service: string
}

/** The headers that sign a request without a query; `host` with its port, exactly as it will be sent. */
export function signedHeaders(
  method: string,
  path: string,
  host: string,
  signer: Signer,
  body: Uint8Array = new Uint8Array(),
): Record<string, string> {
  const stamp = stampOf(Date.now())
  const request = {
    method,
    path,
    query: "",
    headers: [
      ["host", host],
      ["x-amz-date", stamp],
    ] as [string, string][],
    body,
  }
  const canonical = canonicalRequest(request, ["host", "x-amz-date"], sha256Hex(request.body))
  if (canonical === undefined) throw new Error(`cannot be signed: ${path}`)
  const { accessKeyId, region, service } = signer
  const scope = { accessKeyId, date: stamp.slice(0, 8), region, service, terminator: "aws4_request" }
  const signature = sign(signer.secretAccessKey, scope, stamp, canonical).toString("hex")
  const credential = `${accessKeyId}/${scope.date}/${region}/${service}/${scope.terminator}`
  return {
    "x-amz-date": stamp,
    authorization: `${algorithm} Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  }
}
