import { PgError } from "../../wire/pgwire/pg-error.ts"

/** More than this many statements waiting means that answers would come too late to be wanted. */
const waitingAtMost = 5000

/**
 * Each call into the engine holds one of the process's few native threads while it runs, and replication needs them
 * too: queries take turns for all but a few of them.
 */
export interface NativeGate {
  run<T>(call: () => Promise<T>): Promise<T>
}

export function nativeGate(places: number): NativeGate {
  let free = places
  const waiting: (() => void)[] = []

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else free++
  }

  async function enter(): Promise<void> {
    if (free > 0) {
      free--
      return
    }
    if (waiting.length >= waitingAtMost)
      throw new PgError("53000", "too many statements are waiting; try again later")
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  return {
    run: async (call) => {
      await enter()
      try {
        return await call()
      } finally {
        leave()
      }
    },
  }
}

/** libuv's own default is 4 threads; replication keeps two. */
export function placesForQueries(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  return Math.max(1, (Number.isFinite(threads) && threads > 0 ? threads : 4) - 2)
}
