/**
 * Tables of which a resync was asked and which the warehouse has not recorded as stale yet. They outlive an attempt to
 * stream: what was asked of one that ends is done by the next. After a restart of the process the mark in the warehouse
 * tells of a resync, so whoever asked counts on it only when it is recorded.
 */
export interface AskedResyncs {
  /** The reason, by table id. */
  readonly reasons: ReadonlyMap<string, string>
  /**
   * Asks for a resync of tables by id. Resolves with `true` when none of them waits any longer: each is recorded as
   * stale, or was not in step. `false`: the pipeline stopped before.
   */
  ask(ids: Iterable<string>, reason: string): Promise<boolean>
  /** The warehouse has recorded the table as stale, or does not hold it in step. */
  recorded(id: string): void
  /** The pipeline stops. */
  close(): void
}

interface Waiting {
  ids: Set<string>
  resolve(isRecorded: boolean): void
}

export function newAskedResyncs(): AskedResyncs {
  const reasons = new Map<string, string>()
  const waiting = new Set<Waiting>()
  let isClosed = false
  return {
    reasons,
    ask(asked, reason) {
      const ids = new Set(asked)
      if (isClosed) return Promise.resolve(false)
      for (const id of ids) reasons.set(id, reason)
      if (ids.size === 0) return Promise.resolve(true)
      return new Promise((resolve) => waiting.add({ ids, resolve }))
    },
    recorded(id) {
      reasons.delete(id)
      for (const one of waiting) {
        one.ids.delete(id)
        if (one.ids.size > 0) continue
        waiting.delete(one)
        one.resolve(true)
      }
    },
    close() {
      isClosed = true
      for (const { resolve } of waiting) resolve(false)
      waiting.clear()
    },
  }
}
