import type { IncomingMessage } from "node:http"

export type BodyRead = { kind: "read"; body: Uint8Array } | { kind: "tooLarge" } | { kind: "broken" }

/** Reads a request's body up to `limitBytes`; what is larger is never held in memory, whatever its headers say. */
export async function readBody(incoming: IncomingMessage, limitBytes: number): Promise<BodyRead> {
  if (Number(incoming.headers["content-length"] ?? 0) > limitBytes) return { kind: "tooLarge" }
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size <= limitBytes) chunks.push(chunk)
      else resolve({ kind: "tooLarge" })
    })
    incoming.on("end", () => resolve({ kind: "read", body: Buffer.concat(chunks) }))
    // A client that hangs up in mid-body gets no answer; the caller still has to end its work.
    incoming.on("error", () => resolve({ kind: "broken" }))
    incoming.on("close", () => resolve({ kind: "broken" }))
  })
}
