import { startTicks } from "../../../concurrency/ticks.ts"
import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { ChangeStream, FollowedTables, TableSelection } from "../../../replication/contracts/source.ts"
import { textColumnsOf } from "../../../replication/contracts/text-columns.ts"
import { type MyTable, readCatalog } from "../catalog.ts"
import { type Address, type Client, takeOver, withClient } from "../client.ts"
import { problemOf, problemOfServer, readServerError } from "../errors.ts"
import { resetCount, serverName } from "../log/log-file.ts"
import { noteOf } from "../log/log-note.ts"
import type { LogServer } from "../log/log-place.ts"
import { logStatus } from "../log/log-status.ts"
import { watchLog } from "../log/log-watch.ts"
import { fileWeight, placeOf } from "../log/position.ts"
import { settingsProblem } from "../preflight.ts"
import { glimpseLimitMs, lateLimitMs, openLateSnapshot } from "../snapshot/open-snapshot.ts"
import { type Binlog, newBinlog } from "./binlog.ts"
import { dump, introduce } from "./connection/dump-request.ts"
import { newFramer } from "./connection/framing.ts"
import { newPacketQueue } from "./connection/packet-queue.ts"

const errorPacket = 0xff
const eofPacket = 0xfe
/** An idle server says so this often. */
const heartbeatMs = 1_000
/** A connection that lost its other end without a word would never tell. */
const silenceLimitMs = 60_000

/** Why nothing is read: staging is full, a snapshot is being opened, or what was read is not decoded yet. */
type Hold = "full" | "snapshot" | "decoding"

export interface StartStream {
  /** The stream ends it. */
  client: Client
  address: Address
  handle: string
  from: Position
  tables: MyTable[]
  select: TableSelection
  sink: ChangeSink
}

