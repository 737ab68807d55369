import type pg from "pg"
import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { ChangeSink } from "../../replication/change-sink.ts"
import type { ChangeStream } from "../../replication/source.ts"
import { textColumnsOf } from "../../replication/text-columns.ts"
import type { PgTable } from "./catalog.ts"
import { type Address, type RawConnection, takeOver } from "./client.ts"
import { problemOf, problemOfServer, readServerError } from "./errors.ts"
import { newFramer } from "./framing.ts"
import type { Beginning } from "./lineage.ts"
import { glimpseSlotLimitMs, openLateSnapshot } from "./open-snapshot.ts"
import { newPgOutput } from "./pgoutput.ts"
import { lsnOf, originOf, positionOfLsn, type ServerIdentity } from "./position.ts"

const copyData = 0x64
const copyDone = 0x63
const errorResponse = 0x45
const noticeResponse = 0x4e
const walData = 0x77
const keepAlive = 0x6b
/** The server drops a client it has not heard from for wal_sender_timeout (60 s unless changed). */
const statusEveryMs = 1_000
/** The server answers each status at once; a connection that lost its other end without a word would never tell. */
const silenceLimitMs = 60_000
/** Behind the kind: start and end of the data, and the server's clock, 8 bytes each. */
const walDataHeaderBytes = 25

export interface StartStream {
  /** Speaks the replication protocol; the stream ends it. */
  client: pg.Client
  address: Address
  handle: string
  from: Position
  /** Where that is on this server. */
  beginning: Beginning
  server: ServerIdentity
  tables: PgTable[]
  sink: ChangeSink
}

/** Starts pgoutput from `from` on a connection for replication, and keeps the server informed. */
export function startStream(options: StartStream): ChangeStream {
  const { client, address, handle, from, beginning, sink } = options
  const raw = takeOver(client)
  const last = originOf(from) ?? { base: lsnOf(from), witness: undefined }
  const decode = newPgOutput({ ...options, ...beginning, last })
  const gate = newGate(raw)
  const carriedTexts = new Map(options.tables.map(({ schema }) => [schema.id, textColumnsOf(schema)]))
  let acknowledged = beginning.start
  let stopped = false
  let settle: (error?: Problem) => void = () => undefined
  const ended = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined || stopped ? resolve() : reject(error))
  })
  // The pipeline awaits `ended`; until it does, a break must not count as unhandled.
  ended.catch(() => undefined)

  const sendStatus = (wantsAnswer = false) => {
    if (raw.socket.writable) raw.send(statusMessage(acknowledged, wantsAnswer))
  }
  // The answer tells how far the server has come, which tells an idle stream from a slow one.
  let heardAtMs = performance.now()
  const timer = setInterval(() => {
    if (gate.held) heardAtMs = performance.now()
    if (performance.now() - heardAtMs > silenceLimitMs) return finish(silent())
    sendStatus(true)
  }, statusEveryMs)
  const finish = (error?: Problem) => {
    clearInterval(timer)
    gate.close()
    raw.destroy()
    settle(error)
  }
  const framer = newFramer((type, bytes, start, end) => {
    if (type === copyData) {
      const kind = bytes[start]
      if (kind === walData) decode.message(bytes, start + walDataHeaderBytes, end)
      else if (kind === keepAlive) {
        const lsn = bytes.readBigUInt64BE(start + 1)
        if (!decode.inTransaction) {
          sink.caughtUp(decode.caughtUp(lsn))
        }
        if (bytes[start + 17] === 1) sendStatus()
      }
    } else if (type === errorResponse) {
      const { sqlState, message } = readServerError(bytes, start, end)
      finish(problemOfServer(sqlState, message, "streaming changes"))
    } else if (type === noticeResponse) {
      const { sqlState, message } = readServerError(bytes, start, end)
      // Since version 18 a publication that is gone is only warned about, and nothing more is published.
      if (sqlState === "55000") finish(problemOfServer(sqlState, message, "streaming changes"))
    } else if (type === copyDone) finish(new Problem("sourceUnreachable", "The source ended the stream."))
  })
  raw.socket.on("data", (chunk: Buffer) => {
    if (stopped) return
    heardAtMs = performance.now()
    try {
      framer.feed(chunk)
      sink.chunkDecoded()
    } catch (error) {
      finish(problemOf(error, "decoding changes"))
    }
    gate.afterChunk(chunk.length)
  })
  raw.socket.on("error", (error) => finish(problemOf(error, "streaming changes")))
  raw.socket.on("close", () => finish(new Problem("sourceUnreachable", "The source closed the stream.")))
  raw.query(
    `START_REPLICATION SLOT "${handle}" LOGICAL ${positionOfLsn(beginning.start)} (proto_version '1', publication_names '"${handle}"')`,
  )

  return {
    ended,
    acknowledge(position) {
      const lsn = lsnOf(position)
      if (lsn <= acknowledged) return
      acknowledged = lsn
      sendStatus()
    },
    pause: () => gate.hold("full", true),
    resume: () => gate.hold("full", false),
    ask: () => sendStatus(true),
    async include(ids, texts, prepare) {
      gate.hold("including", true)
      try {
        const late = await openLateSnapshot(address, handle, ids, texts)
        for (const table of late.tables) {
          decode.include(table, lsnOf(late.snapshot.position))
          carriedTexts.set(table.schema.id, textColumnsOf(table.schema))
        }
        prepare(late.tables.map((table) => table.schema))
        return late.snapshot
      } finally {
        gate.hold("including", false)
      }
    },
    async glimpse(ids, reached) {
      gate.hold("glimpsing", true)
      try {
        const { snapshot } = await openLateSnapshot(address, handle, ids, carriedTexts, glimpseSlotLimitMs)
        decode.whenAt(lsnOf(snapshot.position), reached)
        sendStatus(true)
        return snapshot
      } finally {
        gate.hold("glimpsing", false)
      }
    },
    exclude: decode.exclude,
    async stop() {
      stopped = true
      sendStatus()
      finish()
      await ended.catch(() => undefined)
    },
  }
}

