import { setTimeout as delay } from "node:timers/promises"
import { Fault } from "../../domain/faults.ts"
import type { Caller } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"
import { askOwner, type OrderSources } from "./ask-owner.ts"
import { askIntegration } from "./ask-pipelines.ts"
import type { KnownPipeline } from "./observed-pipelines.ts"
import type { WaitResult } from "./order-types.ts"

export interface WaitOrder {
  /** Id, ARN or name. */
  integration: string
  /** As the source writes positions; `undefined`: the source's newest. */
  position: string | undefined
  /** At most; longer waits are cut to 5 s, to be asked again with the position that was answered. */
  timeoutMs: number
}

export interface WaitAnswer {
  reached: boolean
  /** What was waited for; null while the source's newest position is not known. */
  position: string | null
  /** Why it cannot be told how far the warehouse is. */
  hindrance: string | null
  pipelines: { sourceDatabase: string; visible: string }[]
  /** Tables that are being copied or have failed: what they show may be older. */
  notInStep: string[]
}

const longestHoldMs = 5_000
const lookEveryMs = 100
/** An owner that does not answer is not waited for longer. */
const answerLimitMs = 2_000

/**
 * Waits until everything that the source committed up to a position is visible in the warehouse.
 *
 * A pipeline that does not stream yet is waited for, too.
 *
 * @throws Fault accessDenied, integrationNotFound, invalidValue (no such position), unavailable
 */
export async function waitForPosition(
  sources: OrderSources,
  caller: Caller,
  order: WaitOrder,
): Promise<WaitAnswer> {
  requireReader(caller, "wait for a position")
  const deadline = performance.now() + Math.min(order.timeoutMs, longestHoldMs)
  for (;;) {
    try {
      const { pipelines } = await askIntegration(sources, order.integration)
      return await reached({ sources, caller, pipelines, deadline }, order.position)
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "integrationInWrongState") throw error
      if (performance.now() >= deadline) return hindered(order, error)
    }
    await delay(lookEveryMs)
  }
}

/** What keeps it from streaming when the time is over. */
function hindered({ position }: WaitOrder, { message }: Fault): WaitAnswer {
  return { reached: false, position: position ?? null, hindrance: message, pipelines: [], notInStep: [] }
}

interface Waiting {
  sources: OrderSources
  caller: Caller
  pipelines: readonly KnownPipeline[]
  deadline: number
}

async function reached(waiting: Waiting, wanted: string | undefined): Promise<WaitAnswer> {
  const { pipelines } = waiting
  const [first] = pipelines as [KnownPipeline]
  // Positions are the server's, so that one of them is good for every database of it.
  const position =
    wanted ??
    (pipelines.length === 1 ? null : (await ask(waiting, first, { position: null, isHeld: false })).position)
  const answers = await Promise.all(pipelines.map((one) => ask(waiting, one, { position, isHeld: true })))
  const [answer] = answers as [WaitResult]
  return {
    reached: answers.every((one) => one.reached),
    position: answer.position,
    hindrance: null,
    pipelines: answers.map(({ visible }, index) => ({
      sourceDatabase: (pipelines[index] ?? first).sourceDatabase,
      visible,
    })),
    notInStep: answers.flatMap(({ notInStep }) => notInStep).sort(),
  }
}

async function ask(
  { sources, caller, deadline }: Waiting,
  one: KnownPipeline,
  { position, isHeld }: { position: string | null; isHeld: boolean },
): Promise<WaitResult> {
  const timeoutMs = isHeld ? Math.max(0, deadline - performance.now()) : 0
  return await askOwner(sources, caller, one, {
    kind: "wait",
    parameters: { position, timeoutMs },
    lifetimeMs: timeoutMs + answerLimitMs,
  })
}
