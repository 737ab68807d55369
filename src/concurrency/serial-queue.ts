/** Runs what it is given one after another, in the order in which it was given. Resolves and rejects as `work` does. */
export type SerialQueue = <T>(work: () => Promise<T>) => Promise<T>

/** A work that fails does not keep the next one from running. There is no limit: callers wait for what they give. */
export function newSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
