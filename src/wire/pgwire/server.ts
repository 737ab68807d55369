import { createServer, type Server, type Socket } from "node:net"
import { startDeadline } from "../../concurrency/deadline.ts"
import { type Lobby, logIn } from "./admission/log-in.ts"
import { loginThrottle } from "./admission/login-throttle.ts"
import type { ScramVerifier } from "./admission/scram.ts"
import { type SessionPlaces, sessionPlaces } from "./admission/session-places.ts"
import {
  type PendingLogin,
  type PendingLogins,
  pendingLogins,
} from "./admission/unauthenticated-connections.ts"
import { type ShareLimits, type UserShares, userShares, usualShare } from "./admission/user-shares.ts"
import { errorResponse } from "./backend-messages.ts"
import { type LiveSessions, newLiveSessions } from "./live-sessions.ts"
import { PgError } from "./pg-error.ts"
import type { SqlSession } from "./session.ts"
import { ConnectionGone, type TlsOptions, type Transport, transportOver } from "./transport.ts"

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

/** The server, from its start on. */
interface PgWire {
  readonly options: PgWireOptions
  readonly limits: PgWireLimits
  readonly sockets: Set<Socket>
  /** Connections whose users have not proven their passwords. */
  readonly pending: PendingLogins
  readonly lobby: Lobby
  readonly places: SessionPlaces
  readonly shares: UserShares
  readonly live: LiveSessions
  isClosing: boolean
}

/** Starts listening. Rejects with the system's error when the port is taken. */
export async function startPgWire(options: PgWireOptions): Promise<PgWireServer> {
  const wire = newPgWire(options)
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    accept(wire, socket).catch((error: unknown) => options.onError(error, "accept"))
  })
  await listen(server, options)
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the SQL port has no address")
  return {
    port: address.port,
    connections: wire.places.taken,
    close: (graceMs) => close(wire, server, graceMs),
  }
}

function newPgWire(options: PgWireOptions): PgWire {
  const limits = { ...defaultLimits, ...options.limits }
  const live = newLiveSessions()
  return {
    options,
    limits,
    sockets: new Set(),
    pending: pendingLogins({ perAddress: limits.loginsPerAddress, patienceMs: loginPatienceMs }),
    lobby: { ...options, silentMs: limits.silentMs, throttle: loginThrottle(), cancel: live.cancel },
    places: sessionPlaces({
      ...limits,
      connectionsPerUser: limits.connectionsPerUser ?? limits.connections,
    }),
    shares: userShares(limits.share),
    live,
    isClosing: false,
  }
}

function listen(server: Server, { port, host, onError }: PgWireOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      server.on("error", (error) => onError(error, "listen"))
      resolve()
    })
  })
}

async function accept(wire: PgWire, socket: Socket): Promise<void> {
  const { pending, sockets, limits, options } = wire
  const isHouseFull = sockets.size >= limits.connections + spareSockets
  const guest = pending.enter(socket, isHouseFull ? "houseFull" : "houseHasRoom")
  if (guest === undefined) {
    socket.destroy()
    return
  }
  sockets.add(socket)
  socket.once("close", () => sockets.delete(socket))
  const transport = transportOver(socket, limits)
  try {
    await serve(wire, transport, guest)
  } catch (error) {
    if (error instanceof PgError) transport.send(errorResponse(error))
    else if (!(error instanceof ConnectionGone)) {
      options.onError(error, "connection")
      const text = "internal error; see the server's log"
      transport.send(errorResponse(new PgError("XX000", text, { fatal: true })))
    }
  }
  transport.end()
}

/** From the first message of a connection to its last. */
async function serve(wire: PgWire, transport: Transport, guest: PendingLogin): Promise<void> {
  const startupLimit = startDeadline(wire.limits.startupMs, transport.destroy)
  let leave: () => void = () => undefined
  try {
    const login = await logIn(wire.lobby, transport, guest, () => refuseWhenClosing(wire))
    if (!login) return
    const { user, parameters } = login
    const isAdministrator = wire.options.isAdministrator?.(user) === true
    // Counted among the sessions from its proven password on.
    leave = wire.places.take({ user, isAdministrator })
    const holding = wire.shares.open({ user, isAdministrator })
    transport.charge(holding)
    try {
      const session = await wire.options.openSession(user, parameters, transport.address)
      startupLimit.end()
      await wire.live.converse(transport, session, holding)
    } finally {
      holding.close()
    }
  } finally {
    startupLimit.end()
    leave()
  }
}

function refuseWhenClosing({ isClosing }: PgWire): void {
  if (isClosing) throw new PgError("57P03", "the database system is shutting down", { fatal: true })
}

async function close(wire: PgWire, server: Server, graceMs: number): Promise<void> {
  wire.isClosing = true
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  wire.live.stopWhenIdle()
  const interrupt = startDeadline(graceMs, wire.live.cancelAll)
  const cut = startDeadline(graceMs + 1000, () => {
    for (const socket of wire.sockets) socket.destroy()
  })
  await closed
  interrupt.end()
  cut.end()
}
