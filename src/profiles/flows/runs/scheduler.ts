import { newNudgedTask } from "../../../concurrency/nudged-task.ts"
import type { DutyWork, Held } from "../../../control-plane/duties/duty.ts"
import type { ReconcilerLog } from "../../../control-plane/log.ts"
import type { FlowRecordState } from "../../../state/profile-flows/integrations.ts"
import type { RunRecord } from "../../../state/profile-flows/runs.ts"
import type { Store } from "../../../state/store.ts"
import { dueTime } from "../definition/schedule.ts"
import { type Flow, flowOf } from "../integrations/flow.ts"
import type { IntegrationSource } from "../integrations/uris.ts"
import type { FlowReader } from "../readers/reader.ts"
import { type RunPlan, runFlow } from "./run-flow.ts"
import type { FlowObserver } from "./write-order.ts"

/** What opens the sources of flows: engines, buckets and servers are given to this room. */
export interface FlowSources {
  /** @throws Problem: it is not configured, or may not be read */
  open(source: IntegrationSource): FlowReader
  /** How often a source that tells of no changes is looked at; undefined: never. */
  lookEveryMs(source: IntegrationSource): number | undefined
}

export interface FlowsOptions {
  store: Pick<Store, "profiles" | "profileIntegrations" | "flowRuns">
  sources: FlowSources
  held: Held
  log: ReconcilerLog
  observe?: FlowObserver | undefined
}

const turnEveryMs = 250
/** While there is no flow. */
const idleEveryMs = 1_000
const flowsAtOnce = 4
const longestPauseMs = 300_000
const longestPartialPauseMs = 10_000

/** A flow in this process. */
interface FlowState {
  integration: FlowRecordState
  flow: Flow | undefined
  /** Changes of the integration make it another one. */
  version: string
  reader: FlowReader | undefined
  busy: Promise<void> | undefined
  /** By the monotonic clock. */
  notBeforeMs: number
  failures: number
  /** Not looked for yet: an earlier process may have left a run. */
  mayHaveOpenRun: boolean
}

/** Runs the flows of all integrations while the duty is this process's. */
export function startFlows(options: FlowsOptions): DutyWork {
  const { store, held, log } = options
  const states = new Map<number, FlowState>()
  const stopping = new AbortController()
  let followedMs = Number.NEGATIVE_INFINITY

  async function look(): Promise<void> {
    const isIdle = states.size === 0 && performance.now() - followedMs < idleEveryMs
    if (isIdle || !held.isHeld()) return
    followedMs = performance.now()
    await follow(states, await store.profileIntegrations.flows())
    for (const state of states.values()) {
      const atWork = [...states.values()].filter(({ busy }) => busy !== undefined).length
      if (atWork >= flowsAtOnce) return
      if (state.busy === undefined && state.flow !== undefined && performance.now() >= state.notBeforeMs)
        await begin(state, state.flow)
    }
  }

  async function begin(state: FlowState, flow: Flow): Promise<void> {
    const open = state.mayHaveOpenRun
      ? await store.flowRuns.takeOpen(state.integration.number, held.generation())
      : undefined
    const plan = planOf(state.integration, flow, open)
    if (plan === undefined) {
      state.mayHaveOpenRun = false
      return
    }
    state.busy = work(options, state, plan, stopping.signal)
      .catch((error: unknown) => log.error({ err: error, uri: state.integration.uri }, "a flow failed"))
      .finally(() => {
        state.busy = undefined
      })
  }

  const turns = newNudgedTask({
    everyMs: turnEveryMs,
    work: look,
    onError: (error) => log.warn({ err: error }, "looking after flows failed; trying again"),
  })
  turns.nudge()
  return {
    async stop() {
      stopping.abort(new Error("stopped"))
      await turns.stop()
      await Promise.all([...states.values()].map(({ busy }) => busy))
      await Promise.all([...states.values()].map(({ reader }) => reader?.close()))
    },
  }
}

