import { randomUUID } from "node:crypto"
import { type Kysely, sql, type Transaction } from "kysely"
import type { IntegrationEvent } from "../domain/events.ts"
import { cut, messageAtMost } from "../domain/text-forms/plain-text.ts"
import type { EventRow, StateSchema } from "./schema.ts"

export interface RecordedEvent extends IntegrationEvent {
  /** Rises from event to event, in the order in which they were recorded. */
  id: bigint
  uid: string
  at: Date
}

/** Keeps the newest events. */
export interface EventStore {
  append(events: readonly IntegrationEvent[]): Promise<void>
  /** Oldest first. */
  after(id: bigint, limit: number): Promise<RecordedEvent[]>
  /** The newest event's id; 0n before the first. */
  newest(): Promise<bigint>
  /** How far a receiver has been told; one that is new has been told everything. */
  told(receiver: string): Promise<bigint>
  /** Never goes back: another process may have told more. */
  setTold(receiver: string, id: bigint): Promise<void>
}

const keptEvents = 10_000

export function eventStore(db: Kysely<StateSchema>): EventStore {
  const newest = async () => {
    const { id } = await db
      .selectFrom("events")
      .select(({ fn }) => fn.max<string | null>("id").as("id"))
      .executeTakeFirstOrThrow()
    return BigInt(id ?? 0)
  }
  return {
    append: (events) =>
      db.transaction().execute(async (transaction) => await appendEvents(transaction, events)),
    after: async (id, limit) => {
      const rows = await db
        .selectFrom("events")
        .selectAll()
        .where("id", ">", String(id))
        .orderBy("id")
        .limit(limit)
        .execute()
      return rows.map(fromRow)
    },
    newest,
    async told(name) {
      const told = String(await newest())
      await db
        .insertInto("event_receivers")
        .values({ name, told })
        .onConflict((on) => on.doNothing())
        .execute()
      const row = await db
        .selectFrom("event_receivers")
        .select("told")
        .where("name", "=", name)
        .executeTakeFirstOrThrow()
      return BigInt(row.told)
    },
    async setTold(name, id) {
      await db
        .updateTable("event_receivers")
        .set({ told: String(id) })
        .where("name", "=", name)
        .where("told", "<", String(id))
        .execute()
    },
  }
}

/** One recorder at a time until it commits: whoever has read up to an id has missed none before it. */
const eventLock = 4_716_021_003

export async function appendEvents(
  transaction: Transaction<StateSchema>,
  events: readonly IntegrationEvent[],
): Promise<void> {
  if (events.length === 0) return
  await sql`select pg_advisory_xact_lock(${eventLock})`.execute(transaction)
  const rows = await transaction.insertInto("events").values(events.map(toRow)).returning("id").execute()
  const oldestKept = BigInt(rows.at(-1)?.id ?? 0) - BigInt(keptEvents)
  await transaction.deleteFrom("events").where("id", "<=", String(oldestKept)).execute()
}

function toRow(event: IntegrationEvent) {
  return {
    uid: randomUUID(),
    at: new Date(),
    event_id: event.eventId,
    severity: event.severity,
    category: event.category,
    message: cut(event.message, messageAtMost),
    integration_arn: event.integrationArn,
    integration_name: event.integrationName,
    status: event.status,
  }
}

function fromRow(row: EventRow): RecordedEvent {
  return {
    id: BigInt(row.id),
    uid: row.uid,
    at: row.at,
    eventId: row.event_id,
    severity: row.severity,
    category: row.category,
    message: row.message,
    integrationArn: row.integration_arn,
    integrationName: row.integration_name,
    status: row.status,
  }
}
