import { type Kysely, sql } from "kysely"
import type { StateSchema } from "../schema.ts"

/** What attempts are counted by, and how many may be wrong. */
export interface GuessedBy {
  key: string
  atMost: number
}

/** Attempts of all processes. An attempt counts as wrong until it was right: of many at once no more are tried than of one after another. */
export interface GuessStore {
  /** Counts an attempt. @returns by key: how many there are now, this one too, and in ms when they are forgotten */
  count(by: readonly GuessedBy[]): Promise<Map<string, { wrong: number; leftMs: number }>>
  /** The attempt was right: `forget`'s wrong ones are forgotten, of `less` it was none. */
  right(by: { forget: string; less: string }): Promise<void>
}

const lastsMs = 300_000
const keptAtMost = 10_000

export function guessStore(db: Kysely<StateSchema>): GuessStore {
  return {
    async count(by) {
      const keys = by.map(({ key }) => key)
      const limits = by.map(({ atMost }) => atMost)
      const later = sql`clock_timestamp() + make_interval(secs => ${lastsMs / 1_000})`
      await sql`delete from millrace.console_guesses where until <= clock_timestamp() or key in
        (select key from millrace.console_guesses order by until desc offset ${keptAtMost})`.execute(db)
      // One that is over its limit is not prolonged by who goes on trying.
      const { rows } = await sql<{ key: string; wrong: number; leftMs: number }>`
        insert into millrace.console_guesses as known (key, wrong, at_most, until)
        select key, 1, at_most, ${later} from unnest(${keys}::text[], ${limits}::int[]) as given (key, at_most) order by key
        on conflict (key) do update set
          wrong = case when known.until <= clock_timestamp() then 1 else least(known.wrong, excluded.at_most) + 1 end,
          until = case when known.until > clock_timestamp() and known.wrong >= excluded.at_most
            then known.until else excluded.until end
        returning key, wrong, (extract(epoch from until - clock_timestamp()) * 1000)::float8 as "leftMs"`.execute(
        db,
      )
      return new Map(rows.map(({ key, ...rest }) => [key, rest]))
    },
    async right({ forget, less }) {
      await sql`delete from millrace.console_guesses where key = ${forget}`.execute(db)
      await sql`update millrace.console_guesses set wrong = greatest(wrong - 1, 0) where key = ${less}`.execute(
        db,
      )
    },
  }
}
