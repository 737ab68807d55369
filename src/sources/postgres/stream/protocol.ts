import { startDeadline } from "../../../concurrency/deadline.ts"
import { startTicks } from "../../../concurrency/ticks.ts"
import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { RawConnection } from "../client.ts"
import {
  problemOf,
  problemOfDecoding,
  problemOfServer,
  readServerError,
  unconvertibleStates,
} from "../errors.ts"
import { newFramer } from "./framing.ts"

/** What is made of the server's messages. */
export interface ProtocolHandlers {
  /** One message of pgoutput, valid only during the call. Nothing more comes until what it returns has resolved. */
  changes(bytes: Buffer, start: number, end: number): Promise<void> | undefined
  /** The server has sent everything up to `lsn`. */
  keepAlive(lsn: bigint): void
  /** What the socket gave is used up. */
  chunkRead(bytes: number): void
  /** What the server may forget. */
  acknowledged(): bigint
  /** We do not listen, on purpose. */
  isHeld(): boolean
  /** Whether what `changes` has thrown ends the stream without being a problem. */
  isExpected?(error: unknown): boolean
  closed(): void
}

/** How the server writes values. In binary it has less to do, and so have we; not every type has a form that we read. */
export type RowForm = "binary" | "text"

/** One connection that streams a slot (PostgreSQL manual: "Streaming Replication Protocol"). */
export interface Protocol {
  /** Ends with a Problem when it breaks; resolves after `cut` or `end`. */
  readonly ended: Promise<void>
  start(handle: string, from: Position, form: RowForm): void
  sendStatus(wantsAnswer?: boolean): void
  /** Milliseconds since the first status whose answer has not come; 0: none is owed, or we do not listen. */
  overdueMs(): number
  /** What goes wrong on our side breaks it as well. */
  fail(error: unknown): void
  /** Goes at once; the server notices later. */
  cut(): Promise<void>
  /** Goes when the server has let go of the slot, or after some time. */
  end(): Promise<void>
}

const copyData = 0x64
const copyDone = 0x63
const errorResponse = 0x45
const noticeResponse = 0x4e
const walData = 0x77
const keepAlive = 0x6b
/** The server drops a client it has not heard from for wal_sender_timeout (60 s unless changed). */
const statusEveryMs = 1_000
/** A source that has been quiet for this long is asked every second time: many idle streams must cost little. */
const quietAfterMs = 10_000
/** The server answers each status at once; a connection that lost its other end without a word would never tell. */
const silenceLimitMs = 60_000
/** Behind the kind: start and end of the data, and the server's clock, 8 bytes each. */
const walDataHeaderBytes = 25
const endLimitMs = 5_000

