import type { Socket } from "node:net"
import { type SecureContext, TLSSocket } from "node:tls"
import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import type { Holding } from "./admission/user-shares.ts"
import { type Frame, type FrameReader, frameReader, type Phase } from "./frame-reader.ts"
import { PgError } from "./pg-error.ts"

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

/** One connection: the bytes that come are cut into messages, those that go are gathered. */
interface Channel {
  readonly limits: TransportLimits
  readonly reader: FrameReader
  readonly goneListeners: (() => void)[]
  /** What listens at the socket. */
  readonly onData: (chunk: Buffer) => void
  readonly onGone: () => void
  /** The client's, or TLS over it. */
  socket: Socket
  tls: TlsOptions | undefined
  isGone: boolean
  /** Whoever waits for more to come, or for the end. */
  wake: (() => void) | undefined
  isWaitingForInput: boolean
  /** What the user's sessions may hold; `undefined`: it has not logged in yet. */
  holding: Holding | undefined
  /** Size of the message that is being answered: it counts among what the session holds until then. */
  answeringBytes: number
  /** More came than the user's share allows: nothing is read any more. */
  overShare: PgError | undefined
  gathered: Uint8Array[]
  gatheredBytes: number
}

export function transportOver(raw: Socket, limits: TransportLimits): Transport {
  const channel = newChannel(raw, limits)
  const address = raw.remoteAddress
  raw.setNoDelay(true)
  listen(channel)
  return {
    address,
    receive: (phase) => receive(channel, phase),
    send(bytes) {
      channel.gathered.push(bytes)
      channel.gatheredBytes += bytes.length
      if (channel.gatheredBytes > gatherBytes) writeGathered(channel)
    },
    flush: () => flush(channel),
    sendByte: (byte) => sendByte(channel, byte),
    secure: (tls) => secure(channel, tls),
    isSecure: () => channel.tls !== undefined,
    endpoint: () => channel.tls?.endpoint,
    charge(holding) {
      channel.holding = holding
      channel.overShare ??= holding.incoming(channel.reader.heldBytes())
    },
    onGone: (listener) => channel.goneListeners.push(listener),
    gone: () => channel.isGone,
    end: () => end(channel),
    destroy: () => channel.socket.destroy(),
  }
}

function newChannel(raw: Socket, limits: TransportLimits): Channel {
  const channel: Channel = {
    limits,
    reader: frameReader({
      startup: startupMessageLimitBytes,
      login: loginMessageLimitBytes,
      session: limits.messageBytes,
    }),
    goneListeners: [],
    onData: (chunk) => take(channel, chunk),
    onGone: () => markGone(channel),
    socket: raw,
    tls: undefined,
    isGone: false,
    wake: undefined,
    isWaitingForInput: false,
    holding: undefined,
    answeringBytes: 0,
    overShare: undefined,
    gathered: [],
    gatheredBytes: 0,
  }
  return channel
}

function listen({ socket, onData, onGone }: Channel): void {
  socket.on("data", onData)
  socket.on("end", onGone)
  socket.on("close", onGone)
  // An error is always followed by "close", which says all that matters here: the client is gone.
  socket.on("error", onGone)
}

function take(channel: Channel, chunk: Buffer): void {
  // It is about to end, and what it sends is not counted any more.
  if (channel.overShare) return
  const { reader, holding, answeringBytes } = channel
  reader.push(chunk)
  channel.overShare = holding?.incoming(reader.heldBytes() + answeringBytes)
  if (!channel.isWaitingForInput && reader.heldBytes() > readAheadBytes) channel.socket.pause()
  wakeUp(channel)
}

function markGone(channel: Channel): void {
  if (channel.isGone) return
  channel.isGone = true
  for (const listener of channel.goneListeners) listener()
  wakeUp(channel)
}

function wakeUp(channel: Channel): void {
  channel.wake?.()
  channel.wake = undefined
}

function secure(channel: Channel, tls: TlsOptions): void {
  const raw = channel.socket
  raw.off("data", channel.onData)
  raw.off("end", channel.onGone)
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: tls.secureContext,
    requestCert: false,
  })
  channel.socket = socket
  channel.tls = tls
  listen(channel)
  // Without a tls.Server around the socket, `_tlsError` is the only event that reports a failed handshake.
  socket.on("_tlsError", () => socket.destroy())
}

async function receive(channel: Channel, phase: Phase): Promise<Frame> {
  const { reader } = channel
  channel.answeringBytes = 0
  for (;;) {
    if (channel.overShare) throw channel.overShare
    const frame = reader.next(phase)
    if (frame) {
      // A message counts until it is answered: its text is kept as long.
      channel.answeringBytes = frame.body.length
      channel.holding?.incoming(reader.heldBytes() + channel.answeringBytes)
      return frame
    }
    if (channel.isGone) throw new ConnectionGone()
    await moreInput(channel, phase)
  }
}

/** Until something has come, or the connection has ended. Throws when half a message is all that comes. */
async function moreInput(channel: Channel, phase: Phase): Promise<void> {
  channel.isWaitingForInput = true
  channel.socket.resume()
  const isHalfSent = phase === "session" && channel.reader.heldBytes() > 0
  let limit: Deadline | undefined
  await new Promise<void>((resolve, reject) => {
    channel.wake = resolve
    if (isHalfSent) limit = startDeadline(channel.limits.halfSentMs, () => reject(unfinished()))
  }).finally(() => limit?.end())
  channel.isWaitingForInput = false
}

function sendByte({ reader, socket }: Channel, byte: "N" | "S"): void {
  if (reader.heldBytes() > 0)
    throw new PgError("08P01", "received unencrypted data after SSL request", { fatal: true })
  socket.write(byte)
}

/** `false`: the socket has more to send than it should keep. */
function writeGathered(channel: Channel): boolean {
  const { gathered, socket } = channel
  if (gathered.length === 0 || channel.isGone) return true
  const bytes = gathered.length === 1 ? (gathered[0] ?? new Uint8Array()) : Buffer.concat(gathered)
  channel.gathered = []
  channel.gatheredBytes = 0
  return socket.write(bytes)
}

async function flush(channel: Channel): Promise<void> {
  const { socket } = channel
  if (writeGathered(channel) && !socket.writableNeedDrain) return
  if (channel.isGone) throw new ConnectionGone()
  await new Promise<void>((resolve) => {
    const limit = startDeadline(channel.limits.stalledMs, () => socket.destroy())
    const settle = () => {
      limit.end()
      socket.off("drain", settle)
      socket.off("close", settle)
      resolve()
    }
    socket.on("drain", settle)
    socket.on("close", settle)
  })
  if (channel.isGone) throw new ConnectionGone()
}

function end(channel: Channel): void {
  const { socket } = channel
  writeGathered(channel)
  socket.end()
  // A client who never closes its side must not keep the socket for ever.
  const limit = startDeadline(closingLimitMs, () => socket.destroy(), { keepsAlive: false })
  socket.once("close", limit.end)
}
