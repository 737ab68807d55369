import { Problem } from "../../../domain/problems.ts"
import { untilItThrows } from "../../../replication/contracts/delivery-order.ts"

/**
 * Takes one whole protocol message: `type` is its first byte; its body is `bytes[start, end)`, valid only during the
 * call. After `stop` no more come until the framer goes on.
 */
export type MessageHandler = (type: number, bytes: Buffer, start: number, end: number) => "stop" | undefined

/**
 * Cuts the server's byte stream into protocol messages (type byte, length in 4 bytes that counts itself, body). When the handler
 * has thrown, or a length cannot be, no message comes any more: those behind a lost one would be taken for complete.
 */
export interface Framer {
  feed(chunk: Buffer): void
  /** After a stop: takes what has come meanwhile. */
  goOn(): void
}

const headerBytes = 5
/** No server can build a longer message. */
const longestBytes = 2 ** 30

export function newFramer(handle: MessageHandler): Framer {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  // Below this many bytes the message at hand is not whole, so looking again would be in vain: a large value arrives
  // in thousands of chunks, and they are joined once.
  let neededBytes = headerBytes
  let isStopped = false

  function keep(rest: Buffer, needed: number): void {
    waiting = rest.length > 0 ? [rest] : []
    waitingBytes = rest.length
    neededBytes = needed
  }

  function cut(chunk: Buffer): void {
    let bytes = chunk
    if (waitingBytes > 0 || isStopped) {
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (isStopped || waitingBytes < neededBytes) return
      bytes = Buffer.concat(waiting, waitingBytes)
    }
    let at = 0
    let needed = headerBytes
    while (at + headerBytes <= bytes.length && !isStopped) {
      const end = at + 1 + lengthAt(bytes, at + 1)
      if (end > bytes.length) {
        needed = end - at
        break
      }
      isStopped = handle(bytes[at] as number, bytes, at + headerBytes, end) === "stop"
      at = end
    }
    keep(at < bytes.length ? bytes.subarray(at) : Buffer.alloc(0), needed)
  }

  const feed = untilItThrows(cut)
  return {
    feed,
    goOn() {
      isStopped = false
      feed(Buffer.alloc(0))
    },
  }
}

/** A length that leads nowhere would be followed for ever, or fill the memory. */
function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at)
  if (length >= 4 && length <= longestBytes) return length
  throw new Problem("sourceProtocol", `The source sent a message of ${length} bytes, which cannot be.`)
}
