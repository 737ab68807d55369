/** What Node cannot do with certificates itself. The library takes a tenth of a second to load: only where it is needed. */
import "reflect-metadata"
import { randomBytes, type webcrypto } from "node:crypto"
import { hostname } from "node:os"
import * as x509 from "@peculiar/x509"

const dayMs = 86_400_000
const validDays = 3650
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

/** A certificate that names this machine and `hosts`, and its key, in one PEM text. */
export async function selfSigned(hosts: readonly string[]): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey)
  return `${await certificateOf(keys, hosts)}\n${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`
}

async function certificateOf(keys: webcrypto.CryptoKeyPair, hosts: readonly string[]): Promise<string> {
  const isAddress = (name: string) => /^[0-9.]+$|:/.test(name)
  const names = [...new Set(["localhost", hostname(), "127.0.0.1", "::1", ...hosts])].filter(
    (name) => name !== "0.0.0.0" && name !== "::",
  )
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    // Positive, and never the same again: browsers and libraries refuse two of one issuer and number.
    serialNumber: `01${randomBytes(15).toString("hex")}`,
    name: "CN=Millrace",
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + validDays * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value })),
      ),
    ],
  })
  return made.toString("pem")
}

/** The hash in a certificate's signature, as OpenSSL names it; undefined: it has none of its own. */
export function signatureHash(raw: Buffer): string | undefined {
  const signature: { hash?: { name: string } } = new x509.X509Certificate(raw).signatureAlgorithm
  return signature.hash?.name.replace("-", "").toLowerCase()
}