/** Asks for the log from `from` on, as a replica does. */
export async function startStream(options: StartStream): Promise<ChangeStream> {
  const { client, address, handle, from, tables, sink } = options
  const place = placeOf(from)
  const [folding] = await client.query("SELECT @@global.lower_case_table_names AS kind")
  const checksummed = await introduce(client, handle, place, heartbeatMs)
  const server = await serverOf(client, from)
  const raw = takeOver(client)
  const foldsNames = folding?.kind !== "0"
  const binlog = newBinlog(tables, from, sink, { server, checksummed, foldsNames })
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  // The pipeline awaits `ended`; until it does, a break must not count as unhandled.
  ended.catch(() => undefined)
  const carriedTexts = new Map(tables.map(({ schema }) => [schema.id, textColumnsOf(schema)]))
  const holds = new Set<Hold>()
  /** Called when nothing but our own work holds the stream, or it has ended. */
  const freed: (() => void)[] = []
  let stopped = false
  let heardAtMs = performance.now()

  let isOver = false
  const free = () => {
    for (const go of freed.splice(0)) go()
  }
  const finish = (error?: Problem) => {
    listening.stop()
    stopWatching()
    raw.destroy()
    isOver = true
    free()
    if (error === undefined || stopped) resolve()
    else reject(error)
  }
  const listen = () => {
    if (holds.size > 0) heardAtMs = performance.now()
    else if (performance.now() - heardAtMs > silenceLimitMs)
      finish(new Problem("sourceUnreachable", `The source has been silent for ${silenceLimitMs / 1000} s.`))
  }
  const listening = startTicks({ everyMs: heartbeatMs, tick: listen })
  const stopWatching = watchLog(address, server, () => binlog.note, finish)
  const packet = (bytes: Buffer, start: number, end: number): Promise<void> | undefined => {
    const kind = bytes[start]
    if (isOver) return undefined
    if (kind === errorPacket) {
      const { errno, message } = readServerError(bytes, start, end)
      finish(problemOfServer(errno, message, "streaming changes"))
    } else if (kind === eofPacket && end - start < 9)
      finish(new Problem("sourceUnreachable", "The source ended the stream."))
    else return binlog.event(bytes, start + 1, end, between)
    return undefined
  }
  /** What is decoded in pieces gives way like the socket: it waits while the stream is held. */
  const between = async (): Promise<boolean> => {
    sink.chunkDecoded()
    while (!isOver && (holds.has("full") || holds.has("snapshot")))
      await new Promise<void>((resolve) => freed.push(resolve))
    return !isOver
  }
  const queue = newPacketQueue({
    handle: packet,
    busy: (isBusy) => {
      if (!isBusy) decoded()
      hold("decoding", isBusy)
    },
    failed: (error) => finish(decodingProblem(error)),
  })
  const decoded = () => {
    binlog.chunkEnded()
    sink.chunkDecoded()
  }
  const framer = newFramer(queue.handle)
  raw.socket.on("data", (chunk: Buffer) => {
    // A destroyed socket still gives what it has read ahead.
    if (isOver) return
    heardAtMs = performance.now()
    try {
      framer.feed(chunk)
      decoded()
    } catch (error) {
      finish(decodingProblem(error))
    }
  })
  raw.socket.on("error", (error) => finish(problemOf(error, "streaming changes")))
  raw.socket.on("close", () => finish(new Problem("sourceUnreachable", "The source closed the stream.")))
  dump(raw, place, handle)
  raw.socket.resume()

  const hold = (reason: Hold, held: boolean) => {
    if (held) holds.add(reason)
    else holds.delete(reason)
    if (!holds.has("full") && !holds.has("snapshot")) free()
    if (holds.size > 0) raw.socket.pause()
    else raw.socket.resume()
  }
  const standing = async <T>(work: () => Promise<T>): Promise<T> => {
    hold("snapshot", true)
    try {
      return await work()
    } finally {
      hold("snapshot", false)
    }
  }

  const late = { kind: place.kind, isAhead: binlog.isAhead }
  return {
    ended,
    // The server keeps its log by its own rules, whoever reads it.
    acknowledge: () => undefined,
    pause: () => hold("full", true),
    resume: () => hold("full", false),
    ask: binlog.tell,
    overdueMs: () => (holds.size > 0 ? 0 : Math.max(0, performance.now() - heardAtMs - heartbeatMs)),
    include: (ids, texts, prepare) =>
      standing(async () => {
        // What is logged now must be such that the copy can be kept fresh.
        const obstacle = await withClient(address, "checking settings", settingsProblem)
        if (obstacle !== undefined) throw obstacle
        const opened = await openLateSnapshot(address, { ...late, ids, texts, limitMs: lateLimitMs })
        for (const table of opened.tables) {
          binlog.include(table, opened.weight)
          carriedTexts.set(table.schema.id, textColumnsOf(table.schema))
        }
        prepare(opened.tables.map((table) => table.schema))
        return opened.snapshot
      }),
    glimpse: (ids, reached) =>
      standing(async () => {
        const wish = { ...late, ids, texts: carriedTexts, limitMs: glimpseLimitMs }
        const opened = await openLateSnapshot(address, wish)
        binlog.whenAt(opened.weight, reached)
        return opened.snapshot
      }),
    exclude: binlog.exclude,
    // Every statement that changes a table is in the log, also where it changes no rows.
    movesWithDefinitions: true,
    followed: {
      carries: binlog.carries,
      recheck: newRecheck(options, binlog),
    },
    async stop() {
      stopped = true
      finish()
      await ended.catch(() => undefined)
    },
  }
}

/** Its resets as the note of `from` has them: the log was the same then, and whatever came since is looked at. */
async function serverOf(client: Client, from: Position): Promise<LogServer> {
  const [name, note] = [await serverName(client), noteOf(from)]
  const noted = note?.server === name ? note.resets : undefined
  return { name, resets: noted ?? (await resetCount(client)) }
}

/**
 * What a statement does that the log's reader does not understand, and what goes without one, the catalog shows. One look at
 * a time waits for the stream to come to it: a stream far behind would gather them.
 */
function newRecheck({ address, select, sink }: StartStream, binlog: Binlog): FollowedTables["recheck"] {
  let isWaiting = false
  return async (ids) => {
    if (isWaiting) return
    const look = await withClient(address, "reading the catalog", async (client) => {
      const since = fileWeight((await logStatus(client)).end)
      const current = await readCatalog(client, select)
      return { since, current, behind: fileWeight((await logStatus(client)).end) }
    })
    isWaiting = true
    binlog.whenAt(look.behind, () => {
      isWaiting = false
      binlog.settle(ids, look)
      sink.chunkDecoded()
    })
  }
}

/** A broken event is the source's; everything else that decoding throws is ours. */
function decodingProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const cause = { cause: error }
  return new Problem("sourceProtocol", "The source's log holds something that cannot be decoded.", cause)
}
