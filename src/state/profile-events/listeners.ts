import { type Kysely, sql } from "kysely"
import { plainId } from "../profiles/profile-rows.ts"
import type { StateSchema } from "../schema.ts"

type Db = Kysely<StateSchema>

/** Who is told of what happens in a domain. */
export interface Listeners {
  streams: { name: string; uri: string }[]
  /** Each with the destinations of the integrations that name it; one that has none is left out. */
  triggers: { name: string; objectType: string; definition: string; uris: string[] }[]
}

/** One statement where no trigger is, so that a domain in which nobody listens costs little. */
export async function listenersOf(db: Db, domain: number): Promise<Listeners> {
  const { rows } = await sql<ListenerRow>`
    select 'stream' as kind, name, uri, '' as object_type, '' as definition
      from millrace.profile_event_streams where domain = ${domain}
    union all
    select 'trigger', name, '', object_type, definition
      from millrace.profile_event_triggers where domain = ${domain}
    order by 1, 2`.execute(db)
  const triggers = rows.filter(({ kind }) => kind === "trigger")
  const destinations = triggers.length === 0 ? [] : await destinationsOf(db, domain)
  return {
    streams: rows.flatMap(({ kind, name, uri }) => (kind === "stream" ? [{ name, uri }] : [])),
    triggers: triggers.flatMap(({ name, object_type: objectType, definition }) => {
      const uris = destinations.filter(({ names }) => names.includes(name)).map(({ uri }) => uri)
      return uris.length === 0 ? [] : [{ name, objectType, definition, uris }]
    }),
  }
}

/** Integrations that take what triggers send. */
async function destinationsOf(db: Db, domain: number): Promise<{ uri: string; names: string[] }[]> {
  const { rows } = await sql<{ uri: string; names: string[] }>`
    select uri, event_trigger_names as names from millrace.profile_integrations
    where domain = ${domain} and event_trigger_names <> '{}' order by uri`.execute(db)
  return rows
}

interface ListenerRow {
  kind: "stream" | "trigger"
  name: string
  uri: string
  object_type: string
  definition: string
}

/** That a trigger fired for a profile. */
export interface Invocation {
  trigger: string
  profile: string
  firedAtMs: number
}

/** Those of these triggers and profiles, not before the given time. */
export async function invocationsOf(
  db: Db,
  domain: number,
  asked: { triggers: readonly string[]; profiles: readonly string[]; sinceMs: number },
): Promise<Invocation[]> {
  const { rows } = await sql<{ trigger: string; profile: string; fired_at: Date }>`
    select trigger, profile, fired_at from millrace.profile_trigger_invocations
    where domain = ${domain} and trigger = any(${asked.triggers}::text[])
      and profile = any(${asked.profiles}::uuid[]) and fired_at >= ${new Date(asked.sinceMs)}`.execute(db)
  return rows.map(({ trigger, profile, fired_at: at }) => ({
    trigger,
    profile: plainId(profile),
    firedAtMs: at.getTime(),
  }))
}

export async function recordInvocations(
  db: Db,
  domain: number,
  invocations: readonly Invocation[],
): Promise<void> {
  if (invocations.length === 0) return
  await sql`insert into millrace.profile_trigger_invocations (domain, trigger, profile, fired_at)
    select ${domain}::integer, w.* from unnest(${invocations.map(({ trigger }) => trigger)}::text[],
      ${invocations.map(({ profile }) => profile)}::uuid[],
      ${invocations.map(({ firedAtMs }) => new Date(firedAtMs).toISOString())}::timestamptz[]) as w`.execute(
    db,
  )
}
