import type { IncomingMessage } from "node:http"

export type BodyRead = { kind: "read"; body: Uint8Array } | { kind: "tooLarge" } | { kind: "broken" }

/** Of all requests together, while their bodies come: a thousand slow ones must not take the process's memory. */
export const unreadBodiesBytes = 64 * 1024 * 1024

/** A body that is still coming. Its bytes are copied out of the network's buffers, which a few bytes each would hold whole. */
interface Coming {
  buffer: Buffer
  size: number
  /** Cuts its connection. */
  cut(): void
}

/** Oldest first. */
const coming = new Set<Coming>()
let heldBytes = 0
const firstBytes = 4_096

/**
 * Reads a request's body up to `limitBytes`; what is larger is never held in memory, whatever its headers say. When all
 * bodies that are coming hold more than `allBytes`, the connection of the one that takes longest is cut.
 */
export async function readBody(
  incoming: IncomingMessage,
  limitBytes: number,
  allBytes = unreadBodiesBytes,
): Promise<BodyRead> {
  if (Number(incoming.headers["content-length"] ?? 0) > limitBytes) return { kind: "tooLarge" }
  return new Promise((resolve) => {
    const end = (read: BodyRead) => {
      if (coming.delete(body)) heldBytes -= body.buffer.length
      resolve(read)
    }
    const cut = () => {
      end({ kind: "broken" })
      incoming.socket.destroy()
    }
    const body: Coming = { buffer: Buffer.alloc(0), size: 0, cut }
    coming.add(body)
    incoming.on("data", (chunk: Buffer) => {
      if (!coming.has(body)) return
      if (body.size + chunk.length > limitBytes) return end({ kind: "tooLarge" })
      take(body, chunk, limitBytes)
      for (const oldest of coming) {
        if (heldBytes <= allBytes) break
        oldest.cut()
      }
    })
    incoming.on("end", () => end({ kind: "read", body: body.buffer.subarray(0, body.size) }))
    // A client that hangs up in mid-body gets no answer; the caller still has to end its work.
    incoming.on("error", () => end({ kind: "broken" }))
    incoming.on("close", () => end({ kind: "broken" }))
  })
}

function take(body: Coming, chunk: Buffer, limitBytes: number): void {
  const size = body.size + chunk.length
  if (size > body.buffer.length) {
    const larger = Buffer.alloc(Math.min(limitBytes, Math.max(firstBytes, size, 2 * body.buffer.length)))
    body.buffer.copy(larger, 0, 0, body.size)
    heldBytes += larger.length - body.buffer.length
    body.buffer = larger
  }
  chunk.copy(body.buffer, body.size)
  body.size = size
}
