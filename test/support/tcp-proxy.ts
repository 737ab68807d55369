import { connect, createServer, type Server, type Socket } from "node:net"

/** A wire between a client and a server that tests can cut, stall and slow down. */
export interface TcpProxy {
  readonly port: number
  /** The given postgres:// URL, by way of the proxy. */
  through(url: string): string
  /** Breaks every connection; new ones are served. */
  cut(): void
  /** Refuses newcomers and breaks what there is, until `mend`. */
  sever(): void
  /** Takes connections and bytes and delivers nothing, until `mend`. */
  stall(): void
  /** Holds every chunk back for so long; 0 for not at all. */
  delay(ms: number): void
  mend(): void
  /** Breaks every connection; new ones go to another server. */
  lead(port: number): void
  /** Connections open now. */
  readonly connections: number
  close(): Promise<void>
}

interface Wire {
  near: Socket
  far: Socket
}

export async function tcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const wires = new Set<Wire>()
  const state = { severed: false, stalled: false, delayMs: 0, port: target.port }
  const server = createServer({ allowHalfOpen: false }, (near) => {
    if (state.severed) return void near.destroy()
    const wire = { near, far: connect({ host: target.host, port: state.port }) }
    wires.add(wire)
    join(wire, state, () => wires.delete(wire))
    if (state.stalled) pause(wire)
  })
  const port = await listening(server)
  const cut = () => {
    for (const { near, far } of wires) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }
  return {
    port,
    through: (url) => {
      const replaced = new URL(url)
      replaced.hostname = "127.0.0.1"
      replaced.port = String(port)
      return replaced.href
    },
    cut,
    sever() {
      state.severed = true
      cut()
    },
    stall() {
      state.stalled = true
      for (const wire of wires) pause(wire)
    },
    delay(ms) {
      state.delayMs = ms
    },
    mend() {
      Object.assign(state, { severed: false, stalled: false, delayMs: 0 })
      for (const { near, far } of wires) {
        near.resume()
        far.resume()
      }
    },
    lead(port) {
      Object.assign(state, { port, stalled: false })
      cut()
    },
    get connections() {
      return wires.size
    },
    close: () =>
      new Promise((resolve) => {
        cut()
        server.close(() => resolve())
      }),
  }
}

function pause({ near, far }: Wire): void {
  near.pause()
  far.pause()
}

function join({ near, far }: Wire, state: { delayMs: number }, gone: () => void): void {
  const carry = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => {
      if (state.delayMs === 0) return void to.write(chunk)
      setTimeout(() => to.writable && to.write(chunk), state.delayMs)
    })
    const end = () => {
      gone()
      to.destroy()
    }
    from.on("close", end)
    // What breaks closes, and the closing is what counts.
    from.on("error", end)
  }
  carry(near, far)
  carry(far, near)
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("no port"))
      resolve(address.port)
    })
  })
}
