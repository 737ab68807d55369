import { type Kysely, sql, type Transaction } from "kysely"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"
import { json } from "./json.ts"
import type { ObservedTable, PipelineFacts } from "./observed-facts.ts"

/**
 * What the owners of pipelines see of them. Each process that runs pipelines has a heartbeat; what it wrote last is true
 * for as long as the heartbeat is new. Ages are by the state database's clock, so that the clocks of machines do not matter.
 */
export interface ObservationStore {
  /**
   * Writes what changed, and the heartbeat, in one transaction. False: the heartbeat was not as its owner left it (the
   * state database lost its latest commits or was replaced, or a pipeline is gone): then `beat` with everything, `sequence` 0.
   */
  beat(beat: Heartbeat): Promise<boolean>
  /** Every pipeline that was launched, by integration and source database. */
  all(): Promise<Observation[]>
  /** Integrations of which nobody has told about a wanted pipeline for longer than this, and for how long; both in ms. */
  silent(afterMs: number): Promise<Map<string, number>>
}

export interface PipelineKey {
  integrationId: string
  sourceDatabase: string
}

export interface Heartbeat {
  /** Of the process that runs them; unique to its start. */
  owner: string
  /** How many heartbeats came before; 0: the owner's first, which forgets what is recorded under its name. */
  sequence: number
  changed: readonly ChangedPipeline[]
  /** Pipelines that do not run here any more. */
  ended: readonly PipelineKey[]
}

export interface ChangedPipeline extends PipelineKey {
  /** Who writes for an older generation than the one recorded changes nothing. */
  generation: number
  facts: PipelineFacts
  changedTables: readonly ObservedTable[]
  /** Ids. */
  goneTables: readonly string[]
  /** No table but the changed ones stays recorded. */
  isWhole: boolean
}

export interface Observation extends PipelineKey {
  destinationDatabase: string
  /** It is what its integration asks for; false: it is being ended. */
  isWanted: boolean
  /** Since its owner's latest sign of life: heartbeat or launch. */
  silentMs: number
  /** Undefined: its owner has had no heartbeat since the launch; what was seen before is of another run. */
  seen: { ageMs: number; facts: PipelineFacts; tables: ObservedTable[] } | undefined
  /** What was told last, however long ago and by whichever run; undefined: nothing ever was. */
  last: { facts: PipelineFacts; tables: ObservedTable[] } | undefined
}

type Db = Kysely<StateSchema>

/** The owner of what nobody tells any more. No process is called so. */
const nobody = sql.lit("")

/** A run that has applied nothing yet, or cannot ask the source, leaves what the runs before it last knew of that. */
const keptFacts = sql`excluded.facts || jsonb_build_object(${sql.join(
  (["appliedAtMs", "latestRetention"] satisfies (keyof PipelineFacts)[]).map(
    (name) =>
      sql`${sql.lit(name)}, coalesce(nullif(excluded.facts -> ${sql.lit(name)}, 'null'), known.facts -> ${sql.lit(name)}, 'null')`,
  ),
)})`

export function observationStore(db: Db): ObservationStore {
  return { beat: (heartbeat) => beat(db, heartbeat), all: () => all(db), silent: (ms) => silent(db, ms) }
}

async function beat(db: Db, heartbeat: Heartbeat): Promise<boolean> {
  const isQuiet = heartbeat.changed.length + heartbeat.ended.length === 0
  if (isQuiet && heartbeat.sequence > 0) return await advance(db, heartbeat)
  try {
    if (heartbeat.sequence > 0 && onlyAdds(heartbeat)) return await advanceAndRecord(db, heartbeat)
    return await db.transaction().execute(async (transaction) => {
      if (!(await advance(transaction, heartbeat))) return false
      for (const one of heartbeat.ended) await forget(transaction, heartbeat.owner, one)
      for (const one of heartbeat.changed) await record(transaction, heartbeat.owner, one)
      return true
    })
  } catch (error) {
    // The pipeline's record went while this was written.
    if (brokenConstraint(error)?.startsWith("pipeline_observations_") !== true) throw error
    return false
  }
}

