import type { Socket } from "node:net"

export interface PendingLoginLimits {
  /** Of one address. */
  perAddress: number
  /** Who has been heard within this time is not sent away for another. */
  patienceMs: number
}

/** Whether a socket more is too many. */
export type House = "houseFull" | "houseHasRoom"

/** A connection whose user has not proven a password yet. */
export interface PendingLogin {
  /** It has said something. */
  heard(): void
  leave(): void
}

/**
 * Who has not logged in yet must not keep others from it: where there is no room, the oldest that says nothing goes, of
 * the address that has the most.
 */
export interface PendingLogins {
  /** Undefined: there is no room, and nobody who could be sent away. */
  enter(socket: Socket, house: House): PendingLogin | undefined
}

interface Waiting {
  socket: Socket
  address: string
  heardAtMs: number | undefined
}

export function pendingLogins({ perAddress, patienceMs }: PendingLoginLimits): PendingLogins {
  /** Oldest first. */
  const waiting = new Set<Waiting>()
  const countOf = new Map<string, number>()

  function leave(guest: Waiting): void {
    if (!waiting.delete(guest)) return
    const left = (countOf.get(guest.address) ?? 0) - 1
    if (left > 0) countOf.set(guest.address, left)
    else countOf.delete(guest.address)
  }

  function sendAway(address: string): boolean {
    const own = [...waiting].filter((one) => one.address === address)
    const longAgo = performance.now() - patienceMs
    const silent = own.find(({ heardAtMs }) => heardAtMs === undefined)
    const guest = silent ?? own.find(({ heardAtMs = 0 }) => heardAtMs < longAgo)
    if (guest === undefined) return false
    leave(guest)
    guest.socket.destroy()
    return true
  }

  function hasRoom(address: string, house: House): boolean {
    if ((countOf.get(address) ?? 0) >= perAddress) return sendAway(address)
    if (house === "houseHasRoom") return true
    return [...countOf].toSorted(([, a], [, b]) => b - a).some(([crowded]) => sendAway(crowded))
  }

  return {
    enter: (socket, house) => {
      const address = socket.remoteAddress ?? ""
      if (!hasRoom(address, house)) return undefined
      const guest: Waiting = { socket, address, heardAtMs: undefined }
      waiting.add(guest)
      countOf.set(address, (countOf.get(address) ?? 0) + 1)
      socket.once("close", () => leave(guest))
      return {
        heard: () => {
          guest.heardAtMs = performance.now()
        },
        leave: () => leave(guest),
      }
    },
  }
}
