import { type Kysely, sql } from "kysely"
import { leaseMs } from "../leases.ts"
import type { StateSchema } from "../schema.ts"

/** What processes with the role worker said of themselves. Ages are by the state database's clock. */
export interface KnownProcesses {
  /** Those of the last day; one for each host, which is the latest there. */
  workers(): Promise<KnownWorker[]>
  /** Of the last day: milliseconds since each process told how its pipelines are, by its name. */
  observers(): Promise<Map<string, number>>
  /** Every duty that some process ever had. */
  duties(): Promise<KnownDuty[]>
}

export interface KnownWorker {
  owner: string
  /** The host's lasting id. */
  host: string
  /** ARNs of sources and warehouses that it cannot reach, or doubts to. */
  unreachable: string[]
  /** Since it said for the first time that it is there. */
  ageMs: number
  /** Since it said so last. */
  silentMs: number
}

export interface KnownDuty {
  name: string
  owner: string
  host: string
  /** Negative: nobody has had it since then. */
  leftMs: number
}

const sinceMs = (column: string) =>
  sql.raw(`(extract(epoch from clock_timestamp() - ${column}) * 1000)::float8`)
const lastDay = sql.raw("clock_timestamp() - interval '1 day'")

export function knownProcesses(db: Kysely<StateSchema>): KnownProcesses {
  return {
    async workers() {
      const { rows } = await sql<KnownWorker>`
        select owner, host, unreachable, ${sinceMs("begun_at")} as "ageMs", ${sinceMs("expires_at")} + ${leaseMs} as "silentMs"
        from millrace.workers where expires_at > ${lastDay} order by host`.execute(db)
      return rows
    },
    async observers() {
      const { rows } = await sql<{ owner: string; ms: number }>`
        select owner, ${sinceMs("seen_at")} as ms from millrace.observers where seen_at > ${lastDay}`.execute(
        db,
      )
      return new Map(rows.map(({ owner, ms }) => [owner, ms]))
    },
    async duties() {
      const { rows } = await sql<KnownDuty>`
        select name, owner, host, -${sinceMs("expires_at")} as "leftMs" from millrace.duties order by name`.execute(
        db,
      )
      return rows
    },
  }
}
