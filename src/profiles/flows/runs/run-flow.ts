import type { Held } from "../../../control-plane/duties/duty.ts"
import { Fault } from "../../../domain/faults.ts"
import { Problem, reportOf } from "../../../domain/problems.ts"
import { cut } from "../../../domain/text-forms/plain-text.ts"
import type { FlowRecordState } from "../../../state/profile-flows/integrations.ts"
import type { RunRecord } from "../../../state/profile-flows/runs.ts"
import type { Store } from "../../../state/store.ts"
import type { Flow } from "../integrations/flow.ts"
import { type FlowReader, ReadFailure } from "../readers/reader.ts"
import { taskPipeline } from "../tasks/pipeline.ts"
import { DatasetDropped, ingestPull, RunLost } from "./ingest-pull.ts"
import type { FlowObserver } from "./write-order.ts"

export interface RunParts {
  store: Pick<Store, "profiles" | "profileIntegrations" | "flowRuns">
  held: Held
  signal: AbortSignal
  observe: FlowObserver
}

/** What a run is to be, if there is something to read. */
export interface RunPlan {
  integration: FlowRecordState
  flow: Flow
  /** One that an earlier process left. */
  open: RunRecord | undefined
  isComplete: boolean
  /** Objects that changed earlier are not read. */
  sinceMs: number | undefined
  dueAt: Date | undefined
  /** A run is recorded also where there is nothing to read. */
  isRecordedAlways: boolean
}

/** `retry`: the source or the state database is away; the run, if one began, goes on with the next attempt. */
export type RunEnd =
  | { kind: "done"; didRead: boolean }
  /** `isPartial`: what could be read was. */
  | { kind: "failed"; message: string; isPartial: boolean }
  | { kind: "retry"; message: string }

const attemptsAtMost = 3

/** Runs a flow to the end of what there is. Never throws. */
export async function runFlow(parts: RunParts, plan: RunPlan, reader: FlowReader): Promise<RunEnd> {
  const { store, held } = parts
  const generation = held.generation()
  const run: OpenRun = { current: plan.open, generation }
  try {
    if (plan.isRecordedAlways) await begun(parts, plan, run)
    await read(parts, plan, reader, run)
    if (run.current === undefined) return { kind: "done", didRead: false }
    await store.flowRuns.end(run.current.number, generation, { status: "Successful" })
    parts.observe("runEnded")
    return { kind: "done", didRead: true }
  } catch (error) {
    return await ended(parts, plan, run, error)
  }
}

interface OpenRun {
  current: RunRecord | undefined
  generation: number
}

async function begun({ store, observe }: RunParts, plan: RunPlan, run: OpenRun): Promise<RunRecord> {
  if (run.current !== undefined) return run.current
  const { integration, flow, isComplete, sinceMs, dueAt } = plan
  const pullFrom = sinceMs === undefined ? undefined : new Date(sinceMs)
  const made = await store.flowRuns.begin(
    { integration: integration.number, objectType: flow.objectType, isComplete, pullFrom, dueAt },
    run.generation,
  )
  if (made === undefined) throw new RunLost()
  run.current = made
  observe("runBegun")
  return made
}

async function read(parts: RunParts, plan: RunPlan, reader: FlowReader, run: OpenRun): Promise<void> {
  const { store, held, observe, signal } = parts
  const { integration, flow, isComplete, sinceMs } = plan
  const tasks = flow.tasks.length === 0 ? undefined : taskPipeline(flow.tasks)
  const from = {
    position: positionFor(integration.position, isComplete ? (run.current?.number ?? "none") : undefined),
    readObjects: (keys: readonly string[]) =>
      store.flowRuns.readObjects(
        integration.number,
        keys,
        isComplete ? (run.current?.number ?? "0") : undefined,
      ),
    sinceMs,
    signal,
  }
  await reader.read(from, async (pull) => {
    const record = await begun(parts, plan, run)
    observe("batchRead")
    if (!held.isHeld()) throw new RunLost()
    const position = pull.position === undefined ? undefined : positionText(pull.position, record.number)
    await ingestPull(store, { run: record, generation: run.generation, tasks }, { ...pull, position })
    observe("batchIngested")
  })
}

/** A run that reads everything goes on from its own position only. */
function positionFor(kept: string | undefined, run: string | undefined): string | undefined {
  if (kept === undefined) return undefined
  const { run: by, at } = JSON.parse(kept) as { run: string; at: string }
  return run === undefined || run === by ? at : undefined
}

function positionText(at: string, run: string): string {
  return JSON.stringify({ run, at })
}

/** What a source has done wrong is told by a run, also where nothing was read. */
async function ended(parts: RunParts, plan: RunPlan, run: OpenRun, error: unknown): Promise<RunEnd> {
  const { flowRuns } = parts.store
  const message = messageOf(error)
  if (parts.signal.aborted) return { kind: "retry", message: "stopped" }
  try {
    if (error instanceof RunLost) {
      if (run.current !== undefined)
        await flowRuns.end(run.current.number, run.generation, { status: "Error", errorInfo: message })
      return { kind: "done", didRead: false }
    }
    const { number } = await begun(parts, plan, run)
    const attempts = isPassing(error)
      ? await flowRuns.failed(number, run.generation, message)
      : attemptsAtMost
    if (attempts < attemptsAtMost) return { kind: "retry", message }
    await flowRuns.end(number, run.generation, { status: "Error", errorInfo: message })
    return { kind: "failed", message, isPartial: error instanceof ReadFailure }
  } catch (second) {
    return { kind: "retry", message: messageOf(second) }
  }
}

/** Whether another attempt may do better. */
function isPassing(error: unknown): boolean {
  if (error instanceof Fault) return error.kind === "unavailable"
  if (error instanceof Problem)
    return ["sourceUnreachable", "warehouseUnavailable", "sourceBusy"].includes(error.kind)
  return false
}

const messageAtMost = 2_000

/** Holds no values of records. */
function messageOf(error: unknown): string {
  if (error instanceof Problem) return cut(reportOf(error).message, messageAtMost)
  if (error instanceof Fault || error instanceof ReadFailure || error instanceof DatasetDropped)
    return cut(error.message, messageAtMost)
  if (error instanceof RunLost) return "The run was cancelled, or another process has it."
  return "A fault in Millrace; see the log, and report it."
}
