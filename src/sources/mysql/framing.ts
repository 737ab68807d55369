import { Problem } from "../../domain/problems.ts"

/** Takes one whole packet: `bytes[start, end)`, valid only during the call. */
export type PacketHandler = (bytes: Buffer, start: number, end: number) => void

/** Cuts the server's byte stream into packets (length in 3 bytes, a running number, the rest). */
export interface Framer {
  feed(chunk: Buffer): void
}

const headerBytes = 4
/** A packet of this length goes on in the next. */
const fullPacket = 0xffffff
/** No server lets `max_allowed_packet` be larger; an event has its own head in front of that. */
const largestBytes = 2 ** 30 + 2 ** 16

export function newFramer(handle: PacketHandler, limitBytes: number = largestBytes): Framer {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  // Below this many bytes the packet at hand is not whole, so looking again would be in vain.
  let neededBytes = headerBytes
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

  return {
    feed(chunk) {
      let bytes = chunk
      if (waitingBytes > 0) {
        waiting.push(chunk)
        waitingBytes += chunk.length
        if (waitingBytes < neededBytes) return
        bytes = Buffer.concat(waiting, waitingBytes)
      }
      let at = 0
      neededBytes = headerBytes
      while (at + headerBytes <= bytes.length) {
        const end = at + headerBytes + bytes.readUIntLE(at, 3)
        if (end > bytes.length) {
          neededBytes = end - at
          break
        }
        packet(bytes, at + headerBytes, end)
        at = end
      }
      waiting = at < bytes.length ? [bytes.subarray(at)] : []
      waitingBytes = bytes.length - at
    },
  }
}