/**
 * One statement, and without waiting for the disk: what a crash of the state database takes away, the next heartbeat
 * notices by the sequence, and everything is written anew.
 */
async function advance(db: Db, { owner, sequence }: Heartbeat): Promise<boolean> {
  if (sequence === 0) return await introduce(db, owner)
  const { numAffectedRows } = await sql`
    with lazily as (select set_config('synchronous_commit', 'off', true) as is_set)
    update millrace.observers set sequence = sequence + 1, seen_at = clock_timestamp()
    from lazily where is_set = 'off' and owner = ${owner} and sequence = ${sequence}`.execute(db)
  return numAffectedRows === 1n
}

/** Nothing that is recorded is to go: what is usual. */
function onlyAdds({ changed, ended }: Heartbeat): boolean {
  return ended.length === 0 && changed.every(({ isWhole, goneTables }) => !isWhole && goneTables.length === 0)
}

/** One round trip and one statement for all pipelines, however many change: they do so four times a second. */
async function advanceAndRecord(db: Db, { owner, sequence, changed }: Heartbeat): Promise<boolean> {
  const told = changed.map(({ integrationId, sourceDatabase, generation, facts, changedTables }) => {
    return { integrationId, sourceDatabase, generation: String(generation), facts, tables: changedTables }
  })
  const { rows } = await sql`
    with lazily as (select set_config('synchronous_commit', 'off', true) as is_set),
    advanced as (
      update millrace.observers set sequence = sequence + 1, seen_at = clock_timestamp()
      from lazily where is_set = 'off' and owner = ${owner} and sequence = ${sequence} returning owner
    ),
    told as (
      select p.integration_id, p.source_database, a.owner, one.generation, one.facts, one.tables
      from jsonb_to_recordset(${json(told)}) as one
        ("integrationId" uuid, "sourceDatabase" text, generation bigint, facts jsonb, tables jsonb)
      join millrace.pipelines p on p.integration_id = one."integrationId" and p.source_database = one."sourceDatabase"
      cross join advanced a
    ),
    recorded as (
      insert into millrace.pipeline_observations as known
        (integration_id, source_database, owner, generation, changed_at, facts)
      select integration_id, source_database, owner, generation, clock_timestamp(), facts from told
      order by integration_id, source_database
      on conflict (integration_id, source_database) do update
        set owner = excluded.owner, generation = excluded.generation, changed_at = excluded.changed_at, facts = ${keptFacts}
        where known.generation <= excluded.generation
      returning integration_id, source_database
    ),
    tables as (
      insert into millrace.table_observations (integration_id, source_database, table_id, facts)
      select integration_id, source_database, one ->> 'id', one
      from told join recorded using (integration_id, source_database), jsonb_array_elements(told.tables) as one
      on conflict (integration_id, source_database, table_id) do update set facts = excluded.facts
    )
    select owner from advanced`.execute(db)
  return rows.length === 1
}

async function introduce(db: Db, owner: string): Promise<true> {
  await sql`delete from millrace.observers where seen_at < clock_timestamp() - interval '1 day'`.execute(db)
  await sql`update millrace.pipeline_observations set owner = ${nobody}, changed_at = clock_timestamp()
    where owner = ${owner}`.execute(db)
  await sql`insert into millrace.observers (owner, sequence, seen_at) values (${owner}, 1, clock_timestamp())
    on conflict (owner) do update set sequence = 1, seen_at = clock_timestamp()`.execute(db)
  return true
}

/** What was seen stays, as what was known last; nobody says any more that it is still so. */
async function forget(
  transaction: Transaction<StateSchema>,
  owner: string,
  { integrationId, sourceDatabase }: PipelineKey,
): Promise<void> {
  await sql`
    update millrace.pipeline_observations set owner = ${nobody}, changed_at = clock_timestamp()
    where integration_id = ${integrationId} and source_database = ${sourceDatabase} and owner = ${owner}`.execute(
    transaction,
  )
}

