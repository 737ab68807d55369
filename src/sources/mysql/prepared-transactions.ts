/** Events of transactions in two phases (XA) that are prepared and may still be committed or rolled back. */
export interface PreparedTransactions {
  /** Takes a copy of an event's body. */
  keep(xid: string, type: number, bytes: Buffer, start: number, end: number): void
  /** Gives what was kept, and forgets it. `undefined`: it was prepared before we came, or was too large to keep. */
  take(xid: string): KeptEvent[] | undefined
}

export interface KeptEvent {
  type: number
  body: Buffer
}

/** Of all together: who prepares more than this gets a fresh copy of the tables at its commit. */
const mostBytes = 64 * 2 ** 20

export function newPreparedTransactions(): PreparedTransactions {
  const kept = new Map<string, KeptEvent[]>()
  let bytesKept = 0
  const forget = (xid: string) => {
    for (const { body } of kept.get(xid) ?? []) bytesKept -= body.length
    kept.delete(xid)
  }
  const tooLarge = new Set<string>()
  return {
    keep(xid, type, bytes, start, end) {
      if (tooLarge.has(xid)) return
      if (bytesKept + end - start > mostBytes) {
        forget(xid)
        tooLarge.add(xid)
        return
      }
      const events = kept.get(xid) ?? []
      kept.set(xid, events)
      events.push({ type, body: Buffer.from(bytes.subarray(start, end)) })
      bytesKept += end - start
    },
    take(xid) {
      const events = kept.get(xid)
      forget(xid)
      tooLarge.delete(xid)
      return events
    },
  }
}
