/** HTTP with and without TLS on one port: the first byte of a connection tells which of the two it speaks. */
import type { Server } from "node:http"
import type { Socket } from "node:net"
import { createSecureContext, TLSSocket } from "node:tls"
import { startDeadline } from "../../concurrency/deadline.ts"

export interface HttpTls {
  /** PEM, with the chain. */
  cert: string
  /** PEM. */
  key: string
  /** Whether requests from this address are answered without TLS. */
  mayBePlain(address: string | undefined): boolean
}

export interface TlsOrPlain {
  /** The connection as it was accepted, of the one that a request came on. */
  accepted(socket: Socket): Socket
  /** Whether a request on this connection is to be answered. */
  mayAsk(socket: Socket): boolean
  /** For connections and requests that come from now on. */
  renew(tls: HttpTls): void
  /** Closes the connections of which it is not known yet what they speak, and those in their handshake. */
  cutUndecided(): void
}

/** The first byte of every TLS connection: a record of the handshake (RFC 8446, 5.1). No method of HTTP begins so. */
const handshakeRecord = 22

/**
 * Has an HTTP server speak TLS to those who begin it.
 * @param limitMs from the opening of a connection to its first byte and the end of its handshake
 */
export function tlsOrPlain(server: Server, given: HttpTls, limitMs: number): TlsOrPlain {
  let tls = given
  let secureContext = contextOf(given)
  const undecided = new Set<Socket>()
  const acceptedAs = new WeakMap<Socket, Socket>()
  const answering = server.listeners("connection")
  server.removeAllListeners("connection")
  const answer = (socket: Socket) => {
    for (const one of answering) Reflect.apply(one, server, [socket])
  }

  server.on("connection", (accepted: Socket) => {
    const cut = () => void accepted.destroy()
    const deadline = startDeadline(limitMs, cut, { keepsAlive: false })
    const decided = () => {
      undecided.delete(accepted)
      deadline.end()
    }
    undecided.add(accepted)
    accepted.once("close", decided)
    accepted.on("error", cut)
    accepted.once("end", cut)
    const goOn = (first: Buffer) => {
      accepted.off("end", cut)
      accepted.unshift(first)
      if (first[0] === handshakeRecord) return shakeHands(accepted, decided)
      decided()
      accepted.off("error", cut)
      answer(accepted)
    }
    onFirstByte(accepted, goOn)
  })

  function shakeHands(accepted: Socket, decided: () => void): void {
    const socket = new TLSSocket(accepted, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] })
    const cut = () => void socket.destroy()
    acceptedAs.set(socket, accepted)
    socket.on("error", cut)
    // Without a tls.Server around the socket, `_tlsError` is the only event that reports a failed handshake.
    socket.on("_tlsError", cut)
    socket.once("secure", () => {
      decided()
      socket.off("error", cut)
      answer(socket)
    })
  }

  return {
    accepted: (socket) => acceptedAs.get(socket) ?? socket,
    mayAsk: (socket) => socket instanceof TLSSocket || tls.mayBePlain(socket.remoteAddress),
    renew(next) {
      secureContext = contextOf(next)
      tls = next
    },
    cutUndecided: () => {
      for (const socket of undecided) socket.destroy()
    },
  }
}

function contextOf({ cert, key }: HttpTls) {
  return createSecureContext({ cert, key, minVersion: "TLSv1.2" })
}

/** Takes the first byte out of the connection; never, when it ends without one. */
function onFirstByte(socket: Socket, then: (first: Buffer) => void): void {
  const first: Buffer | null = socket.read(1)
  if (first === null) socket.once("readable", () => onFirstByte(socket, then))
  else then(first)
}
