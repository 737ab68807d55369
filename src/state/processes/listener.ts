import pg from "pg"
import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import { driverConfig } from "../../connections/pg-client.ts"

export interface ListenerOptions {
  url: string
  channels: readonly string[]
  onNotification(channel: string, payload: string): void
  /** The connection is open: what was told before may have been missed. */
  onOpen(): void
  /** The connection broke; it is opened again by itself. */
  onError(error: Error): void
}

/** Listens to the state database over a connection of its own, which is opened again when it breaks. */
export interface Listener {
  /** Connects, the first time. */
  begin(): void
  close(): Promise<void>
}

const reconnectMs = 1_000
const connectTimeoutMs = 5_000

export function newListener({ url, channels, ...options }: ListenerOptions): Listener {
  let client: pg.Client | undefined
  let retry: Deadline | undefined
  let isBegun = false
  let isClosed = false

  async function connect(): Promise<void> {
    const opening = new pg.Client({
      ...driverConfig({ url }),
      application_name: "millrace signals",
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    })
    client = opening
    opening.on("notification", ({ channel, payload = "" }) => options.onNotification(channel, payload))
    // Once for each connection, whatever ends it.
    const failed = (error: Error) => {
      if (client !== opening) return
      client = undefined
      opening.end().catch(() => undefined)
      if (isClosed) return
      options.onError(error)
      retry = startDeadline(reconnectMs, () => void connect())
    }
    opening.on("error", failed)
    opening.on("end", () => failed(new Error("the connection has ended")))
    try {
      await opening.connect()
      await opening.query(channels.map((channel) => `listen ${channel}`).join("; "))
      options.onOpen()
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)))
    }
  }

  return {
    begin() {
      if (isBegun || isClosed) return
      isBegun = true
      void connect()
    },
    async close() {
      isClosed = true
      retry?.end()
      const open = client
      client = undefined
      await open?.end().catch(() => undefined)
    },
  }
}
