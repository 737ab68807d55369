import { type Kysely, sql } from "kysely"
import type { TableState } from "../domain/table.ts"
import { cut, messageAtMost } from "../domain/text-forms/plain-text.ts"
import { type Lease, leasesOf, writeAsOwner } from "./leases.ts"
import type { StateSchema } from "./schema.ts"

/** One stretch of a pipeline's work: a copy, or batches one after another for at most some seconds. */
export interface Activity {
  integrationId: string
  sourceDatabase: string
  targetDatabase: string
  kind: "snapshot" | "cdc"
  /** Of the source's history, at its end; null where it has none of its own. */
  position: string | null
  /** Staged; null where nobody counted. */
  bytes: number | null
  /** Source clock of the last transaction. */
  lastCommitAt: Date | null
  /** How many tables changed. */
  tables: number
  startedAt: Date
  endedAt: Date
}

export interface TableStateChange {
  integrationId: string
  targetDatabase: string
  schema: string
  name: string
  state: TableState
  reason: string | null
  position: string | null
  recordedAt: Date
}

export interface PipelineEvents {
  activities: readonly Activity[]
  stateChanges: readonly TableStateChange[]
}

/** Keeps the newest rows of each kind, and none that is older than a week. */
export interface HistoryStore {
  /** `by`: the pipeline's owner. @throws LeaseLost when another owns the pipeline. */
  append(events: PipelineEvents, by?: Lease): Promise<void>
  /** Oldest first. */
  activities(): Promise<Activity[]>
  /** Oldest first. */
  stateChanges(): Promise<TableStateChange[]>
}

export const historyKeptRows = 20_000
const keptDays = 7
/** Eleven columns each at most, far below the 65,535 parameters a statement may have. */
const rowsPerInsert = 1_000

type Db = Kysely<StateSchema>

export function historyStore(db: Db): HistoryStore {
  return {
    append: (events, by) => append(db, events, by),
    async activities() {
      const rows = await db.selectFrom("activities").selectAll().orderBy("id").execute()
      return rows.map((row) => ({
        integrationId: row.integration_id,
        sourceDatabase: row.source_database,
        targetDatabase: row.target_database,
        kind: row.kind,
        position: row.position,
        bytes: row.bytes === null ? null : Number(row.bytes),
        lastCommitAt: row.last_commit_at,
        tables: row.tables,
        startedAt: row.started_at,
        endedAt: row.ended_at,
      }))
    },
    async stateChanges() {
      const rows = await db.selectFrom("table_state_changes").selectAll().orderBy("id").execute()
      return rows.map((row) => ({
        integrationId: row.integration_id,
        targetDatabase: row.target_database,
        schema: row.schema,
        name: row.name,
        state: row.state,
        reason: row.reason,
        position: row.position,
        recordedAt: row.recorded_at,
      }))
    },
  }
}

async function append(
  db: Db,
  { activities, stateChanges }: PipelineEvents,
  by: Lease | undefined,
): Promise<void> {
  await writeAsOwner(db, leasesOf(by), async (transaction) => {
    for (const part of parts(activities)) {
      const rows = part.map((one) => ({
        integration_id: one.integrationId,
        source_database: one.sourceDatabase,
        target_database: one.targetDatabase,
        kind: one.kind,
        position: one.position,
        bytes: one.bytes === null ? null : String(one.bytes),
        last_commit_at: one.lastCommitAt,
        tables: one.tables,
        started_at: one.startedAt,
        ended_at: one.endedAt,
      }))
      await transaction.insertInto("activities").values(rows).execute()
    }
    for (const part of parts(stateChanges)) {
      const rows = part.map((one) => ({
        integration_id: one.integrationId,
        target_database: one.targetDatabase,
        schema: one.schema,
        name: one.name,
        state: one.state,
        reason: one.reason === null ? null : cut(one.reason, messageAtMost),
        position: one.position,
        recorded_at: one.recordedAt,
      }))
      await transaction.insertInto("table_state_changes").values(rows).execute()
    }
  })
  if (activities.length > 0) await prune(db, "activities", "ended_at")
  if (stateChanges.length > 0) await prune(db, "table_state_changes", "recorded_at")
}

function* parts<T>(rows: readonly T[]): Generator<T[]> {
  for (let start = 0; start < rows.length; start += rowsPerInsert)
    yield rows.slice(start, start + rowsPerInsert)
}

/** By id, which the table is ordered by: what goes is always at its beginning. */
async function prune(db: Db, table: "activities" | "table_state_changes", time: string): Promise<void> {
  const name = sql.table(`millrace.${table}`)
  await sql`delete from ${name} where id <= (select max(id) - ${historyKeptRows} from ${name})`.execute(db)
  await sql`delete from ${name} where id in (select id from ${name} order by id limit 100)
    and ${sql.ref(time)} < now() - make_interval(days => ${keptDays})`.execute(db)
}
