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
  heldBytes(): number
}

export function frameReader(limits: Record<Phase, number>): FrameReader {
  let chunks: Buffer[] = []
  let held = 0

  function joined(): Buffer {
    const first = chunks[0]
    if (chunks.length === 1 && first) return first
    const all = Buffer.concat(chunks)
    chunks = [all]
    return all
  }

  /** The header may lie across chunks, but is always within the first few bytes: joins only what is needed. */
  function header(bytes: number): Buffer | undefined {
    if (held < bytes) return undefined
    const first = chunks[0]
    return first && first.length >= bytes ? first : joined()
  }

  function next(phase: Phase): Frame | undefined {
    const lengthAt = phase === "startup" ? 0 : 1
    const head = header(lengthAt + 4)
    if (!head) return undefined
    const length = head.readUInt32BE(lengthAt)
    const limit = limits[phase]
    if (length < 4 || length > limit) {
      throw new PgError("08P01", `message of ${length} bytes is outside the limit of ${limit} bytes`, {
        fatal: true,
      })
    }
    const total = lengthAt + length
    if (held < total) return undefined
    const all = head.length >= total ? head : joined()
    chunks[0] = all.subarray(total)
    held -= total
    if (chunks[0].length === 0) chunks.shift()
    return {
      type: lengthAt === 0 ? "" : String.fromCharCode(all[0] ?? 0),
      body: all.subarray(lengthAt + 4, total),
    }
  }

  return {
    push: (chunk) => {
      chunks.push(chunk)
      held += chunk.length
    },
    next,
    heldBytes: () => held,
  }
}
