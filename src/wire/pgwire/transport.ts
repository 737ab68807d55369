import type { Socket } from "node:net"
import { type Frame, frameReader } from "./frame-reader.ts"
import { PgError } from "./pg-error.ts"

/** While a statement runs, no more than this is taken from a client who keeps sending. */
const readAheadBytes = 256 * 1024
/** Small messages are gathered up to here, so that an answer is one packet rather than ten. */
const gatherBytes = 16 * 1024
const startupMessageLimitBytes = 10_000

/** The connection ended, or must: nothing more can be said to the client. */
export class ConnectionGone extends Error {}

export interface Transport {
  /** The client's; undefined when it is gone already. */
  readonly address: string | undefined
  /** The next message; throws ConnectionGone at the end of the stream. */
  receive(startup: boolean): Promise<Frame>
  /** Gathers; sent by `flush` or when enough is there. */
  send(bytes: Uint8Array): void
  /** Resolves when the socket takes more; a client who reads nothing for `stalledMs` is dropped. */
  flush(): Promise<void>
  /** The single byte that answers SSLRequest. */
  sendByte(byte: "N"): void
  onGone(listener: () => void): void
  gone(): boolean
  /** Sends what is gathered, then closes. */
  end(): void
  destroy(): void
}

export function transportOver(
  socket: Socket,
  limits: { messageBytes: number; stalledMs: number },
): Transport {
  const reader = frameReader(limits.messageBytes, startupMessageLimitBytes)
  const goneListeners: (() => void)[] = []
  let wake: (() => void) | undefined
  const address = socket.remoteAddress
  let ended = false
  let waitingForInput = false
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0

  function wakeUp(): void {
    wake?.()
    wake = undefined
  }
  function markGone(): void {
    if (ended) return
    ended = true
    for (const listener of goneListeners) listener()
    wakeUp()
  }
  socket.setNoDelay(true)
  socket.on("data", (chunk: Buffer) => {
    reader.push(chunk)
    if (!waitingForInput && reader.heldBytes() > readAheadBytes) socket.pause()
    wakeUp()
  })
  socket.on("end", markGone)
  socket.on("close", markGone)
  // An error is always followed by "close", which says all that matters here: the client is gone.
  socket.on("error", markGone)

  async function receive(startup: boolean): Promise<Frame> {
    for (;;) {
      const frame = reader.next(startup)
      if (frame) return frame
      if (ended) throw new ConnectionGone()
      waitingForInput = true
      socket.resume()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      waitingForInput = false
    }
  }

  function writeGathered(): boolean {
    if (gathered.length === 0 || ended) return true
    const bytes = gathered.length === 1 ? (gathered[0] ?? new Uint8Array()) : Buffer.concat(gathered)
    gathered = []
    gatheredBytes = 0
    return socket.write(bytes)
  }

  async function flush(): Promise<void> {
    if (writeGathered() && !socket.writableNeedDrain) return
    if (ended) throw new ConnectionGone()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), limits.stalledMs)
      const settle = () => {
        clearTimeout(timer)
        socket.off("drain", settle)
        socket.off("close", settle)
        resolve()
      }
      socket.on("drain", settle)
      socket.on("close", settle)
    })
    if (ended) throw new ConnectionGone()
  }

  return {
    address,
    receive,
    send: (bytes) => {
      gathered.push(bytes)
      gatheredBytes += bytes.length
      if (gatheredBytes > gatherBytes) writeGathered()
    },
    flush,
    sendByte: (byte) => {
      if (reader.heldBytes() > 0) {
        throw new PgError("08P01", "received unencrypted data after SSL request", { fatal: true })
      }
      socket.write(byte)
    },
    onGone: (listener) => goneListeners.push(listener),
    gone: () => ended,
    end: () => {
      writeGathered()
      socket.end()
      // A client who never closes its side must not keep the socket for ever.
      const timer = setTimeout(() => socket.destroy(), 1000)
      timer.unref()
      socket.once("close", () => clearTimeout(timer))
    },
    destroy: () => socket.destroy(),
  }
}
