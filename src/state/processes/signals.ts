import { type Kysely, sql } from "kysely"
import { startDeadline } from "../../concurrency/deadline.ts"
import { orderChannel, orderedChannel } from "../pipelines/orders.ts"
import type { StateSchema } from "../schema.ts"
import { newListener } from "./listener.ts"

/**
 * Tells at once what another process has written (LISTEN and NOTIFY). It is a short cut only: a notification may be lost with
 * its connection, so that whoever waits looks by itself now and then.
 */
export interface Signals {
  /** Called when something has been asked of pipelines, and when something may have been missed. */
  onAsked(listener: () => void): void
  /** As `onAsked`, when what should be has changed (integrations, databases, their options). */
  onWanted(listener: () => void): void
  /** Has every process's `onWanted` called. */
  tellWanted(): Promise<void>
  /** Resolves when something becomes of an order, or after so long. */
  changed(id: string, limitMs: number): Promise<void>
  close(): Promise<void>
}

const wantedChannel = "millrace_wanted"

/** Connects with the first question. `onError`: the connection broke; it is opened again by itself. */
export function newSignals(url: string, db: Kysely<StateSchema>, onError: (error: Error) => void): Signals {
  const asked = new Set<() => void>()
  const wanted = new Set<() => void>()
  const orders = newOrderWaits()
  const tell = (listeners: ReadonlySet<() => void>) => {
    for (const listener of listeners) listener()
  }
  const listener = newListener({
    url,
    channels: [orderedChannel, orderChannel, wantedChannel],
    onNotification(channel, payload) {
      if (channel === orderedChannel) tell(asked)
      else if (channel === wantedChannel) tell(wanted)
      else orders.tell(payload)
    },
    onOpen() {
      tell(asked)
      tell(wanted)
    },
    onError,
  })
  const addTo = (listeners: Set<() => void>) => (added: () => void) => {
    listeners.add(added)
    listener.begin()
  }
  return {
    onAsked: addTo(asked),
    onWanted: addTo(wanted),
    async tellWanted() {
      await sql`select pg_notify(${wantedChannel}, '')`.execute(db)
    },
    changed(id, limitMs) {
      listener.begin()
      return orders.changed(id, limitMs)
    },
    close: listener.close,
  }
}

/** Who waits for which order. */
function newOrderWaits() {
  const waiting = new Map<string, Set<() => void>>()
  return {
    tell(id: string): void {
      for (const resolve of waiting.get(id) ?? []) resolve()
    },
    changed(id: string, limitMs: number): Promise<void> {
      return new Promise((resolve) => {
        const mine = waiting.get(id) ?? new Set()
        waiting.set(id, mine)
        const done = () => {
          limit.end()
          mine.delete(done)
          if (mine.size === 0) waiting.delete(id)
          resolve()
        }
        const limit = startDeadline(limitMs, done)
        mine.add(done)
      })
    },
  }
}
