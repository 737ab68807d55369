import type { Socket } from "node:net"
import { type SecureContext, TLSSocket } from "node:tls"
import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import { type Frame, frameReader, type Phase } from "./frame-reader.ts"
import { PgError } from "./pg-error.ts"
import type { Holding } from "./user-shares.ts"

/** While a statement runs, no more than this is taken from a client who keeps sending. */
const readAheadBytes = 256 * 1024
/** Small messages are gathered up to here, so that an answer is one packet rather than ten. */
const gatherBytes = 16 * 1024
const startupMessageLimitBytes = 10_000
/** As PostgreSQL's. */
const loginMessageLimitBytes = 65_535

/** The connection ended, or must: nothing more can be said to the client. */
export class ConnectionGone extends Error {}

export interface TlsOptions {
  secureContext: SecureContext
  /** The certificate's hash for channel binding; undefined: not offered. */
  endpoint: Buffer | undefined
}

export interface Transport {
  /** The client's; undefined when it is gone already. */
  readonly address: string | undefined
  /**
   * The next message; throws ConnectionGone at the end of the stream, a fatal PgError when a half-sent one is too much
   * for its user's share or does not go on.
   */
  receive(phase: Phase): Promise<Frame>
  /** Gathers; sent by `flush` or when enough is there. */
  send(bytes: Uint8Array): void
  /** Resolves when the socket takes more; a client who reads nothing for `stalledMs` is dropped. */
  flush(): Promise<void>
  /** The single byte that answers SSLRequest. */
  sendByte(byte: "N" | "S"): void
  /** From here on all goes through TLS, as the server's side of it. */
  secure(tls: TlsOptions): void
  isSecure(): boolean
  /** What channel binding compares; undefined without TLS. */
  endpoint(): Buffer | undefined
  /** From here on what has come of messages counts in the share of the user. */
  charge(holding: Holding): void
  onGone(listener: () => void): void
  gone(): boolean
  /** Sends what is gathered, then closes. */
  end(): void
  destroy(): void
}

function unfinished(): PgError {
  return new PgError("08P01", "a message was begun and did not go on", { fatal: true })
}

/** A client has this long to close its side when ours is closed. */
const closingLimitMs = 1_000

export interface TransportLimits {
  messageBytes: number
  stalledMs: number
  halfSentMs: number
}

export function transportOver(raw: Socket, limits: TransportLimits): Transport {
  const reader = frameReader({
    startup: startupMessageLimitBytes,
    login: loginMessageLimitBytes,
    session: limits.messageBytes,
  })
  const goneListeners: (() => void)[] = []
  let wake: (() => void) | undefined
  const address = raw.remoteAddress
  let socket: Socket = raw
  let tlsInUse: TlsOptions | undefined
  let ended = false
  let waitingForInput = false
  let holding: Holding | undefined
  let answering = 0
  let overShare: PgError | undefined
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
  function onData(chunk: Buffer): void {
    // It is about to end, and what it sends is not counted any more.
    if (overShare) return
    reader.push(chunk)
    overShare ??= holding?.incoming(reader.heldBytes() + answering)
    if (!waitingForInput && reader.heldBytes() > readAheadBytes) socket.pause()
    wakeUp()
  }
  function listen(to: Socket): void {
    to.on("data", onData)
    to.on("end", markGone)
    to.on("close", markGone)
    // An error is always followed by "close", which says all that matters here: the client is gone.
    to.on("error", markGone)
  }
  raw.setNoDelay(true)
  listen(raw)

  function secure(tls: TlsOptions): void {
    raw.off("data", onData)
    raw.off("end", markGone)
    socket = new TLSSocket(raw, { isServer: true, secureContext: tls.secureContext, requestCert: false })
    tlsInUse = tls
    listen(socket)
    // Without a tls.Server around the socket, `_tlsError` is the only event that reports a failed handshake.
    socket.on("_tlsError", () => socket.destroy())
  }

  /** Until something has come, or the connection has ended. Throws when half a message is all that comes. */
  async function moreInput(phase: Phase): Promise<void> {
    waitingForInput = true
    socket.resume()
    const isHalfSent = phase === "session" && reader.heldBytes() > 0
    let limit: Deadline | undefined
    await new Promise<void>((resolve, reject) => {
      wake = resolve
      if (isHalfSent) limit = startDeadline(limits.halfSentMs, () => reject(unfinished()))
    }).finally(() => limit?.end())
    waitingForInput = false
  }

  async function receive(phase: Phase): Promise<Frame> {
    answering = 0
    for (;;) {
      if (overShare) throw overShare
      const frame = reader.next(phase)
      if (frame) {
        // A message counts until it is answered: its text is kept as long.
        answering = frame.body.length
        holding?.incoming(reader.heldBytes() + answering)
        return frame
      }
      if (ended) throw new ConnectionGone()
      await moreInput(phase)
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
      const limit = startDeadline(limits.stalledMs, () => socket.destroy())
      const settle = () => {
        limit.end()
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
    secure,
    isSecure: () => tlsInUse !== undefined,
    endpoint: () => tlsInUse?.endpoint,
    charge: (to) => {
      holding = to
      overShare ??= to.incoming(reader.heldBytes())
    },
    onGone: (listener) => goneListeners.push(listener),
    gone: () => ended,
    end: () => {
      writeGathered()
      socket.end()
      // A client who never closes its side must not keep the socket for ever.
      const limit = startDeadline(closingLimitMs, () => socket.destroy(), { keepsAlive: false })
      socket.once("close", limit.end)
    },
    destroy: () => socket.destroy(),
  }
}
