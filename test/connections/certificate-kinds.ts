import assert from "node:assert/strict"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TlsMode } from "../../src/configuration/tls/settings.ts"
import { Problem } from "../../src/domain/problems.ts"
import { selfSignedCertificate, type TestCertificate, testAuthority } from "../support/certificates.ts"

/** Hosts that tests connect to. */
const hosts = ["localhost", "127.0.0.1"]

/** What is said of a server's certificate, where it is verified: by mode. `undefined`: it is taken. */
interface CertificateKind {
  name: string
  made: TestCertificate
  refusals: Partial<Record<TlsMode, RegExp>>
}

export interface CertificateKinds {
  /** Path of the authority that is trusted. */
  ca: string
  kinds: readonly CertificateKind[]
  /** Path of a client's certificate, and of its key. */
  client: { cert: string; key: string }
}

/** Certificates of every kind; the files of a client's side lie in `folder`. */
export async function certificateKinds(folder: string): Promise<CertificateKinds> {
  const authority = await testAuthority("Trusted CA")
  const other = await testAuthority("Other CA")
  const both = (words: RegExp) => ({ "verify-ca": words, "verify-full": words })
  const path = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o600)
    return join(folder, name)
  }
  const client = await authority.issue({ name: "app" })
  return {
    ca: await path("ca.pem", authority.cert),
    client: { cert: await path("client.pem", client.cert), key: await path("client-key.pem", client.key) },
    kinds: [
      { name: "of the authority", made: await authority.issue({ name: "db", hosts }), refusals: {} },
      {
        name: "self-signed",
        made: await selfSignedCertificate("own", hosts),
        refusals: both(/certificate is self-signed \(own\): give that certificate as its own authority/),
      },
      {
        name: "of another host",
        made: await authority.issue({ name: "db", hosts: ["db.example", "10.0.0.1"] }),
        refusals: { "verify-full": /name in the certificate is db\.example, 10\.0\.0\.1, not 127\.0\.0\.1/ },
      },
      {
        name: "expired",
        made: await authority.issue({ name: "db", hosts, isExpired: true }),
        refusals: both(/server's certificate expired on /),
      },
      {
        name: "of another authority",
        made: await other.issue({ name: "db", hosts }),
        refusals: both(/was issued by "Other CA", which is not in \S+ca\.pem/),
      },
    ],
  }
}

/** What is refused says why, and as a problem of TLS. */
export async function assertTaken(
  work: Promise<void>,
  refusal: RegExp | undefined,
  what: string,
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (refusal === undefined) return assert.equal(error, undefined, `${what}: ${String(error)}`)
  assert.ok(error instanceof Problem, `${what}: ${String(error ?? "it was taken")}`)
  assert.equal(error.kind, "sourceTls", `${what}: ${error.message}`)
  assert.match(error.message, refusal, what)
}
