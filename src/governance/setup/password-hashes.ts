import { createHash, createHmac, pbkdf2Sync } from "node:crypto"
import type { SetupDialect } from "./plan.ts"

const scramIterations = 4_096
const saltBytes = 16
const digestBytes = 32

/**
 * What a server keeps instead of a password, so that no statement holds the password: SCRAM-SHA-256 (RFC 5803), or md5 of
 * password and name where the dialect takes that only.
 *
 * @param seed makes the salt: the same seed, the same text
 */
export function passwordHash(
  dialect: SetupDialect,
  { user, password, seed }: { user: string; password: string; seed: Buffer },
): string {
  switch (dialect) {
    case "postgres":
    case "millrace":
      return scram(
        password,
        createHmac("sha256", seed).update(`${user}\0${password}`).digest().subarray(0, saltBytes),
      )
    case "redshift":
      return `md5${createHash("md5")
        .update(password + user)
        .digest("hex")}`
  }
}

function scram(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, scramIterations, digestBytes, "sha256")
  const key = (name: string) => createHmac("sha256", salted).update(name).digest()
  const stored = createHash("sha256").update(key("Client Key")).digest("base64")
  const server = key("Server Key").toString("base64")
  return `SCRAM-SHA-256$${scramIterations}:${salt.toString("base64")}$${stored}:${server}`
}
