import { setImmediate as nextTurn } from "node:timers/promises"
import type { Position } from "../../../domain/position.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { ChangeStream, Recording } from "../../../replication/contracts/source.ts"
import type { Block } from "../../../replication/spool/block.ts"
import type { Spool } from "../../../replication/spool/spool.ts"
import type { WriteObserver } from "../../../replication/write-order.ts"
import type { CurrentTables } from "../catalog/current-tables.ts"
import { problemOf } from "../errors.ts"
import type { LateTables } from "../snapshot/late-tables.ts"
import type { PgOutput } from "./pgoutput.ts"
import { messagesOf, relationsOf } from "./spooled.ts"

export interface StartReplay {
  /** The warehouse's position, which lies in the spool's range. */
  from: Position
  spool: Spool
  decode: PgOutput
  current: CurrentTables
  late: LateTables
  sink: ChangeSink
  observe: WriteObserver
  record(): Promise<Recording>
  stream(from: Position): Promise<ChangeStream>
}

/**
 * Decodes what the spool holds while the source is read into it, and when nothing is left, the source itself: with the
 * same decoder, so that nobody else needs to know.
 */
export function startReplay(options: StartReplay): ChangeStream {
  const { spool, decode, current, sink } = options
  const holds = new Set<"full" | "including">()
  let wake: () => void = () => undefined
  let live: ChangeStream | undefined
  let recording: Recording | undefined
  let stopped = false
  const ended = Promise.withResolvers<void>()
  // The pipeline awaits it; until it does, a break must not count as unhandled.
  ended.promise.catch(() => undefined)

  const hold = (reason: "full" | "including", held: boolean) => {
    if (held) holds.add(reason)
    else holds.delete(reason)
    if (holds.size === 0) wake()
  }

  async function unheld(): Promise<void> {
    while (holds.size > 0 && !stopped)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }

  async function feed({ kind, bytes }: Block): Promise<void> {
    const messages = kind === "preamble" ? relationsOf(bytes) : messagesOf(bytes)
    for (const message of messages) {
      const question = decode.message(message, 0, message.length)
      if (question !== undefined) await current.answer(question)
    }
    if (kind !== "preamble") sink.chunkDecoded()
  }

  /** Decodes everything that is in the spool now. Returns the position of its end. */
  async function drain(reader: ReturnType<Spool["read"]>): Promise<Position | undefined> {
    let reached: Position | undefined
    while (!stopped) {
      await unheld()
      const block = stopped ? undefined : await reader.next()
      if (block === undefined || stopped) return reached
      await feed(block)
      reached = block.position ?? reached
      await nextTurn()
    }
    return reached
  }

  async function replay(): Promise<Position> {
    recording = await options.record()
    // A failure here is met again by the stream that follows, which reports it.
    recording.ended.catch(() => undefined)
    const reader = spool.read()
    try {
      const first = await drain(reader)
      await recording.stop()
      return (await drain(reader)) ?? first ?? options.from
    } finally {
      await recording.stop()
      await reader.close()
    }
  }

  async function run(): Promise<void> {
    const reached = await replay()
    if (stopped) return
    live = await options.stream(reached)
    if (stopped) return await live.stop()
    if (holds.has("full")) live.pause()
    await live.ended
  }

  const running = run().then(ended.resolve, (error: unknown) =>
    ended.reject(problemOf(error, "replaying the spool")),
  )
  const late = options.late.beside({ hold: (held) => hold("including", held), ask: () => live?.ask() })

  return {
    ended: ended.promise,
    get isReplaying() {
      return live === undefined
    },
    acknowledge(position) {
      live?.acknowledge(position)
      if (spool.range === undefined) return
      release(options, position).catch(ended.reject)
    },
    pause() {
      hold("full", true)
      live?.pause()
    },
    resume() {
      hold("full", false)
      live?.resume()
    },
    ask: () => live?.ask(),
    overdueMs: () => live?.overdueMs?.() ?? 0,
    include: (ids, texts, prepare) => (live ?? late).include(ids, texts, prepare),
    glimpse: (ids, reached) => (live ?? late).glimpse(ids, reached),
    ...(late.followed && { followed: late.followed }),
    ...(late.movesWithDefinitions && { movesWithDefinitions: late.movesWithDefinitions }),
    exclude: decode.exclude,
    async stop() {
      stopped = true
      wake()
      await live?.stop()
      await running
      current.close()
    },
  }
}

async function release({ spool, observe }: StartReplay, applied: Position): Promise<void> {
  await spool.release(applied)
  observe("spoolReleased")
}
