export interface WorkByKey {
  /**
   * Begins the work, or waits until fewer than `atOnce` are at hand. Resolves or rejects as it does. `undefined`: other work of this
   * key is still at hand, and this one is not done.
   */
  run(key: string, work: () => Promise<void>): Promise<void> | undefined
}

export interface WorkByKeyOptions {
  atOnce: number
  /** Work of this key, which was asked for meanwhile and not begun, can begin now. */
  onMissed(key: string): void
}

/** Works side by side, never two for one key: one that hangs holds up its own key only. */
export function newWorkByKey({ atOnce, onMissed }: WorkByKeyOptions): WorkByKey {
  const atHand = new Set<string>()
  const missed = new Set<string>()
  const waiting: (() => void)[] = []
  let running = 0

  async function begin(key: string, work: () => Promise<void>): Promise<void> {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      await work()
    } finally {
      // Its place goes to the next one.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
      atHand.delete(key)
      if (missed.delete(key)) onMissed(key)
    }
  }

  return {
    run(key, work) {
      if (!atHand.has(key)) {
        atHand.add(key)
        return begin(key, work)
      }
      missed.add(key)
      return undefined
    },
  }
}
