import { atMost } from "../../concurrency/deadline.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import type { WarehouseServer } from "../../replication/contracts/warehouse.ts"
import type { ReconcilerLog } from "../log.ts"

export interface ReachOptions {
  /** Warehouses that are servers, by ARN. */
  warehouses: ReadonlyMap<string, WarehouseServer>
  /** Resolves when the source answers; one of its databases is asked. */
  askSource(arn: string, database: string): Promise<void>
  log: ReconcilerLog
  /** Something that could be reached cannot be any more, or the other way round. */
  onChange(): void
}

/** Which warehouses and sources this host reaches. */
export interface Reach {
  /** ARNs of those that it does not. */
  unreachable(): string[]
  /** As `unreachable`, for so long that the other hosts have said by now what they reach. */
  unreachableForSure(): ReadonlySet<string>
  /** A pipeline cannot reach its source: it is asked, and until it answers it counts as unreachable. */
  suspect(arn: string, database: string): void
  /** Fails whatever waits for an answer of the warehouse: nothing else would tell, for minutes, that none comes. */
  cut(arn: string): void
  stop(): void
}

const askEveryMs = 500
/** From the first question without an answer. Within it a lost packet is sent again, also over a slow line. */
const silentAfterMs = 3_000
const sureAfterMs = 1_000
/** Where no other host is better off. A copy that runs would begin anew, so a short silence is waited out. */
const cutAfterMs = 15_000
const sourceAnswerMs = 3_000

/** A warehouse or a source that is asked again and again. */
interface Asked {
  arn: string
  /** Of a warehouse. */
  server: WarehouseServer | undefined
  ask(): Promise<void>
  /** Of the first question in a row without an answer. */
  failingSinceMs: number | undefined
  unreachableSinceMs: number | undefined
  isAsking: boolean
  isCut: boolean
}

export function watchReach({ warehouses, askSource, log, onChange }: ReachOptions): Reach {
  const asked = new Map(
    [...warehouses].map(([arn, server]) => [arn, asking(arn, server.answers, server)] as const),
  )
  const told = newTold(log, onChange)

  async function ask(one: Asked): Promise<void> {
    if (one.isAsking) return
    one.isAsking = true
    const askedMs = performance.now()
    try {
      await one.ask()
      if (one.server === undefined) asked.delete(one.arn)
      told.answered(one)
    } catch (error) {
      one.failingSinceMs ??= askedMs
      // A source is asked only after a pipeline has failed at it.
      if (one.server === undefined) told.silent(one, error)
    } finally {
      one.isAsking = false
    }
  }

  function look(): void {
    for (const one of asked.values()) {
      const failingMs = one.failingSinceMs === undefined ? 0 : performance.now() - one.failingSinceMs
      if (failingMs >= silentAfterMs) told.silent(one, "no answer")
      if (failingMs >= cutAfterMs) cut(one)
      void ask(one)
    }
  }

  const ticks = startTicks({ everyMs: askEveryMs, tick: look })
  const since = (leastMs: number) =>
    [...asked.values()].flatMap(({ arn, unreachableSinceMs }) =>
      unreachableSinceMs !== undefined && performance.now() - unreachableSinceMs >= leastMs ? [arn] : [],
    )
  return {
    unreachable: () => since(0),
    unreachableForSure: () => new Set(since(sureAfterMs)),
    suspect(arn, database) {
      if (asked.has(arn)) return
      const one = asking(arn, () => atMost(sourceAnswerMs, askSource(arn, database), late))
      asked.set(arn, one)
      void ask(one)
    },
    cut(arn) {
      const one = asked.get(arn)
      if (one !== undefined) cut(one)
    },
    stop: () => ticks.stop(),
  }
}

/** Once for each time that it cannot be reached. */
function cut(one: Asked): void {
  if (!one.isCut) one.server?.cut()
  one.isCut = true
}

/** What becomes of a server when it answers, and when it does not. */
function newTold(log: ReconcilerLog, onChange: () => void) {
  return {
    answered(one: Asked): void {
      const wasReachable = one.unreachableSinceMs === undefined
      Object.assign(one, { failingSinceMs: undefined, unreachableSinceMs: undefined, isCut: false })
      if (wasReachable) return
      log.info({ arn: one.arn }, "it can be reached from here again")
      onChange()
    },
    silent(one: Asked, reason: unknown): void {
      if (one.unreachableSinceMs !== undefined) return
      one.unreachableSinceMs = performance.now()
      log.warn({ arn: one.arn, reason: String(reason) }, "it cannot be reached from here")
      onChange()
    },
  }
}

function asking(arn: string, ask: () => Promise<void>, server?: WarehouseServer): Asked {
  return {
    arn,
    server,
    ask,
    failingSinceMs: undefined,
    unreachableSinceMs: undefined,
    isAsking: false,
    isCut: false,
  }
}

function late(): never {
  throw new Error(`no answer within ${sourceAnswerMs / 1_000} s`)
}
