import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { isIPv6, type Socket } from "node:net"

/** How many connections there may be at once. */
export interface ConnectionLimits {
  /** Of all addresses together. */
  connections: number
  /** Of one address (IPv6: of one network of 64 bits, since a single machine owns a whole one). */
  connectionsPerAddress: number
  /** Requests of one connection that may be under way: HTTP's pipelining, which no client of these APIs uses. */
  pipelined: number
}

interface Held {
  socket: Socket
  address: string
  /** Rises with every step that a connection makes: it came, its request came, its answer was sent. */
  step: number
  underWay: Set<{ incoming: IncomingMessage; outgoing: ServerResponse }>
}

export interface ConnectionGuard {
  /** Whether a request is to be answered; asked once for each. Its connection is cut otherwise. */
  admits(incoming: IncomingMessage, outgoing: ServerResponse): boolean
}

/**
 * Keeps connections that say nothing from shutting others out. Where there is no room, the connection that has kept us waiting
 * longest is cut in favour of the new one: of the address that is over its limit, or of the address that has the most.
 * One whose request is being worked on is never cut; a connection that finds only such ones is refused.
 *
 * A reverse proxy is one address: its unused connections to us may be cut when it has many, as any server may cut them.
 *
 * @param accepted the connection as the server took it, of the one that a request came on: under TLS they are two
 */
export function guardConnections(
  server: Server,
  limits: ConnectionLimits,
  accepted: (socket: Socket) => Socket = (socket) => socket,
): ConnectionGuard {
  const held = new Map<Socket, Held>()
  const countOf = new Map<string, number>()
  let steps = 0

  server.on("connection", (socket: Socket) => {
    const address = addressOf(socket.remoteAddress)
    if (!hasRoom(address)) return void socket.destroy()
    held.set(socket, { socket, address, step: steps++, underWay: new Set() })
    countOf.set(address, (countOf.get(address) ?? 0) + 1)
    socket.once("close", () => leave(socket))
  })

  function admits(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const one = held.get(accepted(incoming.socket))
    // Requests that came in the same read as the one too many arrive here after their connection is cut.
    if (one === undefined || incoming.socket.destroyed) return false
    if (one.underWay.size >= limits.pipelined) {
      incoming.socket.destroy()
      return false
    }
    const request = { incoming, outgoing }
    one.underWay.add(request)
    one.step = steps++
    outgoing.once("close", () => {
      one.underWay.delete(request)
      one.step = steps++
    })
    return true
  }

  function leave(socket: Socket): void {
    const one = held.get(socket)
    if (one === undefined) return
    held.delete(socket)
    const left = (countOf.get(one.address) ?? 0) - 1
    if (left > 0) countOf.set(one.address, left)
    else countOf.delete(one.address)
  }

  function hasRoom(address: string): boolean {
    const isOver = (countOf.get(address) ?? 0) >= limits.connectionsPerAddress
    if (isOver && !cut((one) => one.address === address)) return false
    return held.size < limits.connections || cut(() => true)
  }

  /** @returns false: every connection in question is being worked for. */
  function cut(isInQuestion: (one: Held) => boolean): boolean {
    let worst: Held | undefined
    for (const one of held.values())
      if (isInQuestion(one) && keepsUsWaiting(one) && (worst === undefined || isWorse(one, worst)))
        worst = one
    if (worst === undefined) return false
    worst.socket.destroy()
    leave(worst.socket)
    return true
  }

  function isWorse(one: Held, other: Held): boolean {
    const crowd = (countOf.get(one.address) ?? 0) - (countOf.get(other.address) ?? 0)
    return crowd === 0 ? one.step < other.step : crowd > 0
  }

  return { admits }
}

/** Nothing of ours is to be done for it: no whole request is there, or its answer is complete and is not being read. */
function keepsUsWaiting({ underWay }: Held): boolean {
  for (const { incoming, outgoing } of underWay)
    if (incoming.complete && !outgoing.writableEnded) return false
  return true
}

/** What counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function addressOf(given = ""): string {
  const address = given.replace(/^::ffff:(?=[0-9.]+$)/i, "")
  return isIPv6(address) ? networkOf(address) : address
}

const networkGroups = 4

/** The first 64 bits, all groups written out. */
function networkOf(address: string): string {
  const [front = "", back] = address.replace(/%.*$/, "").split("::")
  const groups = (text: string) => (text === "" ? [] : text.split(":"))
  const before = groups(front)
  const missing = back === undefined ? 0 : 8 - before.length - groups(back).length
  const all = [...before, ...Array.from({ length: missing }, () => "0"), ...groups(back ?? "")]
  return all
    .slice(0, networkGroups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")
}
