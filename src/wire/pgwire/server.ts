import { randomBytes, randomInt, timingSafeEqual } from "node:crypto"
import { createServer, type Socket } from "node:net"
import { startDeadline } from "../../concurrency/deadline.ts"
import { authenticate } from "./authenticate.ts"
import {
  backendKeyData,
  errorResponse,
  negotiateProtocolVersion,
  parameterStatus,
  readyForQuery,
} from "./backend-messages.ts"
import { decodeStartup, type StartupMessage } from "./frontend-messages.ts"
import { loginThrottle } from "./login-throttle.ts"
import { type MessageLoop, messageLoop } from "./message-loop.ts"
import { PgError } from "./pg-error.ts"
import type { ScramVerifier } from "./scram.ts"
import type { SqlSession } from "./session.ts"
import { sessionPlaces } from "./session-places.ts"
import { ConnectionGone, type TlsOptions, type Transport, transportOver } from "./transport.ts"
import { type PendingLogin, pendingLogins } from "./unauthenticated-connections.ts"
import { type Holding, type ShareLimits, userShares, usualShare } from "./user-shares.ts"

export interface PgWireLimits {
  /** Sessions at once; a further one gets 53300. */
  connections: number
  /** Of one user. Default: all of them. */
  connectionsPerUser?: number
  /** On top of `connections`. */
  reservedForAdministrators: number
  /** One message, a query with its parameters included. */
  messageBytes: number
  /** Connections of one address whose users have not proven their passwords yet. */
  loginsPerAddress: number
  /** From the connection to the first message. */
  silentMs: number
  /** From the connection to the proven password. */
  startupMs: number
  /** A client that takes none of its result for so long is dropped. */
  stalledMs: number
  /** From one part of a message to the next, once its user has proven the password. */
  halfSentMs: number
  /** Of all sessions of one user. */
  share: ShareLimits
}

const defaultLimits: PgWireLimits = {
  connections: 500,
  reservedForAdministrators: 5,
  messageBytes: 64 * 2 ** 20,
  loginsPerAddress: 100,
  silentMs: 3_000,
  startupMs: 10_000,
  stalledMs: 10 * 60_000,
  halfSentMs: 60_000,
  share: usualShare,
}

/** Sockets beyond the sessions: enough for cancel requests and for telling the surplus that the house is full. */
const spareSockets = 64
/** Who has been heard so lately may be about to prove a password. */
const loginPatienceMs = 1_000
/** SSLRequest and GSSENCRequest may each precede the start-up message. */
const startupMessagesAtMost = 4

export interface PgWireOptions {
  host: string
  port: number
  limits?: Partial<PgWireLimits>
  /** Absent: clients who ask for TLS are told that there is none. */
  tls?: TlsOptions
  /** Absent: everybody. Whether a client at that address may log in without TLS. */
  mayBePlain?(address: string | undefined): boolean
  /** Must take the same time and give an answer whether or not the user exists. */
  verifierFor(user: string): ScramVerifier
  /** Who comes in when all others' places are taken. Default: nobody. */
  isAdministrator?(user: string): boolean
  /** Called after the password is proven. Throws a fatal PgError for an unknown database, say. */
  openSession(user: string, parameters: Map<string, string>, address: string | undefined): Promise<SqlSession>
  onError(error: unknown, where: string): void
}

export interface PgWireServer {
  port: number
  connections(): number
  /** Refuses newcomers, lets what runs finish for `graceMs`, then ends every session with 57P01. */
  close(graceMs: number): Promise<void>
}

interface Live {
  secret: Buffer
  session: SqlSession
  loop: MessageLoop
  transport: Transport
}

function shuttingDown(): PgError {
  return new PgError("57P01", "terminating connection due to administrator command", { fatal: true })
}

