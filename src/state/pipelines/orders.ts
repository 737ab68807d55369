import { type Kysely, sql } from "kysely"
import { Fault, type FaultKind } from "../../domain/faults.ts"
import { brokenConstraint } from "../connection.ts"
import type { StateSchema } from "../schema.ts"
import { json } from "./json.ts"
import type { PipelineKey } from "./observations.ts"

export type OrderKind = "resync" | "refresh" | "settings" | "wait" | "verify"

/** `expired`: no process took the order in its time, or the one that took it did not end it. */
export type OrderState = "asked" | "taken" | "done" | "failed" | "expired"

export interface NewOrder extends PipelineKey {
  kind: OrderKind
  /** Plain JSON. */
  parameters: object
  /** Name of the access key or SQL user. */
  askedBy: string
  /** Milliseconds from now, by the state database's clock, after which the order expires; `progress` sets it anew. */
  lifetimeMs: number
}

export interface Order extends PipelineKey {
  /** Rises with each order that is asked. */
  id: string
  kind: OrderKind
  parameters: object
  askedBy: string
  state: OrderState
  /** The result so far; null: none yet. */
  result: object | null
  /** Why the order failed. `internal`: the log of the process that took it has the error. */
  fault: OrderFault | null
  /** How often it was taken: more than once if its taker ended before it. */
  attempts: number
  askedAt: Date
  endedAt: Date | null
}

export interface OrderFault {
  kind: FaultKind | "internal"
  message: string
}

export type OrderOutcome = { state: "done"; result: object } | { state: "failed"; fault: OrderFault }

/**
 * What callers ask of pipelines. An order may be carried out more than once, because the process that took it may end at any
 * point: every kind must allow that.
 */
export interface OrderStore {
  /**
   * Asks all or nothing; answers the ids, in order.
   *
   * @throws Fault unavailable when too many wait already, conflictingOperation when a verification is open for one of them
   */
  ask(orders: readonly NewOrder[]): Promise<string[]>
  byId(id: string): Promise<Order | undefined>
  /** Takes what is asked of these pipelines, also what an earlier owner took and did not end. Oldest first. */
  take(owner: string, pipelines: readonly PipelineKey[]): Promise<Order[]>
  /** Records the result so far. False: the order is no longer this owner's. */
  progress(owner: string, id: string, noted: { result: object | null; lifetimeMs: number }): Promise<boolean>
  /** Records the outcome. False: the order is no longer this owner's. */
  end(owner: string, id: string, outcome: OrderOutcome): Promise<boolean>
  /** Gives back what the owner has taken and not ended. */
  release(owner: string): Promise<void>
  /** The newest verification of the integration: its orders, one for each pipeline that it began with. */
  latestVerification(integrationId: string): Promise<Order[]>
  /** Repeatable. */
  remove(id: string): Promise<void>
  /** Marks orders whose time is over as expired, and removes those that ended long ago. */
  sweep(): Promise<void>
}

/** Of one pipeline. */
const openAtMost = 200
const takenAtOnce = 100
/** Times that an order is taken: one whose process ended each time is not tried again. */
const attemptsAtMost = 3
/** Kinds whose caller waits for the result: it is of no use once the caller has gone. */
const fleeting: readonly OrderKind[] = ["resync", "refresh", "settings", "wait"]
const endedAtMost = 2_000

type Db = Kysely<StateSchema>

/**
 * The commit does not wait for the disk: the caller waits for the result, and asks again if a crash of the state database
 * loses order or result.
 */
const lazily = sql`set_config('synchronous_commit', 'off', true)`

export const orderedChannel = "millrace_ordered"
export const orderChannel = "millrace_order"

export function orderStore(db: Db): OrderStore {
  return {
    ask: (orders) => ask(db, orders),
    async byId(id) {
      const { rows } = await sql<OrderRow>`select * from millrace.pipeline_orders where id = ${id}`.execute(
        db,
      )
      return rows.map(fromRow)[0]
    },
    take: (owner, pipelines) => take(db, owner, pipelines),
    async progress(owner, id, { result, lifetimeMs }) {
      const { numAffectedRows } = await sql`
        with told as (select pg_notify(${orderChannel}, ${id}), ${lazily})
        update millrace.pipeline_orders set result = ${json(result)}, expires_at = ${after(lifetimeMs)}
        from told where id = ${id} and state = 'taken' and taken_by = ${owner}`.execute(db)
      return numAffectedRows === 1n
    },
    end: (owner, id, outcome) => end(db, owner, id, outcome),
    async release(owner) {
      await sql`update millrace.pipeline_orders set state = 'asked', taken_by = null, attempts = attempts - 1
        where state = 'taken' and taken_by = ${owner}`.execute(db)
    },
    latestVerification: (integrationId) => latestVerification(db, integrationId),
    async remove(id) {
      await sql`delete from millrace.pipeline_orders where id = ${id}`.execute(db)
    },
    sweep: () => sweep(db),
  }
}

async function ask(db: Db, orders: readonly NewOrder[]): Promise<string[]> {
  try {
    const [only] = orders
    if (only !== undefined && orders.length === 1) return [await askOne(db, only)]
    return await db.transaction().execute(async (transaction) => {
      const ids: string[] = []
      for (const order of orders) ids.push(await askOne(transaction, order))
      return ids
    })
  } catch (error) {
    const constraint = brokenConstraint(error)
    if (constraint === "pipeline_orders_one_verification")
      throw new Fault("conflictingOperation", "It is being verified already; wait until that is done.")
    if (constraint?.endsWith("_fkey") === true)
      throw new Fault("integrationInWrongState", "The pipeline has ended meanwhile.")
    throw error
  }
}

