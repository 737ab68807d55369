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
  /**
   * Lets the next bytes of a client that fit reach the server, and then breaks that connection instead of delivering what
   * the server answers: it is done, and nobody is told. Resolves when that has happened.
   */
  loseAnswer(to: RegExp): Promise<void>
  /** Breaks every connection; new ones go to another server. */
  lead(port: number): void
  /** Connections open now. */
  readonly connections: number
  close(): Promise<void>
}

interface Wire {
  near: Socket
  far: Socket
  /** The server's next bytes are not to arrive. */
  losing?: () => void
}

interface State {
  severed: boolean
  stalled: boolean
  delayMs: number
  port: number
  losing: { to: RegExp; lost(): void } | undefined
}

export async function tcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const wires = new Set<Wire>()
  const state: State = { severed: false, stalled: false, delayMs: 0, port: target.port, losing: undefined }
  const server = createServer({ allowHalfOpen: false }, (near) => {
    if (state.severed) return void near.destroy()
    const wire: Wire = { near, far: connect({ host: target.host, port: state.port }) }
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
    loseAnswer: (to) =>
      new Promise((lost) => {
        state.losing = { to, lost }
      }),
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

/** Whether these bytes are not to be passed on. */
function isLost(wire: Wire, state: State, from: Socket, chunk: Buffer): boolean {
  if (from === wire.far && wire.losing !== undefined) {
    wire.near.resetAndDestroy()
    wire.far.resetAndDestroy()
    wire.losing()
    return true
  }
  if (from === wire.near && state.losing?.to.test(chunk.toString("latin1")) === true) {
    wire.losing = state.losing.lost
    state.losing = undefined
  }
  return false
}

function join(wire: Wire, state: State, gone: () => void): void {
  const { near, far } = wire
  const carry = (from: Socket, to: Socket) => {
    from.on("data", (chunk) => {
      if (isLost(wire, state, from, chunk)) return
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
