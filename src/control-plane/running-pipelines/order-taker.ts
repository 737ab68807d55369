import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import { startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { Fault } from "../../domain/faults.ts"
import type { PipelineKey } from "../../state/pipelines/observations.ts"
import type { Order, OrderFault, OrderStore } from "../../state/pipelines/orders.ts"
import type { Signals } from "../../state/processes/signals.ts"
import type { ReconcilerLog } from "../log.ts"
import type { Observer } from "./observer.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

export interface OrderTakerOptions {
  orders: OrderStore
  signals: Pick<Signals, "onAsked">
  running(): RunningPipeline[]
  /** As the observer's. */
  owner: string
  carryOut: CarryOut
  /** What an order did is told before its result: whoever has the result can see it. */
  observer: Pick<Observer, "flush">
  log: ReconcilerLog
}

/** Does what an order says; its result is plain JSON. Rejects with Fault to refuse. */
export type CarryOut = (pipeline: RunningPipeline, order: Order, work: OrderWork) => Promise<object>

export interface OrderWork {
  /** Aborted when the process stops, or when the order is another's. */
  signal: AbortSignal
  /** Notes what has come of it so far; the order lives on for so long. */
  progress(result: object, lifetimeMs: number): Promise<void>
}

/** Takes the orders of the pipelines that run here, and carries them out. */
export interface OrderTaker {
  /** Ends what is being carried out; another process takes it again. */
  stop(): Promise<void>
}

/** Notifications come by the millisecond; one that is lost costs this. */
const lookEveryMs = 1_000
const sweepEveryMs = 10_000

export function startOrderTaker(options: OrderTakerOptions): OrderTaker {
  const { orders, owner, log } = options
  const stopping = new AbortController()
  const work = newWork(options, stopping.signal)
  let hasFailed = false

  async function look(): Promise<void> {
    const running = new Map(options.running().map((one) => [idOf(keyOf(one)), one]))
    if (running.size === 0 || stopping.signal.aborted) return
    for (const order of await orders.take(owner, [...running.values()].map(keyOf))) {
      const one = running.get(idOf(order))
      if (one !== undefined) work.begin(one, order)
    }
    hasFailed = false
  }

  const looking = newNudgedTask({
    everyMs: lookEveryMs,
    work: look,
    onError(error) {
      if (!hasFailed) log.warn({ reason: String(error) }, "orders cannot be read now; trying again")
      hasFailed = true
    },
  })
  const sweeping = startPeriodicTask({
    everyMs: sweepEveryMs,
    work: orders.sweep,
    onError: (error) => log.info({ reason: String(error) }, "orders are not swept"),
  })
  options.signals.onAsked(looking.nudge)
  looking.nudge()
  return {
    async stop() {
      stopping.abort()
      void sweeping.stop()
      await looking.stop()
      await work.ended()
      await orders
        .release(owner)
        .catch((error: unknown) => log.info({ reason: String(error) }, "orders are not given back"))
    },
  }
}

/** The orders that are being carried out. */
function newWork(options: OrderTakerOptions, stopping: AbortSignal) {
  const { orders, owner, log } = options
  const working = new Set<Promise<void>>()

  async function carryOut(one: RunningPipeline, order: Order): Promise<void> {
    const ending = new AbortController()
    const signal = AbortSignal.any([stopping, ending.signal])
    const progress = async (result: object, lifetimeMs: number) => {
      if (!(await orders.progress(owner, order.id, { result, lifetimeMs }))) ending.abort()
    }
    try {
      const result = await options.carryOut(one, order, { signal, progress })
      if (order.kind !== "wait") await options.observer.flush()
      if (!stopping.aborted) await orders.end(owner, order.id, { state: "done", result })
    } catch (error) {
      if (stopping.aborted) return
      await orders.end(owner, order.id, { state: "failed", fault: faultOf(order, error) })
    }
  }

  function faultOf({ id, kind }: Order, error: unknown): OrderFault {
    if (error instanceof Fault) return { kind: error.kind, message: error.message }
    log.error({ err: error, order: id, kind }, "an order failed")
    return { kind: "internal", message: String(error) }
  }

  return {
    begin(one: RunningPipeline, order: Order): void {
      const work = carryOut(one, order)
        .catch((error: unknown) =>
          log.warn({ order: order.id, reason: String(error) }, "what came of an order is not recorded"),
        )
        .finally(() => working.delete(work))
      working.add(work)
    },
    ended: () => Promise.all(working),
  }
}

function keyOf({ monitor: { record } }: RunningPipeline): PipelineKey {
  return { integrationId: record.integrationId, sourceDatabase: record.sourceDatabase }
}

function idOf({ integrationId, sourceDatabase }: PipelineKey): string {
  return JSON.stringify([integrationId, sourceDatabase])
}
