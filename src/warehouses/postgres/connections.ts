import { atMost } from "../../concurrency/deadline.ts"
import { startTicks } from "../../concurrency/ticks.ts"
import type { WarehouseServer } from "../../replication/contracts/warehouse.ts"
import { connect, type OpenSockets, type Session } from "./client.ts"

/** The connections to one server. */
export interface Connections extends WarehouseServer {
  /** `database`: absent: the url's own. @throws what the driver throws */
  connect(database?: string): Promise<Session>
  close(): Promise<void>
}

/** Of a question on a connection that is open. */
const answerLimitMs = 1_500
/** A slow line takes six round trips for it. */
const openLimitMs = 3_000

/**
 * An unanswered packet is sent again for a quarter of an hour before the system gives its connection up, and Node cannot ask for
 * less. So the server is asked a question now and then, on a connection that is kept for that; what comes on other connections
 * meanwhile is an answer, too: a server may be busy.
 */
export function newConnections(url: string): Connections {
  const open: OpenSockets = new Set()
  let asking: Session | undefined

  async function opened(): Promise<Session> {
    const opening = connect(url, undefined, open)
    return await atMost(openLimitMs, opening, () => {
      opening.then((session) => session.destroy()).catch(() => undefined)
      throw new Error(`no connection within ${openLimitMs} ms`)
    })
  }

  async function ask(): Promise<void> {
    asking ??= await opened()
    await atMost(answerLimitMs, asking.run("SELECT 1"), () => {
      throw new Error(`no answer within ${answerLimitMs} ms`)
    })
  }

  return {
    connect: (database) => connect(url, database, open),
    async answers() {
      const before = new Map([...open].map((one) => [one, one.bytesRead]))
      try {
        await ask()
      } catch (error) {
        asking?.destroy()
        asking = undefined
        if (![...open].some((one) => one.bytesRead > (before.get(one) ?? 0))) throw error
      }
    },
    cut() {
      asking = undefined
      for (const socket of open) socket.destroy()
    },
    close: async () => {
      await asking?.close()
    },
  }
}

/** An older owner's host may be frozen in the middle of a transaction, or cut off in it. */
const olderOwnerLimitMs = 1_000

export interface Waiting {
  /** The session in which `work` runs. */
  session: Session
  /** Another one, beside it. */
  connect(): Promise<Session>
  /** SQL on `pg_stat_activity` that is true of older owners' sessions. */
  areOlder: string
}

/** Runs `work`, which waits for older owners' transactions; ends those sessions of theirs that hold it up for longer. */
export async function endingOlder<T>(
  { session: { processId }, connect, areOlder }: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  const end = async () => {
    const beside = await connect()
    try {
      await beside.run(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(${processId})) AND ${areOlder}`,
      )
    } finally {
      await beside.close()
    }
  }
  // Tried again while it waits; where the server is gone, the waiting itself ends.
  const ticks = startTicks({ everyMs: olderOwnerLimitMs, tick: () => void end().catch(() => undefined) })
  try {
    return await work()
  } finally {
    ticks.stop()
  }
}