/** Starts listening. Rejects with the system's error when the port is taken. */
export async function startPgWire(options: PgWireOptions): Promise<PgWireServer> {
  const limits = { ...defaultLimits, ...options.limits }
  const live = new Map<number, Live>()
  const sockets = new Set<Socket>()
  const room = pendingLogins({ perAddress: limits.loginsPerAddress, patienceMs: loginPatienceMs })
  const throttle = loginThrottle()
  const places = sessionPlaces({
    ...limits,
    connectionsPerUser: limits.connectionsPerUser ?? limits.connections,
  })
  const shares = userShares(limits.share)
  let closing = false

  function cancel(request: Extract<StartupMessage, { kind: "cancel" }>): void {
    const target = live.get(request.processId)
    if (
      target &&
      request.secret.length === target.secret.length &&
      timingSafeEqual(request.secret, target.secret)
    ) {
      target.session.cancel()
    }
  }

  function newProcessId(): number {
    for (;;) {
      const id = randomInt(1, 2 ** 31 - 1)
      if (!live.has(id)) return id
    }
  }

  async function startup(
    transport: Transport,
    guest: PendingLogin,
  ): Promise<Map<string, string> | undefined> {
    const silence = startDeadline(limits.silentMs, transport.destroy)
    for (let i = 0; i < startupMessagesAtMost; i++) {
      const message = decodeStartup(await transport.receive("startup").finally(silence.end))
      guest.heard()
      if (message.kind === "cancel") {
        cancel(message)
        return undefined
      }
      if (message.kind === "startup") {
        const unknown = [...message.parameters.keys()].filter((name) => name.startsWith("_pq_."))
        if (message.minor > 0 || unknown.length > 0) transport.send(negotiateProtocolVersion(unknown))
        return message.parameters
      }
      if (message.kind === "ssl" && options.tls && !transport.isSecure()) {
        transport.sendByte("S")
        transport.secure(options.tls)
      } else transport.sendByte("N")
    }
    throw new PgError("08P01", "too many start-up messages", { fatal: true })
  }

  async function prove(
    transport: Transport,
    parameters: Map<string, string>,
    guest: PendingLogin,
  ): Promise<string> {
    const user = parameters.get("user")
    if (!user)
      throw new PgError("28000", "no PostgreSQL user name specified in startup packet", { fatal: true })
    if (!transport.isSecure() && options.mayBePlain?.(transport.address) === false) {
      throw new PgError("28000", "this server takes connections from there with TLS only", {
        fatal: true,
        hint: "Connect with sslmode=require, or let the server's administrator set listen.tls.unencrypted.",
      })
    }
    await throttle.attempt(user, transport.address, async () => {
      if (transport.gone()) throw new ConnectionGone()
      await authenticate(transport, user, options.verifierFor(user))
    })
    if (transport.gone()) throw new ConnectionGone()
    guest.leave()
    return user
  }

  function greet(
    transport: Transport,
    session: SqlSession,
    processId: number,
    secret: Buffer,
  ): Promise<void> {
    for (const [name, value] of Object.entries(session.parameters()))
      transport.send(parameterStatus(name, value))
    transport.send(backendKeyData(processId, secret))
    transport.send(readyForQuery("I"))
    return transport.flush()
  }

  async function converse(transport: Transport, session: SqlSession, holding: Holding): Promise<void> {
    const processId = newProcessId()
    const secret = randomBytes(4)
    const loop = messageLoop(transport, session, holding, shuttingDown)
    live.set(processId, { secret, session, loop, transport })
    transport.onGone(() => session.cancel())
    try {
      if (closing) throw shuttingDown()
      await greet(transport, session, processId, secret)
      await loop.run()
    } finally {
      live.delete(processId)
      await session.close()
    }
  }

  async function serve(transport: Transport, guest: PendingLogin): Promise<void> {
    const startupLimit = startDeadline(limits.startupMs, transport.destroy)
    let leave: () => void = () => undefined
    try {
      const parameters = await startup(transport, guest)
      if (!parameters) return
      if (closing) throw new PgError("57P03", "the database system is shutting down", { fatal: true })
      const user = await prove(transport, parameters, guest)
      const isAdministrator = options.isAdministrator?.(user) === true
      // Counted among the sessions from its proven password on.
      leave = places.take(user, isAdministrator)
      const holding = shares.open(user, isAdministrator)
      transport.charge(holding)
      try {
        const session = await options.openSession(user, parameters, transport.address)
        startupLimit.end()
        await converse(transport, session, holding)
      } finally {
        holding.close()
      }
    } finally {
      startupLimit.end()
      leave()
    }
  }

  async function accept(socket: Socket): Promise<void> {
    const guest = room.enter(socket, sockets.size >= limits.connections + spareSockets)
    if (guest === undefined) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    const transport = transportOver(socket, limits)
    try {
      await serve(transport, guest)
    } catch (error) {
      if (error instanceof PgError) transport.send(errorResponse(error))
      else if (!(error instanceof ConnectionGone)) {
        options.onError(error, "connection")
        transport.send(
          errorResponse(new PgError("XX000", "internal error; see the server's log", { fatal: true })),
        )
      }
    }
    transport.end()
  }

  const server = createServer({ allowHalfOpen: false }, (socket) => {
    accept(socket).catch((error: unknown) => options.onError(error, "accept"))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, options.host, () => {
      server.off("error", reject)
      server.on("error", (error) => options.onError(error, "listen"))
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the SQL port has no address")

  async function close(graceMs: number): Promise<void> {
    closing = true
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const one of live.values()) one.loop.stopWhenIdle()
    const interrupt = startDeadline(graceMs, () => {
      for (const one of live.values()) one.session.cancel()
    })
    const cut = startDeadline(graceMs + 1000, () => {
      for (const socket of sockets) socket.destroy()
    })
    await closed
    interrupt.end()
    cut.end()
  }

  return { port: address.port, connections: places.taken, close }
}
