import { type Kysely, sql } from "kysely"
import { json } from "../pipelines/json.ts"
import type { StateSchema } from "../schema.ts"

/** How policies hold in one database whose own server applies them. */
export interface EnforcementFacts {
  targetArn: string
  database: string
  /** Whether anything of it is governed. */
  isGoverned: boolean
  /** Of the policies, that readers see; `undefined`: none was applied yet. */
  version: number | undefined
  /** What lets people past the policies, and what could not be applied. Empty: policies hold. */
  problems: readonly string[]
}

export interface EnforcementObservation extends EnforcementFacts {
  /** Since it was looked at, by the state database's clock. */
  silentMs: number
}

/** What the process that applies policies found, for all others. */
export interface EnforcementStore {
  tell(facts: EnforcementFacts): Promise<void>
  of(targetArn: string): Promise<EnforcementObservation[]>
  /** Of a database that is gone. */
  forget(targetArn: string, database: string): Promise<void>
}

interface Row {
  database_name: string
  is_governed: boolean
  version: string | null
  problems: string[]
  silent_ms: number
}

export function enforcementStore(db: Kysely<StateSchema>): EnforcementStore {
  return {
    async tell({ targetArn, database, isGoverned, version, problems }) {
      await sql`
        insert into millrace.policy_enforcement (target_arn, database_name, is_governed, version, problems, seen_at)
        values (${targetArn}, ${database}, ${isGoverned}, ${version ?? null}::bigint, ${json(problems)}, clock_timestamp())
        on conflict (target_arn, database_name) do update set is_governed = excluded.is_governed,
          version = excluded.version, problems = excluded.problems, seen_at = excluded.seen_at`.execute(db)
    },
    async of(targetArn) {
      const { rows } = await sql<Row>`
        select database_name, is_governed, version, problems,
          (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as silent_ms
        from millrace.policy_enforcement where target_arn = ${targetArn} order by database_name`.execute(db)
      return rows.map((row) => ({
        targetArn,
        database: row.database_name,
        isGoverned: row.is_governed,
        version: row.version === null ? undefined : Number(row.version),
        problems: row.problems,
        silentMs: row.silent_ms,
      }))
    },
    async forget(targetArn, database) {
      await sql`delete from millrace.policy_enforcement
        where target_arn = ${targetArn} and database_name = ${database}`.execute(db)
    },
  }
}
