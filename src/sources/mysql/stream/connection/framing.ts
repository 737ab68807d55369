import { Problem } from "../../../../domain/problems.ts"
import { untilItThrows } from "../../../../replication/contracts/delivery-order.ts"
import { uint24 } from "../../types/numbers.ts"

/** Takes one whole packet: `bytes[start, end)`, valid only during the call. */
export type PacketHandler = (bytes: Buffer, start: number, end: number) => void

/**
 * Cuts the server's byte stream into packets (length in 3 bytes, a running number, the rest). When the handler has thrown, or a
 * packet is too large, no packet comes any more: those behind a lost one would be taken for complete.
 */
export interface Framer {
  feed(chunk: Buffer): void
}

const headerBytes = 4
/** A packet of this length goes on in the next. */
const fullPacket = 0xffffff
const firstHeldBytes = 16 * 1024
/** Memory for packets larger than this is let go with them. */
const mostKeptBytes = 2 ** 20
/** No server lets `max_allowed_packet` be larger; an event has its own head in front of that. */
const largestBytes = 2 ** 30 + 2 ** 16

export function newFramer(handle: PacketHandler, limitBytes: number = largestBytes): Framer {
  /** What has come of a packet that is not whole. */
  let held = Buffer.allocUnsafeSlow(firstHeldBytes)
  let heldBytes = 0
  let begun: Buffer[] = []
  let begunBytes = 0

  function packet(bytes: Buffer, start: number, end: number): void {
    const isFull = end - start === fullPacket
    if (!isFull && begun.length === 0) return handle(bytes, start, end)
    begun.push(Buffer.from(bytes.subarray(start, end)))
    begunBytes += end - start
    if (begunBytes > limitBytes)
      throw new Problem("sourceProtocol", `The source sent a packet of more than ${limitBytes} bytes.`)
    if (isFull) return
    const whole = Buffer.concat(begun)
    begun = []
    begunBytes = 0
    handle(whole, 0, whole.length)
  }

  /** Holds on to what `chunk` has, from `at` on, until there are `wanted` bytes; returns where the rest begins. */
  function hold(chunk: Buffer, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - heldBytes)
    if (heldBytes + end - at > held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(held.length * 2, heldBytes + end - at)))
      held.copy(larger, 0, 0, heldBytes)
      held = larger
    }
    heldBytes += chunk.copy(held, heldBytes, at, end)
    return end
  }

  /** Completes the packet that is held; returns where the rest of `chunk` begins, `undefined`: it is not whole yet. */
  function complete(chunk: Buffer): number | undefined {
    let at = heldBytes < headerBytes ? hold(chunk, 0, headerBytes) : 0
    if (heldBytes < headerBytes) return undefined
    const length = headerBytes + uint24(held, 0)
    at = hold(chunk, at, length)
    if (heldBytes < length) return undefined
    const whole = held
    heldBytes = 0
    if (held.length > mostKeptBytes) held = Buffer.allocUnsafeSlow(firstHeldBytes)
    packet(whole, headerBytes, length)
    return at
  }

  return {
    feed: untilItThrows(cut),
  }

  function cut(chunk: Buffer): void {
    let at = heldBytes === 0 ? 0 : complete(chunk)
    if (at === undefined) return
    while (at + headerBytes <= chunk.length) {
      const end: number = at + headerBytes + uint24(chunk, at)
      if (end > chunk.length) break
      packet(chunk, at + headerBytes, end)
      at = end
    }
    if (at < chunk.length) hold(chunk, at, chunk.length - at)
  }
}
