import { atMost, startDeadline } from "../../concurrency/deadline.ts"
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
  /** ARNs of those that it does not, and of sources that owe it an answer. */
  unreachable(): string[]
  /** Milliseconds since sources answered that did so lately, by ARN. */
  reaches(): Map<string, number>
  /**
   * Those that it does not reach and another host may. `elsewhere`: milliseconds since a source answered another host, by ARN:
   * it must have done so since this host has said that it doubts. What a warehouse answers, each host tells all the time: it counts
   * when they have had the time to.
   */
  unreachableForSure(elsewhere: ReadonlyMap<string, number>): ReadonlySet<string>
  /**
   * A pipeline, or another host, may not reach a source: it is asked until it answers. Nothing happens where it has answered
   * within `believedForMs`.
   */
  suspect(arn: string, database: string, believedForMs?: number): void
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
/** An answer takes a few milliseconds; the other hosts are told early, so that they have asked, too, when the time is up. */
const doubtAfterMs = 500
/** Each question is a connection. */
const usuallyBelievedForMs = 2_000
/** Asked again within it while another host cannot reach the source. */
const answerLastsMs = 5_000

/** A warehouse or a source that is asked again and again. */
interface Asked {
  arn: string
  /** Of a warehouse. */
  server: WarehouseServer | undefined
  ask(): Promise<void>
  /** Of the first question in a row without an answer. */
  failingSinceMs: number | undefined
  unreachableSinceMs: number | undefined
  /** Since when the others are told not to count on this host for it. */
  doubtfulSinceMs: number | undefined
  isAsking: boolean
  isCut: boolean
}

export function watchReach({ warehouses, askSource, log, onChange }: ReachOptions): Reach {
  const asked = new Map(
    [...warehouses].map(([arn, server]) => [arn, asking(arn, server.answers, server)] as const),
  )
  const told = newTold(log, onChange)
  const answers = newAnswers()

  async function ask(one: Asked): Promise<void> {
    if (one.isAsking) return
    one.isAsking = true
    const askedMs = performance.now()
    // A warehouse is asked by each host all the time.
    const doubting = () => one.server === undefined && told.doubtful(one)
    const doubt = startDeadline(doubtAfterMs, doubting, { keepsAlive: false })
    try {
      await one.ask()
      if (one.server === undefined) {
        asked.delete(one.arn)
        if (answers.note(one.arn)) onChange()
      }
      told.answered(one)
    } catch (error) {
      one.failingSinceMs ??= askedMs
      // A source is asked only after a pipeline has failed at it.
      if (one.server === undefined) told.silent(one, error)
    } finally {
      doubt.end()
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
  const arnsOf = (which: (one: Asked) => boolean) => [...asked.values()].filter(which).map(({ arn }) => arn)
  return {
    unreachable: () => arnsOf(({ doubtfulSinceMs }) => doubtfulSinceMs !== undefined),
    reaches: answers.recent,
    unreachableForSure: (elsewhere) => new Set(arnsOf((one) => isForSure(one, elsewhere))),
    suspect(arn, database, believedForMs = usuallyBelievedForMs) {
      if (asked.has(arn) || answers.agoMs(arn) < believedForMs) return
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

/** When sources answered last, by ARN. */
function newAnswers() {
  const atMs = new Map<string, number>()
  const agoMs = (arn: string) => performance.now() - (atMs.get(arn) ?? Number.NEGATIVE_INFINITY)
  return {
    agoMs,
    /** `true`: it had not answered for long. */
    note(arn: string): boolean {
      const isNews = agoMs(arn) >= answerLastsMs
      atMs.set(arn, performance.now())
      return isNews
    },
    recent: () =>
      new Map([...atMs.keys()].flatMap((arn) => (agoMs(arn) < answerLastsMs ? [[arn, agoMs(arn)]] : []))),
  }
}

function isForSure(
  { arn, server, unreachableSinceMs, doubtfulSinceMs }: Asked,
  elsewhere: ReadonlyMap<string, number>,
): boolean {
  if (unreachableSinceMs === undefined || doubtfulSinceMs === undefined) return false
  const nowMs = performance.now()
  if (server !== undefined) return nowMs - unreachableSinceMs >= sureAfterMs
  return nowMs - (elsewhere.get(arn) ?? Number.POSITIVE_INFINITY) > doubtfulSinceMs
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
      const { unreachableSinceMs, doubtfulSinceMs } = one
      const well = { failingSinceMs: undefined, unreachableSinceMs: undefined, doubtfulSinceMs: undefined }
      Object.assign(one, well, { isCut: false })
      if (unreachableSinceMs !== undefined) log.info({ arn: one.arn }, "it can be reached from here again")
      if (doubtfulSinceMs !== undefined) onChange()
    },
    doubtful(one: Asked): void {
      if (one.doubtfulSinceMs !== undefined) return
      one.doubtfulSinceMs = performance.now()
      onChange()
    },
    silent(one: Asked, reason: unknown): void {
      if (one.unreachableSinceMs !== undefined) return
      one.unreachableSinceMs = performance.now()
      one.doubtfulSinceMs ??= one.unreachableSinceMs
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
    doubtfulSinceMs: undefined,
    isAsking: false,
    isCut: false,
  }
}

function late(): never {
  throw new Error(`no answer within ${sourceAnswerMs / 1_000} s`)
}
