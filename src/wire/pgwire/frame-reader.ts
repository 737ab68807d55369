import { PgError } from "./pg-error.ts"

export interface Frame {
  /** The message's letter; "" for the start-up messages, which have none. */
  type: string
  body: Buffer
}

/** The start-up messages have no letter; whoever is still logging in is nobody yet, and must not fill the memory. */
export type Phase = "startup" | "login" | "session"

/** Cuts the byte stream into messages. Holds at most one message (up to its phase's limit) plus what the socket last gave. */
export interface FrameReader {
  push(chunk: Buffer): void
  /** `undefined`: more bytes are needed. Throws a fatal PgError on a message that is too long or malformed. */
  next(phase: Phase): Frame | undefined
  /** Memory that is taken by what has come and not been cut, in bytes. */
  heldBytes(): number
}

const nothing = Buffer.alloc(0)
const leastCapacityBytes = 1024
/** A larger buffer is not kept for the next message. */
const keptCapacityBytes = 64 * 1024

/** Doubled while it is small; then by a quarter, so that little is reserved beyond what has come. */
function roomFor(bytes: number): number {
  return Math.max(leastCapacityBytes, bytes < 2 ** 20 ? bytes * 2 : Math.ceil(bytes * 1.25))
}

/** What has come is copied together: a client that sends byte by byte must not make us keep a buffer for each. */
export function frameReader(limits: Record<Phase, number>): FrameReader {
  let buffer: Buffer = nothing
  let start = 0
  let end = 0

  function push(chunk: Buffer): void {
    if (end + chunk.length > buffer.length) makeRoom(chunk.length)
    chunk.copy(buffer, end)
    end += chunk.length
  }

  function makeRoom(more: number): void {
    const needed = end - start + more
    const target = needed <= buffer.length / 2 ? buffer : Buffer.allocUnsafeSlow(roomFor(needed))
    buffer.copy(target, 0, start, end)
    buffer = target
    end -= start
    start = 0
  }

  /** What `next` gives away is never written over. */
  function take(from: number, to: number): Buffer {
    const isAll = to === end && to - from > keptCapacityBytes
    const taken = isAll ? buffer.subarray(from, to) : Buffer.from(buffer.subarray(from, to))
    start = to
    if (start < end) return taken
    start = 0
    end = 0
    if (isAll || buffer.length > keptCapacityBytes) buffer = nothing
    return taken
  }

  function next(phase: Phase): Frame | undefined {
    const lengthAt = phase === "startup" ? 0 : 1
    if (end - start < lengthAt + 4) return undefined
    const length = buffer.readUInt32BE(start + lengthAt)
    const limit = limits[phase]
    if (length < 4 || length > limit) {
      throw new PgError("08P01", `message of ${length} bytes is outside the limit of ${limit} bytes`, {
        fatal: true,
      })
    }
    const total = lengthAt + length
    if (end - start < total) return undefined
    const type = lengthAt === 0 ? "" : String.fromCharCode(buffer[start] ?? 0)
    return { type, body: take(start + lengthAt + 4, start + total) }
  }

  return { push, next, heldBytes: () => (end > start ? buffer.length : 0) }
}
