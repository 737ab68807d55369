/** What was started and must be stopped, last first. */
export interface Belongings {
  /** Starts something, to be stopped by `stop`, also when the end comes while it is still starting. */
  own<T>(start: () => Promise<T>, stop: (it: T) => Promise<unknown>): Promise<T>
  /** Stops everything; what fails to stop is told and does not keep the rest from it. */
  stopAll(tell: (error: unknown) => void): Promise<void>
}

/** Thrown where something new would begin after the end was asked for. */
export class Ending extends Error {}

export function newBelongings(): Belongings {
  const stops: (() => Promise<unknown>)[] = []
  let ending = false
  return {
    async own(start, stop) {
      if (ending) throw new Ending("the demo is ending")
      const starting = start()
      stops.push(async () => {
        // One that failed to start told its caller, and leaves nothing to stop.
        const [started] = await Promise.allSettled([starting])
        if (started.status === "fulfilled") await stop(started.value)
      })
      return await starting
    },
    async stopAll(tell) {
      ending = true
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop().catch(tell)
    },
  }
}