async function record(
  transaction: Transaction<StateSchema>,
  owner: string,
  one: ChangedPipeline,
): Promise<void> {
  const { integrationId, sourceDatabase, generation, facts } = one
  const { numAffectedRows } = await sql`
    insert into millrace.pipeline_observations as known
      (integration_id, source_database, owner, generation, changed_at, facts)
    select integration_id, source_database, ${owner}::text, ${String(generation)}::bigint, clock_timestamp(), ${json(facts)}
    from millrace.pipelines where integration_id = ${integrationId} and source_database = ${sourceDatabase}
    on conflict (integration_id, source_database) do update
      set owner = excluded.owner, generation = excluded.generation, changed_at = excluded.changed_at, facts = ${keptFacts}
      where known.generation <= excluded.generation`.execute(transaction)
  if (numAffectedRows === 1n) await recordTables(transaction, one)
}

async function recordTables(
  transaction: Transaction<StateSchema>,
  { integrationId, sourceDatabase, changedTables, goneTables, isWhole }: ChangedPipeline,
): Promise<void> {
  const ofPipeline = transaction
    .deleteFrom("table_observations")
    .where("integration_id", "=", integrationId)
    .where("source_database", "=", sourceDatabase)
  if (isWhole) await ofPipeline.execute()
  else if (goneTables.length > 0)
    await ofPipeline.where(sql`table_id = any(${[...goneTables]}::text[])`.$castTo<boolean>()).execute()
  if (changedTables.length === 0) return
  await sql`
    insert into millrace.table_observations (integration_id, source_database, table_id, facts)
    select ${integrationId}::uuid, ${sourceDatabase}::text, one ->> 'id', one from jsonb_array_elements(${json(changedTables)}) as one
    on conflict (integration_id, source_database, table_id) do update set facts = excluded.facts`.execute(
    transaction,
  )
}

/** Latest of the owner's heartbeat, its farewell and the launch: a pipeline that has only just been launched is not silent. */
const silentMs = sql<number>`(extract(epoch from clock_timestamp()
  - greatest(b.seen_at, p.launched_at, case when o.owner = ${nobody} then o.changed_at end)) * 1000)::float8`

/** Joins pipelines `p` with their observation `o`, its owner `b`, and `d`, which is there if the pipeline is wanted. */
const joined = sql`
  from millrace.pipelines p
  join millrace.integrations i on i.id = p.integration_id
  left join millrace.destinations d on d.integration_id = p.integration_id
    and d.source_database = p.source_database and d.destination_database = p.destination_database
    and i.status <> 'deleting'
  left join millrace.pipeline_observations o
    on o.integration_id = p.integration_id and o.source_database = p.source_database
  left join millrace.observers b on b.owner = o.owner`

interface ObservationRow {
  integration_id: string
  source_database: string
  destination_database: string
  is_wanted: boolean
  silent_ms: number
  age_ms: number | null
  facts: PipelineFacts | null
  tables: ObservedTable[] | null
}

async function all(db: Db): Promise<Observation[]> {
  const { rows } = await sql<ObservationRow>`
    select p.integration_id, p.source_database, p.destination_database, d.integration_id is not null as is_wanted,
      ${silentMs} as silent_ms, o.facts,
      case when b.seen_at >= p.launched_at
        then (extract(epoch from clock_timestamp() - b.seen_at) * 1000)::float8 end as age_ms,
      (select jsonb_agg(t.facts) from millrace.table_observations t
        where t.integration_id = o.integration_id and t.source_database = o.source_database) as tables
    ${joined} order by i.created_at, i.id, p.source_database`.execute(db)
  return rows.map((row) => ({
    integrationId: row.integration_id,
    sourceDatabase: row.source_database,
    destinationDatabase: row.destination_database,
    isWanted: row.is_wanted,
    silentMs: row.silent_ms,
    seen:
      row.facts === null || row.age_ms === null
        ? undefined
        : { ageMs: row.age_ms, facts: row.facts, tables: row.tables ?? [] },
    last: row.facts === null ? undefined : { facts: row.facts, tables: row.tables ?? [] },
  }))
}

async function silent(db: Db, afterMs: number): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: string; silent_ms: number }>`
    select i.id, max(${silentMs}) as silent_ms ${joined}
    where d.integration_id is not null group by i.id having max(${silentMs}) > ${afterMs}`.execute(db)
  return new Map(rows.map(({ id, silent_ms }) => [id, silent_ms]))
}
