import "reflect-metadata"
import { randomBytes, type webcrypto } from "node:crypto"
import * as x509 from "@peculiar/x509"

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
const dayMs = 86_400_000

export interface TestCertificate {
  /** PEM. */
  cert: string
  key: string
}

export interface TestAuthority extends TestCertificate {
  issue(options: { name: string; hosts?: readonly string[]; isExpired?: boolean }): Promise<TestCertificate>
}

/** Its certificate is its own issuer. */
export async function testAuthority(name: string): Promise<TestAuthority> {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity(false),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    ...(await inPem(certificate, keys)),
    async issue({ name: subject, hosts = [], isExpired = false }) {
      const own = await newKeys()
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: `CN=${subject}`,
        issuer: certificate.subject,
        ...validity(isExpired),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: alternativeNames(hosts),
      })
      return await inPem(issued, own)
    },
  }
}

/** A server's certificate that nobody issued. */
export async function selfSignedCertificate(
  name: string,
  hosts: readonly string[],
): Promise<TestCertificate> {
  const keys = await newKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...validity(false),
    keys,
    signingAlgorithm: algorithm,
    extensions: alternativeNames(hosts),
  })
  return await inPem(certificate, keys)
}

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
const serial = () => `01${randomBytes(15).toString("hex")}`

function validity(isExpired: boolean): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - 30 * dayMs), notAfter: new Date(now + (isExpired ? -1 : 30) * dayMs) }
}

function alternativeNames(hosts: readonly string[]): x509.Extension[] {
  if (hosts.length === 0) return []
  return [
    new x509.SubjectAlternativeNameExtension(
      hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? ("ip" as const) : ("dns" as const), value })),
    ),
  ]
}

async function inPem(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<TestCertificate> {
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey)
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
  }
}
