/** Which refused calls of a key have an entry of their own. */
export interface RefusalRate {
  /** The entry that a key's refusal is kept at: `id`, its own, or while there are too many the newest one of the key that was kept. */
  newest(accessKeyId: string, id: string): string
}

const atOnce = 100
const perSecond = 1

/**
 * `now`: monotonic, in ms. Holds one small record for each key that was refused something, for good: calls of unknown keys end
 * before they come here, so there are no more records than keys and SQL users.
 */
export function newRefusalRate(now: () => number = () => performance.now()): RefusalRate {
  const keys = new Map<string, { left: number; atMs: number; newest: string }>()
  return {
    newest(accessKeyId, id) {
      const atMs = now()
      const known = keys.get(accessKeyId) ?? { left: atOnce, atMs, newest: id }
      const left = Math.min(atOnce, known.left + ((atMs - known.atMs) * perSecond) / 1_000)
      const newest = left >= 1 ? id : known.newest
      keys.set(accessKeyId, { left: left >= 1 ? left - 1 : left, atMs, newest })
      return newest
    },
  }
}
