import { setTimeout as delay } from "node:timers/promises"
import pg from "pg"
import type { ShopSize } from "./shop.ts"
import { bigHappening, drawHappening, type Happening } from "./traffic.ts"

export interface Writers {
  /** Transactions committed so far. */
  committed(): number
  /** Holds all writers after the transaction at hand; resolves when none is under way. */
  pause(): Promise<void>
  resume(): void
  /** Ends them after the transaction at hand. Throws what one of them failed at, if one did. */
  stop(): Promise<void>
  /** Rejects when a writer fails; never resolves. */
  readonly failed: Promise<never>
}

const writerCount = 4
const bigEveryMs = 2_000
/** What the writers do to each other when they meet, as in any busy shop: the transaction is given up. */
const lostRaces = new Set(["40001", "40P01", "23503"])

/** Writes to the shop, `perSecond` small transactions in all and a bigger one now and then, until stopped. */
export async function startWriters(url: string, size: ShopSize, perSecond: number): Promise<Writers> {
  const state: State = {
    committed: 0,
    stopping: false,
    gate: undefined,
    busy: 0,
    lastBigMs: performance.now(),
  }
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined) // told by `stop` at the latest
  const clients = await Promise.all(Array.from({ length: writerCount }, () => connect(url)))
  const running = clients.map((client) =>
    write(client, state, size, (1000 * writerCount) / perSecond).catch((error: unknown) => {
      state.stopping = true
      failed.reject(error)
      throw error
    }),
  )
  return {
    committed: () => state.committed,
    failed: failed.promise,
    async pause() {
      state.gate ??= Promise.withResolvers<void>()
      while (state.busy > 0) await delay(1)
    },
    resume() {
      state.gate?.resolve()
      state.gate = undefined
    },
    async stop() {
      state.stopping = true
      state.gate?.resolve()
      const outcomes = await Promise.allSettled(running)
      await Promise.all(clients.map((client) => client.end()))
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason
    },
  }
}

interface State {
  committed: number
  stopping: boolean
  /** While set, nobody begins a transaction. */
  gate: PromiseWithResolvers<void> | undefined
  /** Transactions under way. */
  busy: number
  lastBigMs: number
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // A broken connection shows in the next statement.
  client.on("error", () => undefined)
  await client.connect()
  return client
}

async function write(client: pg.Client, state: State, size: ShopSize, paceMs: number): Promise<void> {
  let dueMs = performance.now() + Math.random() * paceMs
  while (!state.stopping) {
    // Never behind by more than a moment: a stall must not end in a burst.
    dueMs = Math.max(dueMs + paceMs, performance.now() - paceMs)
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await delay(waitMs)
    await state.gate?.promise
    if (state.stopping) return
    await transact(client, state, next(state), size)
  }
}

function next(state: State): Happening {
  if (performance.now() - state.lastBigMs < bigEveryMs) return drawHappening()
  state.lastBigMs = performance.now()
  return bigHappening
}

async function transact(
  client: pg.Client,
  state: State,
  happening: Happening,
  size: ShopSize,
): Promise<void> {
  state.busy++
  try {
    await client.query({ name: happening.name, text: happening.text, values: happening.values(size) })
    state.committed++
  } catch (error) {
    if (!lostRaces.has((error as { code?: string }).code ?? "")) throw error
  } finally {
    state.busy--
  }
}
