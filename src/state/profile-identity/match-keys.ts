import { type Kysely, sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** A key of a profile: 32 hexadecimal digits, and the level of its rule. */
export interface ProfileMatchKey {
  profile: string
  key: string
  level: number
}

/** A key that several profiles have. */
export interface SharedKey {
  key: string
  level: number
  /** In the order of their ids; at most one more than are counted. */
  profiles: string[]
}

/** Keys of the profiles of one matching. */
export interface MatchKeyRows {
  add(keys: readonly ProfileMatchKey[]): Promise<void>
  /** Gives these profiles just these keys. */
  replace(profiles: readonly string[], keys: readonly ProfileMatchKey[]): Promise<void>
  /** All keys that several profiles have, in their order, `after` excluded. */
  shared(page: { after: string | undefined; limit: number; countedAtMost: number }): Promise<SharedKey[]>
  /** Those keys of these profiles that other profiles have too. */
  sharedBy(profiles: readonly string[], countedAtMost: number): Promise<SharedKey[]>
  /** Those of the keys that were not reported before. */
  notReported(keys: readonly string[]): Promise<string[]>
}

/** @param matching the matching's number */
export function matchKeyRows(db: Db, matching: number): MatchKeyRows {
  return {
    add: (keys) => add(db, matching, keys),
    replace: (profiles, keys) =>
      db.transaction().execute(async (transaction) => {
        await sql`delete from millrace.profile_match_keys
          where matching = ${matching} and profile = any(${profiles}::uuid[])`.execute(transaction)
        await add(transaction, matching, keys)
      }),
    shared: async ({ after, limit, countedAtMost }) => {
      const { rows } = await sql<SharedRow>`select key, min(level) as level,
          (array_agg(profile order by profile))[1:${countedAtMost + 1}] as profiles
        from millrace.profile_match_keys
        where matching = ${matching} and (${after ?? null}::uuid is null or key > ${after ?? null}::uuid)
        group by key having count(*) > 1 order by key limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    sharedBy: (profiles, countedAtMost) => sharedBy(db, matching, profiles, countedAtMost),
    notReported: async (keys) => {
      const { rows } = await sql<{ key: string }>`insert into millrace.profile_common_keys (matching, key)
        select ${matching}, key from unnest(${keys}::uuid[]) as w (key)
        on conflict do nothing returning key`.execute(db)
      return rows.map(({ key }) => plainId(key))
    },
  }
}

async function add(db: Db, matching: number, keys: readonly ProfileMatchKey[]): Promise<void> {
  if (keys.length === 0) return
  await sql`insert into millrace.profile_match_keys (matching, key, profile, level)
    select ${matching}, w.* from unnest(${keys.map(({ key }) => key)}::uuid[],
      ${keys.map(({ profile }) => profile)}::uuid[], ${keys.map(({ level }) => level)}::smallint[]) as w
    on conflict do nothing`.execute(db)
}

/** Of a key that very many profiles have no more than are needed are read. */
async function sharedBy(
  db: Db,
  matching: number,
  profiles: readonly string[],
  countedAtMost: number,
): Promise<SharedKey[]> {
  const { rows } = await sql<SharedRow>`
    select own.key, own.level, array_agg(k.profile order by k.profile) as profiles
    from (select distinct key, level from millrace.profile_match_keys
      where matching = ${matching} and profile = any(${profiles}::uuid[])) own
    cross join lateral (select profile from millrace.profile_match_keys
      where matching = ${matching} and key = own.key order by profile limit ${countedAtMost + 1}) k
    group by own.key, own.level having count(*) > 1 order by own.key`.execute(db)
  return rows.map(fromRow)
}

interface SharedRow {
  key: string
  level: number
  /** As the server writes an array of UUIDs, or as the driver reads it. */
  profiles: string[] | string
}

function fromRow({ key, level, profiles }: SharedRow): SharedKey {
  const ids = typeof profiles === "string" ? profiles.slice(1, -1).split(",") : profiles
  return { key: plainId(key), level, profiles: ids.map(plainId) }
}
