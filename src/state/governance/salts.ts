import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"
import { type Kysely, sql } from "kysely"
import type { KeptKey, KeptKeys } from "../../encryption/kept-key.ts"
import type { StateSchema } from "../schema.ts"

/** What is added before hashing, by its id. */
export interface Salts {
  /** Only for who puts them where nobody can read them. @throws Problem keyNotAccessible */
  all(): Promise<Map<string, Buffer>>
}

/**
 * `derived`: the secret is made of the row's bytes, which are chance and no secret, by the key. `sealed`: the bytes are the secret,
 * encrypted. `plain`: the secret itself, as an earlier version has left it.
 */
type SaltForm = "plain" | "sealed" | "derived"

interface SaltRow {
  id: string
  form: SaltForm
  secret: Buffer
}

/** No secret of policies stands in the state database: one key, itself wrapped under a key of the configuration, makes them readable. */
export function saltStore(db: Kysely<StateSchema>, keys: KeptKeys | undefined): Salts {
  let opened: Promise<Buffer> | undefined
  const key = () => {
    const asked = opened ?? openKey(db, keys)
    opened = asked
    // What could not be opened is tried again.
    asked.catch(() => {
      if (opened === asked) opened = undefined
    })
    return asked
  }
  return {
    async all() {
      const { rows } = await sql<SaltRow>`select id, form, secret from millrace.salts`.execute(db)
      if (rows.length === 0) return new Map()
      const material = await key()
      await sealPlain(db, material, rows)
      return new Map(rows.map((row) => [row.id, secretOf(material, row)]))
    },
  }
}

/** Of several processes that make it at once, one does. */
async function openKey(db: Kysely<StateSchema>, keys: KeptKeys | undefined): Promise<Buffer> {
  if (keys === undefined) throw new Error("the state database was opened without keys for its secrets")
  const kept = (await keptKey(db)) ?? (await makeKey(db, keys))
  return await keys.open(kept)
}

async function keptKey(db: Kysely<StateSchema>): Promise<KeptKey | undefined> {
  const { rows } = await sql<KeptKey>`
    select key_arn as "keyArn", wrapped from millrace.governance_secret_key`.execute(db)
  return rows[0]
}

async function makeKey(db: Kysely<StateSchema>, keys: KeptKeys): Promise<KeptKey> {
  const made = await keys.make()
  await sql`insert into millrace.governance_secret_key (key_arn, wrapped)
    values (${made.keyArn}, ${made.wrapped}) on conflict do nothing`.execute(db)
  return (await keptKey(db)) ?? made
}

/**
 * They stay what they are, so that what was hashed with them is found again. The table gets a new file: a changed row leaves its old
 * bytes in the old one, and VACUUM FULL takes them over for as long as anybody's snapshot might see them.
 */
async function sealPlain(db: Kysely<StateSchema>, key: Buffer, rows: readonly SaltRow[]): Promise<void> {
  if (rows.every(({ form }) => form !== "plain")) return
  await db.transaction().execute(async (change) => {
    // Readers wait: to a snapshot of before, a truncated table is an empty one.
    await sql`lock table millrace.salts in access exclusive mode`.execute(change)
    const now = (await sql<SaltRow>`select id, form, secret from millrace.salts`.execute(change)).rows
    await sql`truncate millrace.salts`.execute(change)
    for (const row of now) {
      const { id, form, secret } = asSealed(key, row)
      await sql`insert into millrace.salts (id, form, secret) values (${id}, ${form}, ${secret})`.execute(
        change,
      )
    }
  })
}

function asSealed(key: Buffer, row: SaltRow): SaltRow {
  const { id, form, secret } = row
  return form === "plain" ? { id, form: "sealed", secret: sealed(key, id, secret) } : row
}

function secretOf(key: Buffer, { id, form, secret }: SaltRow): Buffer {
  switch (form) {
    case "plain":
      return secret
    case "sealed":
      return unsealed(key, id, secret)
    case "derived":
      return createHmac("sha256", key).update(`${id}\0`).update(secret).digest()
  }
}

const algorithm = "aes-256-gcm"
const ivBytes = 12
const tagBytes = 16

/** Initialisation vector, tag, ciphertext; bound to the id. */
function sealed(key: Buffer, id: string, secret: Buffer): Buffer {
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv(algorithm, key, iv).setAAD(Buffer.from(id))
  const data = Buffer.concat([cipher.update(secret), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), data])
}

function unsealed(key: Buffer, id: string, bytes: Buffer): Buffer {
  const [iv, tag] = [bytes.subarray(0, ivBytes), bytes.subarray(ivBytes, ivBytes + tagBytes)]
  const decipher = createDecipheriv(algorithm, key, iv).setAAD(Buffer.from(id))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
}
