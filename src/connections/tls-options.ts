import { readFileSync } from "node:fs"
import { type ConnectionOptions, checkServerIdentity, createSecureContext, getCACertificates } from "node:tls"
import { systemCode } from "../configuration/setup-error.ts"
import { tlsFileOfOthers } from "../configuration/tls/files.ts"
import type { TlsSettings } from "../configuration/tls/settings.ts"
import { ConnectionFault } from "./connection-fault.ts"

/** What Node's TLS is told. Drivers take it as it is. */
export type TlsOptions = Pick<
  ConnectionOptions,
  "ca" | "cert" | "key" | "passphrase" | "rejectUnauthorized" | "checkServerIdentity"
>

/**
 * What TLS is opened with; undefined: it is not. Files are read each time, so that new certificates hold from the next connection on.
 *
 * @throws ConnectionFault `tls` when a file cannot be read or used
 */
export function tlsOptions(settings: TlsSettings): TlsOptions | undefined {
  const { mode, ca, cert, key, keyPassword } = settings
  if (mode === "off") return undefined
  const others = tlsFileOfOthers(settings)
  if (others !== undefined) throw new ConnectionFault("tls", `A file of TLS is not yours alone: ${others}.`)
  const verifies = mode === "verify-ca" || mode === "verify-full"
  const options: TlsOptions = {
    rejectUnauthorized: verifies,
    checkServerIdentity: mode === "verify-full" ? checkServerIdentity : () => undefined,
    ...(verifies && ca !== undefined && { ca: authorities(ca) }),
    ...(cert !== undefined && { cert: textOf(cert) }),
    ...(key !== undefined && { key: textOf(key) }),
    ...(keyPassword !== undefined && { passphrase: keyPassword }),
  }
  if (cert !== undefined) checkKey(options, settings)
  return options
}

const certificateStart = "-----BEGIN CERTIFICATE-----"

function authorities(path: string): string | string[] {
  if (path === "system") return getCACertificates("system")
  const text = textOf(path)
  if (text.includes(certificateStart)) return text
  throw new ConnectionFault("tls", `The file of authorities ${path} holds no certificate in PEM form.`)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    throw new ConnectionFault("tls", `The file ${path} of the TLS settings cannot be read (${code}).`, {
      cause: error,
    })
  }
}

/** In words of our own: OpenSSL's say where in its source they arose. */
function checkKey({ cert, key, passphrase }: TlsOptions, settings: TlsSettings): void {
  try {
    createSecureContext({ cert, key, passphrase })
  } catch (error) {
    const code = systemCode(error) ?? ""
    const files = `${settings.cert} and ${settings.key}`
    const why = /MISMATCH/.test(code)
      ? `The client certificate and key do not belong together (${files}).`
      : /PASS|BAD_DECRYPT|INTERRUPTED|CANCELLED/i.test(code)
        ? `The key ${settings.key} is encrypted, and no password that fits was given: decrypt it, or add its password to the url.`
        : `The client certificate and key cannot be used (${files}; ${code || "no PEM"}).`
    throw new ConnectionFault("tls", why, { cause: error })
  }
}
