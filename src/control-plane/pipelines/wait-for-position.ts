import { setTimeout as delay } from "node:timers/promises"
import { Fault } from "../../domain/faults.ts"
import { type Position, shownPosition } from "../../domain/position.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import type { Caller } from "../control-plane.ts"
import { requireReader } from "../sql-users/roles.ts"
import {
  type AskedIntegration,
  type AskedPipeline,
  askIntegration,
  orUnavailable,
  type RunningPipelines,
} from "./ask-pipelines.ts"

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

/**
 * Waits until everything that the source committed up to a position is visible in the warehouse.
 *
 * A pipeline that does not stream yet is waited for, too.
 *
 * @throws Fault accessDenied, integrationNotFound, invalidValue (no such position), unavailable
 */
export async function waitForPosition(
  running: RunningPipelines,
  caller: Caller,
  order: WaitOrder,
): Promise<WaitAnswer> {
  requireReader(caller, "wait for a position")
  const deadline = performance.now() + Math.min(order.timeoutMs, longestHoldMs)
  const asked = await whenStreaming(running, order.integration, deadline)
  if (asked instanceof Fault)
    return {
      reached: false,
      position: order.position ?? null,
      hindrance: asked.message,
      pipelines: [],
      notInStep: [],
    }
  const { pipelines } = asked
  const [first] = pipelines as [AskedPipeline]
  // Positions are the server's, so that one of them is good for every database of it.
  const target = await targetOf(first, order.position)
  const timeoutMs = Math.max(0, deadline - performance.now())
  const reached = await Promise.all(pipelines.map(({ streaming }) => streaming.reached(target, timeoutMs)))
  return {
    reached: reached.every((one) => one),
    position: target,
    hindrance: null,
    pipelines: pipelines.map(({ monitor, streaming }) => ({
      sourceDatabase: monitor.record.sourceDatabase,
      visible: shownPosition(streaming.visible()),
    })),
    notInStep: pipelines.flatMap(notInStep).sort(),
  }
}

/** What keeps it from streaming when the time is over. */
async function whenStreaming(
  running: RunningPipelines,
  identifier: string,
  deadline: number,
): Promise<AskedIntegration | Fault> {
  for (;;) {
    try {
      return await askIntegration(running, identifier)
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "integrationInWrongState") throw error
      if (performance.now() >= deadline) return error
    }
    await delay(lookEveryMs)
  }
}

async function targetOf({ streaming }: AskedPipeline, position: string | undefined): Promise<Position> {
  if (position === undefined) return await orUnavailable(streaming.currentPosition())
  const target = streaming.parsePosition(position)
  if (target !== undefined) return target
  const help = streaming.positionHelp === undefined ? "" : ` ${streaming.positionHelp}`
  throw new Fault("invalidValue", `${position.slice(0, 64)} is no position of this source.${help}`)
}

function notInStep({ monitor }: AskedPipeline): string[] {
  const waiting = [...monitor.tables.values()].filter(({ state }) => state !== "Synced" && !isGone(state))
  return waiting.map(qualifiedName)
}