/** Reads the connection until it breaks or is ended, and keeps the server informed. */
export function speakProtocol(raw: RawConnection, handlers: ProtocolHandlers): Protocol {
  /** It broke, or was ended: what a destroyed socket still gives of what it has read ahead is not decoded any more. */
  let isOver = false
  let settle: (error?: Problem) => void = () => undefined
  const ended = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error))
  })
  // Whoever uses it awaits `ended`; until then, a break must not count as unhandled.
  ended.catch(() => undefined)

  const sendStatus = (wantsAnswer = false) => {
    if (raw.socket.writable) raw.send(statusMessage(handlers.acknowledged(), wantsAnswer))
  }
  // The answer tells how far the server has come, which tells an idle stream from a slow one.
  const hearing = newHearing()
  let changedAtMs = performance.now()
  let hasChanged = false
  let isAskedNext = true
  const tick = () => {
    if (hasChanged) changedAtMs = performance.now()
    hasChanged = false
    isAskedNext = !isAskedNext || performance.now() - changedAtMs < quietAfterMs
    if (!isAskedNext) return
    if (handlers.isHeld()) hearing.heard()
    if (hearing.silentMs() > silenceLimitMs) return finish(silent())
    hearing.asked()
    sendStatus(true)
  }
  const telling = startTicks({ everyMs: statusEveryMs, tick })
  const finish = (error?: Problem) => {
    settle(isOver ? undefined : error)
    isOver = true
    telling.stop()
    handlers.closed()
    raw.destroy()
  }
  const brokeOff = (error: unknown) =>
    finish(handlers.isExpected?.(error) ? undefined : problemOfDecoding(error))
  const framer = newFramer((type, bytes, start, end) => {
    if (type === copyData) {
      const kind = bytes[start]
      if (kind === walData) {
        hasChanged = true
        const wait = handlers.changes(bytes, start + walDataHeaderBytes, end)
        if (wait !== undefined) {
          goOnAfter(wait)
          return "stop"
        }
      } else if (kind === keepAlive) {
        handlers.keepAlive(bytes.readBigUInt64BE(start + 1))
        if (bytes[start + 17] === 1) sendStatus()
      }
    } else if (type === errorResponse) {
      const { sqlState, message } = readServerError(bytes, start, end)
      finish(problemOfStream(sqlState, message))
    } else if (type === noticeResponse) {
      const { sqlState, message } = readServerError(bytes, start, end)
      // Since version 18 a publication that is gone is only warned about, and nothing more is published.
      if (sqlState === "55000") finish(problemOfServer(sqlState, message, "streaming changes"))
    } else if (type === copyDone) finish(new Problem("sourceUnreachable", "The source ended the stream."))
    return undefined
  })
  const goOnAfter = (wait: Promise<void>) => {
    const goOn = () => {
      if (isOver) return
      framer.goOn()
      handlers.chunkRead(0)
    }
    wait.then(goOn).catch(brokeOff)
  }
  raw.socket.on("data", (chunk: Buffer) => {
    if (isOver) return
    hearing.heard()
    try {
      framer.feed(chunk)
      handlers.chunkRead(chunk.length)
    } catch (error) {
      brokeOff(error)
    }
  })
  raw.socket.on("error", (error) => finish(problemOf(error, "streaming changes")))
  raw.socket.on("close", () => finish(new Problem("sourceUnreachable", "The source closed the stream.")))

  return {
    ended,
    start: (handle, from, form) => raw.query(startStatement(handle, from, form)),
    sendStatus,
    overdueMs: () => (handlers.isHeld() ? 0 : hearing.overdueMs()),
    fail: (error) => finish(problemOf(error, "streaming changes")),
    async cut() {
      isOver = true
      sendStatus()
      finish()
      await ended.catch(() => undefined)
    },
    async end() {
      isOver = true
      sendStatus()
      // What comes before the server has heard us is not listened to, but must be taken.
      raw.socket.resume()
      raw.end()
      const limit = startDeadline(endLimitMs, () => finish())
      await ended.catch(() => undefined)
      limit.end()
    },
  }
}

/** When the server was asked and heard last. */
function newHearing() {
  let heardAtMs = performance.now()
  /** Of the first question since then. */
  let askedAtMs: number | undefined
  return {
    asked(): void {
      askedAtMs ??= performance.now()
    },
    heard(): void {
      heardAtMs = performance.now()
      askedAtMs = undefined
    },
    silentMs: () => performance.now() - heardAtMs,
    overdueMs: () => (askedAtMs === undefined ? 0 : performance.now() - askedAtMs),
  }
}

function startStatement(handle: string, from: Position, form: RowForm): string {
  // Servers before 14 do not know the option.
  const binary = form === "binary" ? ", binary 'true'" : ""
  return `START_REPLICATION SLOT "${handle}" LOGICAL ${from} (proto_version '1', publication_names '"${handle}"'${binary})`
}

/** Each new stream would end at the same change: only a snapshot, in which its table alone fails, goes round it. */
function problemOfStream(sqlState: string, message: string): Problem {
  if (!unconvertibleStates.has(sqlState)) return problemOfServer(sqlState, message, "streaming changes")
  return new Problem(
    "sourceHistoryLost",
    `A change has text that the source cannot convert to UTF-8 (${message}). All is resynced; a table with such text stays out.`,
  )
}

function silent(): Problem {
  return new Problem("sourceUnreachable", `The source has been silent for ${silenceLimitMs / 1000} s.`)
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
