import type { LogEvent } from "./events.ts"

/** Events of transactions in two phases (XA) that are prepared and may still be committed or rolled back. */
export interface PreparedTransactions {
  /** From here on it is known whole, also if nothing of it is kept. */
  begin(xid: string): void
  /** Something of it cannot be kept. */
  lose(xid: string): void
  /** Takes a copy of an event's body. */
  keep(xid: string, event: LogEvent): void
  /** Gives what was kept, and forgets it. `undefined`: it was prepared before we came, or cannot be told whole. */
  take(xid: string): KeptEvent[] | undefined
}

export interface KeptEvent {
  type: number
  body: Buffer
}

/** Of all together: who prepares more than this gets a resync of the tables at its commit. */
const mostBytes = 64 * 2 ** 20

export function newPreparedTransactions(): PreparedTransactions {
  const kept = new Map<string, KeptEvent[]>()
  let bytesKept = 0
  const forget = (xid: string) => {
    for (const { body } of kept.get(xid) ?? []) bytesKept -= body.length
    kept.delete(xid)
  }
  const lost = new Set<string>()
  const lose = (xid: string) => {
    forget(xid)
    lost.add(xid)
  }
  return {
    lose,
    begin(xid) {
      forget(xid)
      lost.delete(xid)
      kept.set(xid, [])
    },
    keep(xid, { type, bytes, start, end }) {
      if (lost.has(xid)) return
      if (bytesKept + end - start > mostBytes) return lose(xid)
      const events = kept.get(xid) ?? []
      kept.set(xid, events)
      events.push({ type, body: Buffer.from(bytes.subarray(start, end)) })
      bytesKept += end - start
    },
    take(xid) {
      const events = kept.get(xid)
      forget(xid)
      lost.delete(xid)
      return events
    },
  }
}
