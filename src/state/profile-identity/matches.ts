import { type Kysely, sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** `rule`: found by rule-based matching; `batch`: by an identity resolution job. */
export type MatchKind = "rule" | "batch"

/** Profiles that match. */
export interface ProfileMatch {
  /** The id of its first profile. */
  matchId: string
  /** In the order of their ids. */
  profileIds: string[]
  /** Of `rule`: the weakest rule that is needed to hold the group together. */
  ruleLevel: number | undefined
  /** Of `batch`; 0 to 1. */
  confidence: number | undefined
  foundAt: Date
}

export type NewMatch = Omit<ProfileMatch, "matchId" | "foundAt">

/** Groups of one domain and kind. A profile is in one of them at most. */
export interface MatchRows {
  /** In the order of their ids, `after` excluded. */
  list(page: { after: string | undefined; limit: number }): Promise<ProfileMatch[]>
  /** The group of a profile. */
  of(profile: string): Promise<ProfileMatch | undefined>
  count(): Promise<number>
  /** All members of the groups of these profiles. */
  membersWith(profiles: readonly string[]): Promise<string[]>
  /** Takes these profiles out of their groups, and makes these groups. */
  replace(profiles: readonly string[], groups: readonly NewMatch[]): Promise<void>
  removeAll(): Promise<void>
}

/** @param domain the domain's number */
export function matchRows(db: Db, domain: number, kind: MatchKind): MatchRows {
  const ours = sql`domain = ${domain} and kind = ${kind}`
  const groups = sql`match_id, array_agg(profile order by profile)::text[] as profiles, max(rule_level) as rule_level,
    min(confidence) as confidence, max(found_at) as found_at from millrace.profile_matches`
  return {
    list: async ({ after, limit }) => {
      const { rows } = await sql<MatchRow>`select ${groups} where ${ours}
        and (${after ?? null}::uuid is null or match_id > ${after ?? null}::uuid)
        group by match_id order by match_id limit ${limit}`.execute(db)
      return rows.map(fromRow)
    },
    of: async (profile) => {
      const { rows } = await sql<MatchRow>`select ${groups} where ${ours} and match_id in
        (select match_id from millrace.profile_matches where ${ours} and profile = ${profile}::uuid)
        group by match_id`.execute(db)
      return rows.map(fromRow)[0]
    },
    count: async () => {
      const { rows } = await sql<{ n: number }>`select count(distinct match_id)::int as n
        from millrace.profile_matches where ${ours}`.execute(db)
      return rows[0]?.n ?? 0
    },
    membersWith: async (profiles) => {
      const { rows } = await sql<{ profile: string }>`select profile from millrace.profile_matches
        where ${ours} and match_id in (select match_id from millrace.profile_matches
          where ${ours} and profile = any(${profiles}::uuid[]))`.execute(db)
      return rows.map(({ profile }) => plainId(profile))
    },
    replace: (profiles, matches) =>
      db.transaction().execute(async (transaction) => {
        await sql`delete from millrace.profile_matches
          where ${ours} and profile = any(${profiles}::uuid[])`.execute(transaction)
        await insert(transaction, { domain, kind }, matches)
      }),
    removeAll: async () => {
      await sql`delete from millrace.profile_matches where ${ours}`.execute(db)
    },
  }
}

async function insert(
  db: Db,
  { domain, kind }: { domain: number; kind: MatchKind },
  matches: readonly NewMatch[],
): Promise<void> {
  const rows = matches.flatMap(({ profileIds, ruleLevel, confidence }) =>
    profileIds.map((profile) => ({ profile, matchId: profileIds[0], ruleLevel, confidence })),
  )
  if (rows.length === 0) return
  await sql`insert into millrace.profile_matches (domain, kind, profile, match_id, rule_level, confidence)
    select ${domain}::integer, ${kind}, w.* from unnest(${rows.map(({ profile }) => profile)}::uuid[],
      ${rows.map(({ matchId }) => matchId)}::uuid[], ${rows.map(({ ruleLevel }) => ruleLevel ?? null)}::smallint[],
      ${rows.map(({ confidence }) => confidence ?? null)}::real[]) as w
    on conflict (domain, kind, profile) do update set match_id = excluded.match_id,
      rule_level = excluded.rule_level, confidence = excluded.confidence, found_at = clock_timestamp()`.execute(
    db,
  )
}

interface MatchRow {
  match_id: string
  profiles: string[]
  rule_level: number | null
  confidence: number | null
  found_at: Date
}

function fromRow(row: MatchRow): ProfileMatch {
  return {
    matchId: plainId(row.match_id),
    profileIds: row.profiles.map(plainId),
    ruleLevel: row.rule_level ?? undefined,
    confidence: row.confidence ?? undefined,
    foundAt: row.found_at,
  }
}
