import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto"

/** PostgreSQL's own default; a login costs the server no derivation, only hashes. */
const iterations = 4096
const keyBytes = 32
const saltBytes = 16
/** Of a verifier that is kept: longer than any that PostgreSQL makes, short enough for every login's messages. */
const keptSaltBytesAtMost = 64
/** Longer than any verifier with such a salt. */
const verifierUnitsAtMost = 300

/** What a server keeps instead of a password (RFC 5802). */
export interface ScramVerifier {
  salt: Buffer
  storedKey: Buffer
  serverKey: Buffer
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest()
}

/** Takes milliseconds: derive once per user, not once per login. Passwords are compared after NFKC, as SASLprep asks. */
export function scramVerifier(password: string, salt: Buffer = randomBytes(saltBytes)): ScramVerifier {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, keyBytes, "sha256")
  return { salt, storedKey: sha256(hmac(salted, "Client Key")), serverKey: hmac(salted, "Server Key") }
}

/** As PostgreSQL keeps it: `SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>`. */
export function verifierText({ salt, storedKey, serverKey }: ScramVerifier): string {
  const [s, stored, server] = [salt, storedKey, serverKey].map((bytes) => bytes.toString("base64"))
  return `SCRAM-SHA-256$${iterations}:${s}$${stored}:${server}`
}

/**
 * undefined: not such a text, made with other iterations than this server announces, or with a salt that is empty or
 * longer than 64 bytes. Text that decodes to other bytes than it says is no such text.
 */
export function verifierFromText(text: string): ScramVerifier | undefined {
  if (text.length > verifierUnitsAtMost) return undefined
  const match = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/.exec(text)
  if (match === null || Number(match[1]) !== iterations) return undefined
  const parts = match.slice(2).map((part) => Buffer.from(part, "base64"))
  if (parts.some((bytes, at) => bytes.toString("base64") !== match[at + 2])) return undefined
  const [salt, storedKey, serverKey] = parts
  if (salt === undefined || salt.length === 0 || salt.length > keptSaltBytesAtMost) return undefined
  if (storedKey?.length !== keyBytes || serverKey?.length !== keyBytes) return undefined
  return { salt, storedKey, serverKey }
}

/** Made by PostgreSQL itself, or as it does: those of all users look alike then. */
export function isUsualVerifier({ salt }: ScramVerifier): boolean {
  return salt.length === saltBytes
}

/** A user's salt that is the same each time; nobody without the secret can tell it from a random one. */
export function saltOf(secret: Uint8Array, user: string): Buffer {
  return hmac(secret, `salt ${user}`).subarray(0, saltBytes)
}

/** For a user who does not exist: the same answers each time, and no password opens it. */
export function phantomVerifier(secret: Uint8Array, user: string): ScramVerifier {
  return {
    salt: saltOf(secret, user),
    storedKey: hmac(secret, `stored ${user}`),
    serverKey: hmac(secret, `server ${user}`),
  }
}

export interface ScramExchange {
  /** The server-first-message, or `undefined` when the client's first message is malformed. */
  first(clientFirst: string): string | undefined
  /** The server-final-message, or `undefined` when the proof is wrong. */
  final(clientFinal: string): string | undefined
}

/** Whether the client binds its proof to this TLS connection, so that nobody in between can pass it on. */
export interface ChannelBinding {
  /** The certificate's hash; undefined: channel binding was not offered. */
  endpoint: Buffer | undefined
  /** The client chose the mechanism that binds. */
  chosen: boolean
}

/** What the client's first message must begin with. `y` says "you did not offer it": where we did, somebody cut it out. */
function gs2Flag({ endpoint, chosen }: ChannelBinding): string {
  if (chosen) return "p=tls-server-end-point"
  return endpoint === undefined ? "[ny]" : "n"
}

/** One login. */
export function scramExchange(
  verifier: ScramVerifier,
  binding: ChannelBinding = { endpoint: undefined, chosen: false },
  nonce = randomBytes(18).toString("base64"),
): ScramExchange {
  let clientFirstBare = ""
  let gs2Header = ""
  let serverFirst = ""
  let fullNonce = ""

  function first(clientFirst: string): string | undefined {
    const start = new RegExp(`^(${gs2Flag(binding)},[^,]*,)(n=[^,]*,r=([\\x21-\\x2b\\x2d-\\x7e]+)(?:,.*)?)$`)
    const match = start.exec(clientFirst)
    if (!match) return undefined
    gs2Header = match[1] ?? ""
    clientFirstBare = match[2] ?? ""
    fullNonce = `${match[3]}${nonce}`
    serverFirst = `r=${fullNonce},s=${verifier.salt.toString("base64")},i=${iterations}`
    return serverFirst
  }

  function final(clientFinal: string): string | undefined {
    const match = /^(c=([^,]*),r=([^,]*)(?:,.*)?),p=([^,]*)$/.exec(clientFinal)
    if (!match) return undefined
    const channel = binding.chosen && binding.endpoint ? binding.endpoint : Buffer.alloc(0)
    const bindingMatches = match[2] === Buffer.concat([Buffer.from(gs2Header), channel]).toString("base64")
    const nonceMatches = match[3] === fullNonce
    const authMessage = `${clientFirstBare},${serverFirst},${match[1]}`
    const proof = Buffer.from(match[4] ?? "", "base64")
    const signature = hmac(verifier.storedKey, authMessage)
    const clientKey = Buffer.alloc(keyBytes)
    for (let i = 0; i < keyBytes; i++) clientKey[i] = (proof[i] ?? 0) ^ (signature[i] ?? 0)
    const proofMatches = timingSafeEqual(sha256(clientKey), verifier.storedKey)
    if (!(bindingMatches && nonceMatches && proofMatches && proof.length === keyBytes)) return undefined
    return `v=${hmac(verifier.serverKey, authMessage).toString("base64")}`
  }

  return { first, final }
}