/** Takes integrations as they are now. */
async function follow(
  states: Map<number, FlowState>,
  integrations: readonly FlowRecordState[],
): Promise<void> {
  for (const integration of integrations) await noted(states, integration)
  const numbers = new Set(integrations.map(({ number }) => number))
  for (const [number, { busy, reader }] of states) {
    if (numbers.has(number) || busy !== undefined) continue
    states.delete(number)
    await reader?.close()
  }
}

/** Takes the integration as it is now; one that was changed begins anew. */
async function noted(states: Map<number, FlowState>, integration: FlowRecordState): Promise<void> {
  const known = states.get(integration.number)
  const version = String(integration.updatedAt.getTime())
  if (known?.version === version) {
    known.integration = integration
    return
  }
  // The run at hand ends first.
  if (known?.busy !== undefined) return
  await known?.reader?.close()
  states.set(integration.number, {
    integration,
    flow: flowOf(integration),
    version,
    reader: undefined,
    busy: undefined,
    notBeforeMs: 0,
    failures: 0,
    mayHaveOpenRun: true,
  })
}

const lookBackMs = 30 * 86_400_000

/** `undefined`: nothing is due. */
function planOf(integration: FlowRecordState, flow: Flow, open: RunRecord | undefined): RunPlan | undefined {
  const { trigger } = flow
  const common = { integration, flow, open, dueAt: undefined, sinceMs: undefined }
  if (open !== undefined)
    return {
      ...common,
      isComplete: open.isComplete,
      sinceMs: open.pullFrom?.getTime(),
      isRecordedAlways: true,
    }
  switch (trigger.kind) {
    case "onDemand":
      return integration.isRunWanted ? { ...common, isComplete: true, isRecordedAlways: true } : undefined
    case "event":
      return { ...common, isComplete: false, isRecordedAlways: false }
    case "scheduled": {
      const madeMs = integration.createdAt.getTime()
      const dueMs = dueTime(trigger, { madeMs, lastMs: integration.lastDueAt?.getTime(), nowMs: Date.now() })
      if (dueMs === undefined) return undefined
      const isComplete = trigger.mode === "Complete"
      // What a Uri names is wanted as a whole; a flow reads what is new.
      const horizonMs =
        trigger.firstFromMs ?? (integration.flowDefinition === undefined ? undefined : madeMs - lookBackMs)
      return {
        ...common,
        dueAt: new Date(dueMs),
        isComplete,
        sinceMs: isComplete ? undefined : horizonMs,
        isRecordedAlways: true,
      }
    }
  }
}

async function work(
  options: FlowsOptions,
  state: FlowState,
  plan: RunPlan,
  signal: AbortSignal,
): Promise<void> {
  const { store, sources, held, log, observe = () => undefined } = options
  const opened = openedReader(sources, state, plan.flow)
  const end = await runFlow({ store, held, signal, observe }, plan, opened)
  const { uri, domain } = state.integration
  state.mayHaveOpenRun = end.kind === "retry"
  if (end.kind === "done") {
    state.failures = 0
    const isFollowed = plan.flow.trigger.kind === "event"
    const everyMs = isFollowed ? sources.lookEveryMs(plan.flow.source) : 0
    state.notBeforeMs = performance.now() + (everyMs ?? Number.POSITIVE_INFINITY)
    return
  }
  if (signal.aborted) return
  // One damaged file must not hold up those that come after it.
  const longestMs = end.kind === "failed" && end.isPartial ? longestPartialPauseMs : longestPauseMs
  state.notBeforeMs = performance.now() + Math.min(longestMs, 500 * 2 ** state.failures++)
  log.warn(
    { domain, uri, reason: end.message },
    end.kind === "retry" ? "a flow waits to try again" : "a run of a flow failed",
  )
}

/** A reader that cannot be opened fails as it reads, so that the run says why. */
function openedReader(sources: FlowSources, state: FlowState, { source }: Flow): FlowReader {
  if (state.reader !== undefined) return state.reader
  try {
    state.reader = sources.open(source)
    return state.reader
  } catch (error) {
    return { read: () => Promise.reject(error), close: async () => undefined }
  }
}