async function askOne(db: Db, order: NewOrder): Promise<string> {
  const { integrationId, sourceDatabase, kind, parameters, askedBy, lifetimeMs } = order
  const { rows } = await sql<{ id: string }>`
    with open as (
      select count(*) as n, ${lazily} from millrace.pipeline_orders
      where integration_id = ${integrationId} and source_database = ${sourceDatabase} and state in ('asked', 'taken')
    ), asked as (
      insert into millrace.pipeline_orders
        (integration_id, source_database, kind, parameters, asked_by, expires_at)
      select ${integrationId}::uuid, ${sourceDatabase}::text, ${kind}::text, ${json(parameters)}, ${askedBy}::text,
        ${after(lifetimeMs)}
      from open where n < ${openAtMost} returning id
    )
    select id, pg_notify(${orderedChannel}, '') from asked`.execute(db)
  const [asked] = rows
  if (asked === undefined)
    throw new Fault("unavailable", `Already ${openAtMost} orders wait for this pipeline. Try again shortly.`)
  return asked.id
}

async function take(db: Db, owner: string, pipelines: readonly PipelineKey[]): Promise<Order[]> {
  const ids = pipelines.map(({ integrationId }) => integrationId)
  const databases = pipelines.map(({ sourceDatabase }) => sourceDatabase)
  const { rows } = await sql<OrderRow>`
    with mine as (
      select o.id, ${lazily} from millrace.pipeline_orders o
      join unnest(${ids}::uuid[], ${databases}::text[]) as p (integration_id, source_database)
        on p.integration_id = o.integration_id and p.source_database = o.source_database
      where (o.state = 'asked' or (o.state = 'taken' and o.taken_by <> ${owner}))
        and o.attempts < ${attemptsAtMost} and o.expires_at > clock_timestamp()
      order by o.id limit ${takenAtOnce} for update of o skip locked
    )
    update millrace.pipeline_orders o
      set state = 'taken', taken_by = ${owner}, taken_at = clock_timestamp(), attempts = attempts + 1
    from mine where mine.id = o.id returning o.*`.execute(db)
  return rows.map(fromRow).sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
}

async function end(db: Db, owner: string, id: string, outcome: OrderOutcome): Promise<boolean> {
  const result = outcome.state === "done" ? outcome.result : null
  const fault = outcome.state === "failed" ? outcome.fault : null
  const { numAffectedRows } = await sql`
    with told as (select pg_notify(${orderChannel}, ${id}), ${lazily})
    update millrace.pipeline_orders
      set state = ${outcome.state}, result = coalesce(${json(result)}, result), fault = ${json(fault)},
        ended_at = clock_timestamp()
    from told where id = ${id} and state = 'taken' and taken_by = ${owner}`.execute(db)
  return numAffectedRows === 1n
}

async function latestVerification(db: Db, integrationId: string): Promise<Order[]> {
  const { rows } = await sql<OrderRow>`
    select * from millrace.pipeline_orders
    where integration_id = ${integrationId} and kind = 'verify' and parameters ->> 'run' = (
      select parameters ->> 'run' from millrace.pipeline_orders
      where integration_id = ${integrationId} and kind = 'verify' order by id desc limit 1
    ) order by id`.execute(db)
  return rows.map(fromRow)
}

async function sweep(db: Db): Promise<void> {
  await sql`
    with late as (
      update millrace.pipeline_orders set state = 'expired', ended_at = clock_timestamp()
      where state in ('asked', 'taken') and expires_at <= clock_timestamp() returning id
    ) select pg_notify(${orderChannel}, id::text) from late`.execute(db)
  const message = `The process that carried it out ended ${attemptsAtMost} times before it was done.`
  await sql`
    with failed as (
      update millrace.pipeline_orders
        set state = 'failed', ended_at = clock_timestamp(), fault = ${json({ kind: "internal", message })}
      where state in ('asked', 'taken') and attempts >= ${attemptsAtMost} and (state = 'asked' or not exists (
        select from millrace.observers b where b.owner = taken_by and b.seen_at > clock_timestamp() - interval '1 minute'))
      returning id
    ) select pg_notify(${orderChannel}, id::text) from failed`.execute(db)
  await sql`
    delete from millrace.pipeline_orders o where state in ('done', 'failed', 'expired') and (
      (kind = any(${[...fleeting]}::text[]) and ended_at < clock_timestamp() - interval '1 minute')
      or (kind = 'verify' and ended_at < clock_timestamp() - interval '1 minute' and exists (
        select from millrace.pipeline_orders newer where newer.integration_id = o.integration_id
          and newer.source_database = o.source_database and newer.kind = 'verify' and newer.id > o.id))
      or id <= (select max(id) - ${endedAtMost} from millrace.pipeline_orders) and kind <> 'verify')`.execute(
    db,
  )
}

interface OrderRow {
  id: string
  integration_id: string
  source_database: string
  kind: OrderKind
  parameters: object
  asked_by: string
  state: OrderState
  result: object | null
  fault: OrderFault | null
  attempts: number
  asked_at: Date
  ended_at: Date | null
}

function fromRow(row: OrderRow): Order {
  return {
    id: row.id,
    integrationId: row.integration_id,
    sourceDatabase: row.source_database,
    kind: row.kind,
    parameters: row.parameters,
    askedBy: row.asked_by,
    state: row.state,
    result: row.result,
    fault: row.fault,
    attempts: row.attempts,
    askedAt: row.asked_at,
    endedAt: row.ended_at,
  }
}

function after(ms: number) {
  return sql`clock_timestamp() + make_interval(secs => ${ms / 1_000}::float8)`
}
