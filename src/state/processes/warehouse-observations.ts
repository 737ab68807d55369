import { type Kysely, sql } from "kysely"
import { type Lease, writeAsOwner } from "../leases.ts"
import { json } from "../pipelines/json.ts"
import type { PipelineKey } from "../pipelines/observations.ts"
import type { StateSchema } from "../schema.ts"

/** A database whose file cannot be opened: why, and what a person can do. */
export interface UnopenedFacts {
  name: string
  reason: string
  remedy: string
}

export interface WarehouseFacts {
  targetArn: string
  unopened: readonly UnopenedFacts[]
}

export interface WarehouseObservation extends WarehouseFacts {
  /** Since a process that has it open told, by the state database's clock. */
  silentMs: number
}

/** What processes with open warehouses see in them, for those without. */
export interface WarehouseObservations {
  tell(warehouses: readonly WarehouseFacts[]): Promise<void>
  all(): Promise<WarehouseObservation[]>
  /** Rows of a pipeline's tables, by `tableKey`. @throws LeaseLost when `by` is not its owner any more */
  counted(key: PipelineKey, by: Lease, counts: ReadonlyMap<string, number>): Promise<void>
  /** As counted last since the pipeline was launched; empty before the first. */
  counts(key: PipelineKey): Promise<Map<string, number>>
}

/** A crash of the state database may take the latest away: they are told again. */
const lazily = sql`set_config('synchronous_commit', 'off', true)`

export function warehouseObservations(db: Kysely<StateSchema>): WarehouseObservations {
  return {
    async tell(warehouses) {
      const facts = warehouses.map(({ targetArn, unopened }) => ({ target_arn: targetArn, unopened }))
      await sql`
        with lazily as (select ${lazily})
        insert into millrace.warehouse_observations (target_arn, unopened, seen_at)
        select told.target_arn, told.unopened, clock_timestamp()
        from lazily, jsonb_to_recordset(${json(facts)}) as told (target_arn text, unopened jsonb) order by told.target_arn
        on conflict (target_arn) do update set unopened = excluded.unopened, seen_at = excluded.seen_at`.execute(
        db,
      )
    },
    async all() {
      const { rows } = await sql<{ target_arn: string; unopened: UnopenedFacts[]; silent_ms: number }>`
        select target_arn, unopened, (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as silent_ms
        from millrace.warehouse_observations order by target_arn`.execute(db)
      return rows.map((row) => ({
        targetArn: row.target_arn,
        unopened: row.unopened,
        silentMs: row.silent_ms,
      }))
    },
    counted: ({ integrationId, sourceDatabase }, by, counts) =>
      writeAsOwner(db, [by], async (transaction) => {
        await sql`select ${lazily}`.execute(transaction)
        await sql`
          insert into millrace.row_counts (integration_id, source_database, counts, counted_at)
          select integration_id, source_database, ${json(Object.fromEntries(counts))}, clock_timestamp()
          from millrace.pipelines where integration_id = ${integrationId} and source_database = ${sourceDatabase}
          on conflict (integration_id, source_database) do update
            set counts = excluded.counts, counted_at = excluded.counted_at`.execute(transaction)
      }),
    async counts({ integrationId, sourceDatabase }) {
      const { rows } = await sql<{ counts: Record<string, number> }>`
        select counts from millrace.row_counts join millrace.pipelines using (integration_id, source_database)
        where integration_id = ${integrationId} and source_database = ${sourceDatabase} and counted_at >= launched_at`.execute(
        db,
      )
      return new Map(Object.entries(rows[0]?.counts ?? {}))
    },
  }
}
