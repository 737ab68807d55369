import type { PacketHandler } from "./framing.ts"

/** Packets are handled one after another, also where handling one takes a while. None is handled behind one that failed. */
export interface PacketQueue {
  handle: PacketHandler
}

export interface PacketWork {
  /** A promise: the packet is not handled until it settles. */
  handle(bytes: Buffer, start: number, end: number): Promise<void> | undefined
  /** While it is busy nothing more should come: what comes all the same is copied and waits. */
  busy(isBusy: boolean): void
  failed(error: unknown): void
}

export function newPacketQueue({ handle, busy, failed }: PacketWork): PacketQueue {
  const waiting: Buffer[] = []
  let isBusy = false
  let hasFailed = false

  function start(bytes: Buffer, from: number, to: number): void {
    const work = handle(bytes, from, to)
    if (work === undefined) return
    isBusy = true
    busy(true)
    work.then(next).catch((error: unknown) => {
      hasFailed = true
      failed(error)
    })
  }

  function next(): void {
    isBusy = false
    while (!isBusy) {
      const packet = waiting.shift()
      if (packet === undefined) return busy(false)
      start(packet, 0, packet.length)
    }
  }

  return {
    handle(bytes, from, to) {
      if (hasFailed) return
      if (isBusy) waiting.push(Buffer.from(bytes.subarray(from, to)))
      else start(bytes, from, to)
    },
  }
}
