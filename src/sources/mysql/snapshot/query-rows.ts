import type { Duplex } from "node:stream"
import { Problem } from "../../../domain/problems.ts"
import { problemOfServer, readServerError } from "../errors.ts"
import { newFramer } from "../stream/connection/framing.ts"
import { readLength } from "../stream/table-map.ts"

/** A connection that runs one statement after another, and gives rows as bytes. */
export interface RowSession {
  /**
   * Calls `row` with where each value of a row lies (a start of -1: null); after each piece of bytes `piece` may return a
   * promise, for which reading waits. A `stop` that is set ends with its reason thrown, when the server has ended the
   * statement: `kill` asks it to.
   */
  run(statement: RowStatement): Promise<void>
  destroy(): void
}

export interface RowStatement {
  sql: string
  columns: number
  row(bytes: Buffer, starts: Int32Array, ends: Int32Array): void
  piece(): Promise<void> | undefined
  signal: AbortSignal
  doing: string
}

const comQuery = 0x03
const okPacket = 0x00
const errorPacket = 0xff
const eofPacket = 0xfe
const nullValue = 0xfb

export interface RowConnection {
  socket: Duplex
  send(command: number, body: Buffer): void
  destroy(): void
}

/**
 * `kill` ends the statement that the connection is running, and leaves the connection as it is. `behind` is a statement
 * without rows that is run behind each.
 */
export function newRowSession(raw: RowConnection, kill: () => Promise<void>, behind?: string): RowSession {
  const runBehind = async ({ doing }: RowStatement) => {
    if (behind === undefined || raw.socket.destroyed) return
    const signal = new AbortController().signal
    const ignored = { row: () => undefined, piece: () => undefined, columns: 0 }
    await runOn(raw, kill, { sql: behind, signal, doing, ...ignored }, { writing: undefined })
  }
  return {
    destroy: raw.destroy,
    async run(statement) {
      if (statement.signal.aborted) throw givenUp(statement)
      const pieces: Pieces = { writing: undefined }
      try {
        await runOn(raw, kill, statement, pieces)
      } catch (error) {
        // What failed first is what counts; the session goes on if it still can.
        await runBehind(statement).catch(() => undefined)
        // What was given away is in use until it is written.
        await pieces.writing
        throw error
      }
      await runBehind(statement)
    },
  }
}

function givenUp({ doing }: RowStatement): Problem {
  return new Problem("sourceUnreachable", `What was begun was given up (${doing}).`)
}

interface Pieces {
  /** Settles when the last piece has been taken. */
  writing: Promise<unknown> | undefined
}

function runOn(
  raw: RowConnection,
  kill: () => Promise<void>,
  statement: RowStatement,
  pieces: Pieces,
): Promise<void> {
  const { socket } = raw
  const { doing, signal } = statement
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const lost = () => new Problem("sourceUnreachable", `The source closed the connection (while ${doing}).`)
  if (socket.destroyed) return Promise.reject(lost())
  /** Why the rows still to come are not wanted. */
  let unwanted: unknown
  const stop = (reason: unknown) => {
    if (unwanted !== undefined) return
    unwanted = reason
    kill().catch(raw.destroy)
    // The server does not look for that while what it sends is not taken.
    socket.resume()
  }
  const abort = () => stop(givenUp(statement))
  const result = newResult(statement, (ending) => {
    // A short result has ended before anybody could ask for that.
    const reason = unwanted ?? result.failure
    if (reason !== undefined) reject(reason)
    else if (ending === undefined) resolve()
    else reject(problemOfServer(ending.errno, ending.message, doing))
  })
  const data = (chunk: Buffer) => {
    try {
      result.feed(chunk, unwanted === undefined ? undefined : "skip")
    } catch (error) {
      // Where the result ends cannot be told any more.
      reject(error)
      return raw.destroy()
    }
    if (result.failure !== undefined) stop(result.failure)
    const waiting = unwanted === undefined ? statement.piece() : undefined
    if (waiting === undefined) return
    socket.pause()
    pieces.writing = waiting.catch(stop).finally(() => socket.resume())
  }
  const closed = () =>
    reject(unwanted ?? new Problem("sourceUnreachable", `The source closed the connection (while ${doing}).`))
  socket.on("data", data)
  socket.once("close", closed)
  signal.addEventListener("abort", abort, { once: true })
  raw.send(comQuery, Buffer.from(statement.sql))
  socket.resume()
  return promise.finally(() => {
    socket.off("data", data)
    socket.off("close", closed)
    signal.removeEventListener("abort", abort)
  })
}

interface Result {
  /** What `row` threw: the rows after it are skipped. */
  readonly failure: unknown
  feed(chunk: Buffer, mode: "skip" | undefined): void
}

type Ending = { errno: number; message: string } | undefined

/** The packets of one result: count of columns, a packet for each, a mark, rows, a mark. */
function newResult(statement: RowStatement, ended: (ending: Ending) => void): Result {
  const starts = new Int32Array(statement.columns)
  const ends = new Int32Array(statement.columns)
  let marks = 0
  let failure: unknown
  let skips = false
  const cursor = { at: 0 }
  const framer = newFramer((bytes, start, end) => {
    const first = bytes[start]
    if (first === errorPacket) return ended(readServerError(bytes, start, end))
    if (first === okPacket && statement.columns === 0) return ended(undefined)
    if (first === eofPacket && end - start < 9) {
      if (++marks === 2) ended(undefined)
      return
    }
    if (marks === 0 || skips || failure !== undefined) return
    cursor.at = start
    for (let i = 0; i < starts.length; i++) {
      if (bytes[cursor.at] === nullValue) {
        starts[i] = -1
        cursor.at++
        continue
      }
      const length = readLength(bytes, cursor)
      starts[i] = cursor.at
      cursor.at += length
      ends[i] = cursor.at
    }
    try {
      statement.row(bytes, starts, ends)
    } catch (error) {
      failure = error
    }
  })
  return {
    get failure() {
      return failure
    },
    feed(chunk, mode) {
      skips = mode === "skip"
      framer.feed(chunk)
    },
  }
}
