/** The HTTP port of a running Millrace, as commands and the links they print reach it. */
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { request as requestPlain } from "node:http"
import { type RequestOptions, request as requestSecure } from "node:https"
import { getCACertificates } from "node:tls"
import { generatedCertificatePath } from "../../configuration/secrets/port-certificate.ts"
import { systemCode } from "../../configuration/setup-error.ts"
import { type Configuration, type HostPort, httpUnencrypted } from "../../domain/configuration.ts"

export interface HttpPlace extends HostPort {
  /** Absent: it is asked without TLS. */
  trust?: Trust
}

/** How the port's certificate is known. `exact`: it is the one in the file, whatever names it has. */
export type Trust = { kind: "exact" | "authority"; path: string } | { kind: "system" }

export interface PortRequest {
  method: "GET" | "POST"
  path: string
  headers: Record<string, string>
  /** Empty: no body. */
  text: string
  limitMs: number
}

export interface PortAnswer {
  status: number
  text: string
}

/** With TLS where not everybody may come without. */
export function httpPlace({ listen, dataDir }: Pick<Configuration, "listen" | "dataDir">): HttpPlace {
  const { http, tls } = listen
  if (httpUnencrypted(tls) === "anywhere") return http
  if (tls?.ca === "system") return { ...http, trust: { kind: "system" } }
  if (tls?.ca !== undefined) return { ...http, trust: { kind: "authority", path: tls.ca } }
  return { ...http, trust: { kind: "exact", path: tls?.cert ?? generatedCertificatePath(dataDir) } }
}

/** As programs of this machine reach it: a listener on all addresses is asked at the loopback one. */
export function originOf({ host, port, trust }: HttpPlace): { url: string; host: string } {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host
  const place = `${reached.includes(":") ? `[${reached}]` : reached}:${port}`
  return { url: `${trust === undefined ? "http" : "https"}://${place}`, host: place }
}

/** @returns in words what keeps us from an answer */
export async function askPort(place: HttpPlace, asked: PortRequest): Promise<PortAnswer | string> {
  const { host } = originOf(place)
  try {
    return await answerOf(place, asked)
  } catch (error) {
    const code = systemCode(error) ?? ""
    if (error instanceof Error && error.name === "TimeoutError")
      return `${host} does not answer within ${asked.limitMs / 1000} s.`
    if (place.trust !== undefined && (isOfTls(code) || code === "ENOENT" || code === "EACCES"))
      return untrusted(host, place.trust, code)
    return `nothing answers on ${host}: is \`millrace serve\` running?`
  }
}

function isOfTls(code: string): boolean {
  return /CERT|VERIFY|SIGNATURE|ISSUER|^ERR_(SSL|TLS)/.test(code)
}

function untrusted(host: string, trust: Trust, code: string): string {
  switch (trust.kind) {
    case "exact":
      return `${host} shows another certificate than ${trust.path} (${code}): \`millrace reload\` has the file read again; on another machine set listen.tls.ca.`
    case "authority":
      return `the certificate of ${host} is not one that listen.tls.ca, ${trust.path}, vouches for (${code}).`
    case "system":
      return `the certificate of ${host} is not one that the authorities of this machine vouch for (${code}): name the file of its authority in listen.tls.ca.`
  }
}

async function answerOf(
  place: HttpPlace,
  { method, path, headers, text, limitMs }: PortRequest,
): Promise<PortAnswer> {
  const { trust } = place
  const signal = AbortSignal.timeout(limitMs)
  const options = { method, headers, signal, ...(trust && trustOptions(trust)) }
  const start = trust === undefined ? requestPlain : requestSecure
  const { promise, resolve, reject } = Promise.withResolvers<PortAnswer>()
  const fail = (error: Error) => reject(signal.aborted ? signal.reason : error)
  start(`${originOf(place).url}${path}`, options, (incoming) => {
    const chunks: Buffer[] = []
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk))
    incoming.on("end", () =>
      resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
    )
    incoming.on("error", fail)
  })
    .on("error", fail)
    .end(text)
  return await promise
}

function trustOptions(trust: Trust): RequestOptions {
  switch (trust.kind) {
    case "exact":
      // Only the first certificate: the rest of the chain vouches for others too.
      return {
        ca: new X509Certificate(readFileSync(trust.path)).toString(),
        allowPartialTrustChain: true,
        checkServerIdentity: () => undefined,
      }
    case "authority":
      return { ca: readFileSync(trust.path) }
    case "system":
      return { ca: [...getCACertificates("default"), ...getCACertificates("system")] }
  }
}
