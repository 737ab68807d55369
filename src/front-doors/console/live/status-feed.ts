import { newWakeablePause, type WakeablePause } from "../../../concurrency/wakeable-pause.ts"
import type { StatusReport } from "../../../control-plane/pipelines/status.ts"
import { errorFields, type Log } from "../../../wire/http/log.ts"
import { type ChangeLog, newChangeLog } from "./change-log.ts"
import { compare, type Look } from "./status-changes.ts"

/** One event of the stream. `data` is one line of JSON. */
export interface FeedEvent {
  id: string
  name: "status" | "alive"
  data: string
}

export interface StatusFeed {
  /**
   * What changes from now on, or since the event `lastId` where that is still known; where it is not, everything first. The first event
   * comes at once; `alive` comes when nothing else does. Ends with the signal.
   */
  follow(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<FeedEvent>
}

export interface StatusFeedOptions {
  report(): Promise<StatusReport>
  log: Pick<Log, "info">
  lookEveryMs?: number
  aliveEveryMs?: number
  /** Of changes that are kept for followers who come back. */
  keptBytes?: number
}

/** A look may take this part of the time: many integrations are looked at less often. */
const shareOfTime = 0.02
const slowestLookMs = 5_000
const usualKeptBytes = 2_000_000
/** Of what is told a second, so that large statuses do not fill a slow line. */
const bytesPerSecond = 1_000_000

/** Looks at the status while somebody follows: once for all of them. */
export function newStatusFeed(options: StatusFeedOptions): StatusFeed {
  const { report, aliveEveryMs = 10_000, keptBytes = usualKeptBytes } = options
  const changes = newChangeLog(keptBytes)
  const followers = new Set<() => void>()
  const looks = newLooks(options, (data) => {
    changes.keep(data)
    for (const wake of followers) wake()
  })
  let telling: Promise<string> | undefined

  function leave(wake: () => void): void {
    followers.delete(wake)
    if (followers.size > 0) return
    looks.stop()
    changes.forget()
  }

  /** Made once for a crowd that comes back together. */
  async function whole(): Promise<string> {
    const make = async () => JSON.stringify({ whole: true, removed: [], ...(await report()) })
    telling ??= make().finally(() => {
      telling = undefined
    })
    return await telling
  }

  async function* follow(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<FeedEvent> {
    const pausing = newWakeablePause(signal)
    followers.add(pausing.wake)
    try {
      // Whoever reads the whole status after the first event misses no change: the look that changes are told from is older.
      await looks.start()
      yield* events({ changes, whole, aliveEveryMs, pausing }, lastId, signal)
    } finally {
      leave(pausing.wake)
    }
  }

  return { follow }
}

interface FollowerParts {
  changes: ChangeLog
  whole(): Promise<string>
  aliveEveryMs: number
  /** Woken by each change. */
  pausing: WakeablePause
}

async function* events(
  { changes, whole, aliveEveryMs, pausing }: FollowerParts,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent> {
  const eventOf = (name: FeedEvent["name"], number: number, data: string): FeedEvent => ({
    id: changes.idOf(number),
    name,
    data,
  })
  const alive = (number: number) => eventOf("alive", number, JSON.stringify({ at: new Date().toISOString() }))
  let last = lastId === undefined ? changes.newest() : changes.numberOf(lastId)
  if (last !== undefined) yield alive(last)
  while (!signal.aborted) {
    if (last === undefined || changes.misses(last)) {
      last = changes.newest()
      yield eventOf("status", last, await whole())
    }
    const next = changes.after(last)
    if (next !== undefined) {
      last = next.number
      yield eventOf("status", last, next.data)
      continue
    }
    await pausing.pause(aliveEveryMs)
    if (changes.newest() === last && !signal.aborted) yield alive(last)
  }
}

interface Looks {
  /** Resolves when the first look has been made, or has failed. Repeatable. */
  start(): Promise<unknown>
  stop(): void
}

/** Looks again and again from its start to its stop. `changed` is given what differs, as JSON. */
function newLooks(
  { report, log, lookEveryMs = 1_000 }: StatusFeedOptions,
  changed: (data: string) => void,
): Looks {
  let look: Look | undefined
  let looking: { ending: AbortController; first: Promise<number> } | undefined

  /** How long to wait before the next look. */
  async function lookOnce(signal: AbortSignal): Promise<number> {
    const startedMs = performance.now()
    const status = await report()
    if (signal.aborted) return 0
    const isFirst = look === undefined
    const compared = compare(look, status)
    look = compared.look
    const data = compared.changes === undefined || isFirst ? "" : JSON.stringify(compared.changes)
    if (data !== "") changed(data)
    const byTime = Math.min((performance.now() - startedMs) / shareOfTime, slowestLookMs)
    return Math.max(lookEveryMs, byTime, (data.length / bytesPerSecond) * 1_000)
  }

  function lookFailed(error: unknown): number {
    log.info(errorFields(error), "the status could not be read for the console's event stream")
    return slowestLookMs
  }

  async function lookOn(signal: AbortSignal, first: Promise<number>): Promise<void> {
    const pausing = newWakeablePause(signal)
    await pausing.pause(await first)
    while (!signal.aborted) await pausing.pause(await lookOnce(signal).catch(lookFailed))
  }

  return {
    start() {
      if (looking !== undefined) return looking.first
      // What was seen before the stop is old.
      look = undefined
      const ending = new AbortController()
      const first = lookOnce(ending.signal).catch(lookFailed)
      looking = { ending, first }
      void lookOn(ending.signal, first)
      return first
    },
    stop() {
      looking?.ending.abort()
      looking = undefined
    },
  }
}
