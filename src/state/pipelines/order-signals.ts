import pg from "pg"
import { orderChannel, orderedChannel } from "./orders.ts"

/**
 * Tells at once what another process has written about orders, over a connection of its own (LISTEN). It is a short cut only:
 * a notification may be lost with its connection, so that whoever waits looks by itself now and then.
 */
export interface OrderSignals {
  /** Called when something has been asked, and when something may have been missed. */
  onAsked(listener: () => void): void
  /** Resolves when something becomes of an order, or after so long. */
  changed(id: string, limitMs: number): Promise<void>
  close(): Promise<void>
}

const reconnectMs = 1_000
const connectTimeoutMs = 5_000

/** Connects with the first question. `onError`: the connection broke; it is opened again by itself. */
export function newOrderSignals(url: string, onError: (error: Error) => void): OrderSignals {
  const asked = new Set<() => void>()
  const waiting = new Map<string, Set<() => void>>()
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  let isBegun = false
  let isClosed = false

  function begin(): void {
    if (isBegun || isClosed) return
    isBegun = true
    void connect()
  }

  async function connect(): Promise<void> {
    const opening = new pg.Client({
      connectionString: url,
      application_name: "millrace orders",
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    })
    client = opening
    opening.on("notification", ({ channel, payload }) => {
      if (channel === orderedChannel) tellAsked()
      else if (payload !== undefined) tellChanged(payload)
    })
    // Once for each connection, whatever ends it.
    const failed = (error: Error) => {
      if (client !== opening) return
      client = undefined
      opening.end().catch(() => undefined)
      if (isClosed) return
      onError(error)
      retry = setTimeout(() => void connect(), reconnectMs)
    }
    opening.on("error", failed)
    opening.on("end", () => failed(new Error("the connection has ended")))
    try {
      await opening.connect()
      await opening.query(`listen ${orderedChannel}; listen ${orderChannel}`)
      tellAsked()
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  function tellAsked(): void {
    for (const listener of asked) listener()
  }

  function tellChanged(id: string): void {
    for (const resolve of waiting.get(id) ?? []) resolve()
  }

  return {
    onAsked(listener) {
      asked.add(listener)
      begin()
    },
    changed(id, limitMs) {
      begin()
      return new Promise((resolve) => {
        const mine = waiting.get(id) ?? new Set()
        waiting.set(id, mine)
        const done = () => {
          clearTimeout(timer)
          mine.delete(done)
          if (mine.size === 0) waiting.delete(id)
          resolve()
        }
        const timer = setTimeout(done, limitMs)
        mine.add(done)
      })
    },
    async close() {
      isClosed = true
      clearTimeout(retry)
      const open = client
      client = undefined
      await open?.end().catch(() => undefined)
    },
  }
}
