import type { Kysely } from "kysely"
import type { StateSchema } from "../schema.ts"
import { type OutboxStore, outboxStore } from "./outbox.ts"
import { type StreamStore, streamStore } from "./streams.ts"
import { type TriggerStore, triggerStore } from "./triggers.ts"

/** Who is told of what happens to profiles, and what is still to be told. */
export interface ProfileEventStore {
  /** @param domain the domain's number */
  triggers(domain: number): TriggerStore
  /** @param domain the domain's number */
  streams(domain: number): StreamStore
  outbox: OutboxStore
}

export function profileEventStore(db: Kysely<StateSchema>): ProfileEventStore {
  return {
    triggers: (domain) => triggerStore(db, domain),
    streams: (domain) => streamStore(db, domain),
    outbox: outboxStore(db),
  }
}
