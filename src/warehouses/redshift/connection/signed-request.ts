/** One signed POST to a service of the cloud. (Source: AWS's documentation, "Signature Version 4 signing process".) */
import { createHash, createHmac } from "node:crypto"

export interface AccessKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface SignedPost {
  endpoint: string
  /** As the scope of the signature names it: `redshift`. */
  service: string
  region: string
  keys: AccessKeys
  contentType: string
  /** In lower case. */
  headers?: Readonly<Record<string, string>>
  body: string
}

const answerTimeoutMs = 30_000
const algorithm = "AWS4-HMAC-SHA256"

/** The answer's status and text. Throws what `fetch` throws. */
export async function postSigned(post: SignedPost): Promise<{ status: number; text: string }> {
  const url = new URL(post.endpoint)
  const answer = await fetch(url, {
    method: "POST",
    headers: signedHeaders(post, url, new Date()),
    body: post.body,
    redirect: "error",
    signal: AbortSignal.timeout(answerTimeoutMs),
  })
  return { status: answer.status, text: await answer.text() }
}

function signedHeaders(post: SignedPost, url: URL, at: Date): Record<string, string> {
  const { service, region, keys, contentType, headers = {}, body } = post
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, "")
  const sent = Object.entries({
    ...headers,
    "content-type": contentType,
    host: url.host,
    "x-amz-date": stamp,
    ...(keys.sessionToken !== undefined && { "x-amz-security-token": keys.sessionToken }),
  }).sort(([one], [other]) => (one < other ? -1 : 1))
  const names = sent.map(([name]) => name).join(";")
  const canonical = [
    "POST",
    url.pathname,
    "",
    ...sent.map(([name, value]) => `${name}:${value.trim()}`),
    "",
    names,
    sha256(body),
  ].join("\n")
  const day = stamp.slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  )
  const text = [algorithm, stamp, scope, sha256(canonical)].join("\n")
  const signature = createHmac("sha256", key).update(text).digest("hex")
  return {
    ...Object.fromEntries(sent),
    authorization: `${algorithm} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