// PostgreSQL's clock counts microseconds from 2000-01-01.
const epochMs = 946_684_800_000

function statusMessage(lsn: bigint, wantsAnswer: boolean): Buffer {
  const body = Buffer.alloc(34)
  body[0] = 0x72
  body.writeBigUInt64BE(lsn, 1)
  body.writeBigUInt64BE(lsn, 9)
  body.writeBigUInt64BE(lsn, 17)
  body.writeBigInt64BE(BigInt(Date.now() - epochMs) * 1000n, 25)
  body[33] = wantsAnswer ? 1 : 0
  return body
}

type HoldReason = "full" | "including" | "glimpsing"

function silent(): Problem {
  return new Problem("sourceUnreachable", `The source has been silent for ${silenceLimitMs / 1000} s.`)
}

interface Gate {
  /** We do not listen, on purpose. */
  readonly held: boolean
  afterChunk(bytes: number): void
  /** Reading goes on when nobody holds it. */
  hold(reason: HoldReason, held: boolean): void
  close(): void
}

// Measured: the server writes one small frame per change, and is more than twice as quick when many can gather in the
// socket before we read them; longer than 16 ms gains nothing more. Only when frames follow one another closely, and
// longer only in a backlog: an idle stream must not wait, and a busy one not long.
const smallReadBytes = 48 * 1024
const closeReadsMs = 0.5
const closeReadsInARow = 8
const shortestGatherMs = 1
const longestGatherMs = 16
/** What came since the last pause: above it there is a backlog, in which throughput is what counts. */
const backlogBytes = 16 * 1024

function newGate({ socket }: RawConnection): Gate {
  const holds = new Set<HoldReason>()
  let gathering = false
  let gatherMs = shortestGatherMs
  let bytesSincePause = 0
  let closeReads = 0
  let lastReadMs = 0
  let timer: NodeJS.Timeout | undefined
  const turn = () => (holds.size > 0 || gathering ? socket.pause() : socket.resume())
  return {
    get held() {
      return holds.size > 0
    },
    afterChunk(bytes) {
      const now = performance.now()
      closeReads = now - lastReadMs < closeReadsMs ? closeReads + 1 : 0
      lastReadMs = now
      bytesSincePause += bytes
      if (bytes >= smallReadBytes || closeReads < closeReadsInARow) return
      // What Node has read ahead comes first: paused with it, we would take one small frame at a time.
      if (socket.readableLength > 0) return
      gatherMs = bytesSincePause < backlogBytes ? shortestGatherMs : Math.min(gatherMs * 2, longestGatherMs)
      bytesSincePause = 0
      gathering = true
      turn()
      timer = setTimeout(() => {
        gathering = false
        lastReadMs = performance.now()
        turn()
      }, gatherMs)
    },
    hold(reason, held) {
      if (held) holds.add(reason)
      else holds.delete(reason)
      turn()
    },
    close: () => clearTimeout(timer),
  }
}
