import { createHash, createPrivateKey, X509Certificate } from "node:crypto"
import { link, open, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { createSecureContext } from "node:tls"
import type { Configuration } from "../../domain/configuration.ts"
import { SetupError, systemCode } from "../setup-error.ts"
import { draftPath, ensurePrivateFolder } from "../trust/private-folder.ts"
import { intrusion, intrusionAtLast } from "../trust/trusted-path.ts"

/** What the SQL port and the HTTP port show to clients who begin TLS. */
export interface PortCertificate {
  /** PEM; the chain, where there is one. */
  cert: string
  key: string
  /** The hash that channel binding compares (RFC 5929, tls-server-end-point); undefined: none is defined for it. */
  endpoint: Buffer | undefined
}

const dayMs = 86_400_000
const renewDays = 30

/** Both in one file, so that they never belong to different pairs. */
export function generatedCertificatePath(dataDir: string): string {
  return join(dataDir, "sql-tls.pem")
}

/**
 * The configured certificate, or one made at the first start (0600, and anew before it expires).
 * @throws SetupError when a configured one cannot be used, saying why.
 */
export async function portCertificate({ dataDir, listen }: Configuration): Promise<PortCertificate> {
  const { cert, key } = listen.tls ?? {}
  if (cert !== undefined && key !== undefined) return configuredCertificate(cert, key)
  const path = generatedCertificatePath(dataDir)
  const text =
    (await readGenerated(path)) ?? (await generate(path, dataDir, [listen.sql.host, listen.http.host]))
  return { cert: text, key: text, endpoint: endpointOf(text, "sha256") }
}

async function configuredCertificate(certPath: string, keyPath: string): Promise<PortCertificate> {
  const cert = await readConfigured("cert", certPath)
  const key = await readConfigured("key", keyPath)
  const problem = mistakeIn(cert, key)
  if (problem !== undefined) throw new SetupError(`listen.tls: ${problem} (${certPath}, ${keyPath}).`)
  const { signatureHash } = await import("./x509.ts")
  return { cert, key, endpoint: endpointOf(cert, signatureHash(new X509Certificate(cert).raw)) }
}

/** In words of our own: OpenSSL's errors say where in its source they arose. */
function mistakeIn(cert: string, key: string): string | undefined {
  const parsed = attempt(() => new X509Certificate(cert))
  if (parsed === undefined) return "cert must be a certificate in PEM form"
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return "key must be a private key in PEM form, without a passphrase"
  if (!parsed.checkPrivateKey(privateKey)) return "key does not belong to cert"
  if (Date.parse(parsed.validTo) < Date.now()) return `cert has expired (${parsed.validTo})`
  if (attempt(() => createSecureContext({ cert, key })) === undefined)
    return "cert or key is too weak, or the chain is not whole"
  return undefined
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined // every reason means the same here: it is not what it should be
  }
}

async function readConfigured(what: "cert" | "key", path: string): Promise<string> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw new SetupError(`listen.tls.${what}: ${path} cannot be read (${systemCode(error)}).`)
  })
  try {
    const { mode } = await file.stat()
    const others = intrusion(path)
    if (others !== undefined) throw new SetupError(`listen.tls.${what}: ${others}.`)
    if (what === "key" && process.platform !== "win32" && (mode & 0o007) !== 0)
      throw new SetupError(`listen.tls.key: ${path} is open to every user: run chmod o-rwx on it.`)
    return await file.readFile("utf8")
  } finally {
    await file.close()
  }
}

function endpointOf(cert: string, hash: string | undefined): Buffer | undefined {
  // MD5 and SHA-1 are replaced by SHA-256 there.
  const used = hash === "md5" || hash === "sha1" ? "sha256" : hash
  return used === undefined ? undefined : createHash(used).update(new X509Certificate(cert).raw).digest()
}

/** Undefined: there is none, or it is to be replaced. */
async function readGenerated(path: string): Promise<string | undefined> {
  try {
    const others = intrusionAtLast(path)
    if (others !== undefined) throw new SetupError(`${others}, or remove it: a new certificate is made.`)
    const text = await readFile(path, "utf8")
    if (mistakeIn(text, text) !== undefined) return undefined
    const leftMs = Date.parse(new X509Certificate(text).validTo) - Date.now()
    return leftMs > renewDays * dayMs ? text : undefined
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined
    if (error instanceof SetupError) throw error
    throw new SetupError(`${path} cannot be read (${systemCode(error)}).`, { cause: error })
  }
}

async function generate(path: string, dataDir: string, hosts: readonly string[]): Promise<string> {
  await ensurePrivateFolder(dataDir)
  const { selfSigned } = await import("./x509.ts")
  const pem = await selfSigned(hosts)
  const draft = draftPath(path)
  try {
    const file = await open(draft, "wx", 0o600)
    try {
      await file.writeFile(pem)
      await file.sync()
    } finally {
      await file.close()
    }
    return await placed(draft, path, pem)
  } finally {
    await rm(draft, { force: true })
  }
}

/** The process for the APIs and the one with the SQL port begin together: both show the certificate of who was first. */
async function placed(draft: string, path: string, pem: string): Promise<string> {
  try {
    await link(draft, path)
    return pem
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    const ofOther = code === "EEXIST" ? await readGenerated(path) : undefined
    if (ofOther !== undefined) return ofOther
    await rename(draft, path)
    return pem
  }
}
