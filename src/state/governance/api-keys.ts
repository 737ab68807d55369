import { type Kysely, type Selectable, sql } from "kysely"
import { type ApiKey, isPermission, type Permission } from "../../domain/api-key.ts"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"
import type { ApiKeyTable } from "./api-tables.ts"

export interface NewApiKey {
  name: string
  permissions: readonly Permission[]
  /** SHA-256 of the secret. */
  digest: Buffer
}

export interface ApiKeyStore {
  /** `taken`: another key that is not revoked has the name. */
  add(key: NewApiKey): Promise<ApiKey | "taken">
  /** Revoked ones too, oldest first. */
  all(): Promise<ApiKey[]>
  /** With all its tokens, from the next call on. False: no key that is not revoked has the name. */
  revoke(name: string): Promise<boolean>
  /** The same by id; how many tokens that had not ended were the key's. */
  revokeById(id: number): Promise<{ key: ApiKey; tokens: number } | undefined>
  /** The key with this digest, unless it is revoked. */
  byDigest(digest: Buffer): Promise<ApiKey | undefined>
  /** The key that the token of this digest was given for, unless one of them has ended. */
  byToken(digest: Buffer): Promise<ApiKey | undefined>
  /** Gives a token of this digest for the key; when it ends, by the database's clock. */
  addToken(keyId: number, digest: Buffer, lastsSeconds: number): Promise<Date>
}

export function apiKeyStore(db: Kysely<StateSchema>): ApiKeyStore {
  const valid = () => db.selectFrom("api_keys").selectAll("api_keys").where("revoked_at", "is", null)
  return {
    add: (key) => add(db, key),
    async all() {
      return (await db.selectFrom("api_keys").selectAll().orderBy("id").execute()).map(fromRow)
    },
    async revoke(name) {
      const { numUpdatedRows } = await db
        .updateTable("api_keys")
        .set({ revoked_at: sql<Date>`clock_timestamp()` })
        .where("name", "=", name)
        .where("revoked_at", "is", null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    revokeById: (id) => revokeById(db, id),
    async byDigest(digest) {
      const row = await valid().where("digest", "=", digest).executeTakeFirst()
      return row && fromRow(row)
    },
    async byToken(digest) {
      const row = await valid()
        .innerJoin("api_tokens", "api_tokens.api_key_id", "api_keys.id")
        .where("api_tokens.digest", "=", digest)
        .where("expires_at", ">", sql<Date>`clock_timestamp()`)
        .executeTakeFirst()
      return row && fromRow(row)
    },
    addToken: (keyId, digest, lastsSeconds) => addToken(db, { keyId, digest, lastsSeconds }),
  }
}

async function add(db: Kysely<StateSchema>, key: NewApiKey): Promise<ApiKey | "taken"> {
  try {
    const row = await db
      .insertInto("api_keys")
      .values({ name: key.name, digest: key.digest, permissions: [...key.permissions] })
      .returningAll()
      .executeTakeFirstOrThrow()
    return fromRow(row)
  } catch (error) {
    if (brokenConstraint(error) === "api_keys_name") return "taken"
    throw error
  }
}

async function revokeById(
  db: Kysely<StateSchema>,
  id: number,
): Promise<{ key: ApiKey; tokens: number } | undefined> {
  return await db.transaction().execute(async (transaction) => {
    const row = await transaction
      .updateTable("api_keys")
      .set({ revoked_at: sql<Date>`clock_timestamp()` })
      .where("id", "=", String(id))
      .where("revoked_at", "is", null)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return undefined
    const tokens = await transaction
      .deleteFrom("api_tokens")
      .where("api_key_id", "=", String(id))
      .where("expires_at", ">", sql<Date>`clock_timestamp()`)
      .executeTakeFirst()
    return { key: fromRow(row), tokens: Number(tokens.numDeletedRows) }
  })
}

/** Those that have ended go with each new one, so that the table needs no timer to stay bounded. */
async function addToken(
  db: Kysely<StateSchema>,
  { keyId, digest, lastsSeconds }: { keyId: number; digest: Buffer; lastsSeconds: number },
): Promise<Date> {
  await db.deleteFrom("api_tokens").where("expires_at", "<", sql<Date>`clock_timestamp()`).execute()
  const { expires_at: expiresAt } = await db
    .insertInto("api_tokens")
    .values({
      digest,
      api_key_id: String(keyId),
      expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${lastsSeconds})`,
    })
    .returning("expires_at")
    .executeTakeFirstOrThrow()
  return expiresAt
}

/** A permission that this version does not know was another version's, and permits nothing here. */
function fromRow(row: Selectable<ApiKeyTable>): ApiKey {
  return {
    id: Number(row.id),
    name: row.name,
    permissions: row.permissions.filter(isPermission),
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
  }
}
