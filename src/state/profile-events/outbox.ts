import { type Kysely, sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** An event for one destination. */
export interface OutgoingEvent {
  uri: string
  profile: string
  /** The stream or trigger that it is for. */
  origin: string
  eventId: string
  /** JSON text. */
  body: string
}

/** Where events wait to be sent. */
export interface WaitingDestination {
  domain: number
  domainName: string
  uri: string
  /** How often in a row it took nothing. */
  failures: number
}

export interface WaitingEvent extends OutgoingEvent {
  number: string
  /** How often the destination refused it. */
  refusals: number
  /** Milliseconds since it was recorded, by the database's clock. */
  ageMs: number
}

/** Events that are still to be sent, by destination; those of one profile in the order in which they were recorded. */
export interface OutboxStore {
  /** Destinations that are not paused and for which there are events. */
  destinations(): Promise<WaitingDestination[]>
  /** The first events that may be sent now: none of a profile that has an earlier one which is not due. */
  waiting(destination: WaitingDestination, limit: number): Promise<WaitingEvent[]>
  remove(destination: WaitingDestination, numbers: readonly string[]): Promise<void>
  /** The destination refused the event: it, and those of its profile after it, wait. */
  refused(destination: WaitingDestination, number: string, inMs: number): Promise<void>
  /** Nothing is sent there for a while. */
  pause(destination: WaitingDestination, message: string, forMs: number): Promise<void>
  healthy(destination: WaitingDestination): Promise<void>
}

export function outboxStore(db: Db): OutboxStore {
  return {
    destinations: async () => {
      const { rows } = await sql<DestinationRow>`select d.domain, p.name, d.uri, d.failures
        from millrace.profile_event_destinations d join millrace.profile_domains p on p.number = d.domain
        where (d.paused_until is null or d.paused_until <= clock_timestamp())
          and exists (select 1 from millrace.profile_outbox o where o.domain = d.domain and o.uri = d.uri)`.execute(
        db,
      )
      return rows.map(({ domain, name, uri, failures }) => ({ domain, domainName: name, uri, failures }))
    },
    waiting: (destination, limit) => waiting(db, destination, limit),
    remove: async ({ domain, uri }, numbers) => {
      if (numbers.length === 0) return
      await sql`delete from millrace.profile_outbox
        where domain = ${domain} and uri = ${uri} and number = any(${numbers}::bigint[])`.execute(db)
    },
    refused: async ({ domain, uri }, number, inMs) => {
      await sql`update millrace.profile_outbox set refusals = refusals + 1,
        due_at = clock_timestamp() + ${inMs} * interval '1 ms'
        where domain = ${domain} and uri = ${uri} and number = ${number}::bigint`.execute(db)
    },
    pause: async ({ domain, uri }, message, forMs) => {
      await sql`update millrace.profile_event_destinations set failures = failures + 1, message = ${message},
        unhealthy_since = coalesce(unhealthy_since, clock_timestamp()),
        paused_until = clock_timestamp() + ${forMs} * interval '1 ms'
        where domain = ${domain} and uri = ${uri}`.execute(db)
    },
    healthy: async ({ domain, uri }) => {
      await sql`update millrace.profile_event_destinations set failures = 0, message = null,
        unhealthy_since = null, paused_until = null where domain = ${domain} and uri = ${uri}`.execute(db)
    },
  }
}

async function waiting(db: Db, { domain, uri }: WaitingDestination, limit: number): Promise<WaitingEvent[]> {
  const { rows } = await sql<WaitingRow>`select o.number, o.profile, o.origin, o.event_id, o.body, o.refusals,
      (extract(epoch from clock_timestamp() - o.recorded_at) * 1000)::float8 as age
    from millrace.profile_outbox o
    where o.domain = ${domain} and o.uri = ${uri} and not exists (
      select 1 from millrace.profile_outbox b where b.domain = o.domain and b.uri = o.uri
        and b.profile = o.profile and b.number <= o.number and b.due_at > clock_timestamp())
    order by o.number limit ${limit}`.execute(db)
  return rows.map((row) => ({
    uri,
    number: row.number,
    profile: plainId(row.profile),
    origin: row.origin,
    eventId: row.event_id,
    body: row.body,
    refusals: row.refusals,
    ageMs: row.age,
  }))
}

/** Part of the transaction in which the events happen. */
export async function recordOutgoing(
  db: Db,
  domain: number,
  events: readonly OutgoingEvent[],
): Promise<void> {
  if (events.length === 0) return
  await sql`insert into millrace.profile_event_destinations (domain, uri)
    select distinct ${domain}::integer, uri from unnest(${events.map(({ uri }) => uri)}::text[]) as w (uri)
    on conflict do nothing`.execute(db)
  await sql`insert into millrace.profile_outbox (domain, uri, profile, origin, event_id, body)
    select ${domain}::integer, w.uri, w.profile, w.origin, w.event_id, w.body from unnest(${events.map(({ uri }) => uri)}::text[],
      ${events.map(({ profile }) => profile)}::uuid[], ${events.map(({ origin }) => origin)}::text[],
      ${events.map(({ eventId }) => eventId)}::uuid[], ${events.map(({ body }) => body)}::text[])
      with ordinality as w (uri, profile, origin, event_id, body, place) order by place`.execute(db)
}

interface DestinationRow {
  domain: number
  name: string
  uri: string
  failures: number
}

interface WaitingRow {
  number: string
  profile: string
  origin: string
  event_id: string
  body: string
  refusals: number
  age: number
}
