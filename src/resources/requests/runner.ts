import { randomUUID } from "node:crypto"
import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import { newNudgedTask } from "../../concurrency/nudged-task.ts"
import type { Caller } from "../../control-plane/control-plane.ts"
import { Fault } from "../../domain/faults.ts"
import { cut } from "../../domain/text-forms/plain-text.ts"
import type {
  RequestOutcome,
  RequestRecord,
  RequestStage,
  RequestStore,
  TakenRequest,
} from "../../state/resources/requests.ts"
import { errorCodeOf } from "../faults.ts"
import type { HandlerCall, Progress } from "../handler.ts"
import { readIdentifier } from "../identifier.ts"
import { parseModel } from "../json-text.ts"
import type { Resources, ServedType } from "../registry.ts"
import { type Model, shown } from "../resource-type.ts"

/** Where a test ends the process: what has just been written, or done. */
export type RequestPoint = "taken" | "begun" | "effectMade" | "madeNoted" | "settled" | "ended"

export interface RequestRunnerOptions {
  requests: RequestStore
  resources: Resources
  log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
  /** Told each point as it is passed. */
  observe?: (point: RequestPoint) => void
}

/** Carries out requests, those of other processes, too. */
export interface RequestRunner {
  /** Looks now. */
  nudge(): void
  /** Ends no request: what is at hand is finished or given back. */
  stop(): Promise<void>
}

/** Processes look by themselves as well: a request may have been left by one that ended. */
const lookEveryMs = 2_000
const atOnce = 20
/** Of a cloud's client: what is done is seen at its next question. */
const firstLooksMs = 200
const laterLooksMs = 2_000
const firstLooksLastMs = 20_000
/** A first copy of a large source takes hours; what takes longer than this has failed for whoever waits. */
const settlesWithinMs = 24 * 3_600_000
const retryMs = 1_000
const shortestPauseMs = 20
const messageAtMost = 2_000

export function startRequestRunner(options: RequestRunnerOptions): RequestRunner {
  const { requests, log } = options
  const owner = randomUUID()
  let isStopped = false
  let next: Deadline | undefined

  async function turn(): Promise<void> {
    next?.end()
    let dueMs = await requests.nextDueMs()
    while (dueMs === 0 && !isStopped) {
      const taken = await requests.take(owner, atOnce)
      await Promise.all(taken.map((one) => carryOut(options, owner, one)))
      if (taken.length === 0) break
      dueMs = await requests.nextDueMs()
    }
    if (!isStopped && dueMs !== undefined) next = startDeadline(Math.max(dueMs, shortestPauseMs), task.nudge)
  }

  const task = newNudgedTask({
    everyMs: lookEveryMs,
    work: turn,
    onError: (error) => log.warn({ reason: String(error) }, "requests about resources cannot be looked for"),
  })
  task.nudge()
  return {
    nudge: task.nudge,
    async stop() {
      isStopped = true
      await task.stop()
      next?.end()
    },
  }
}

async function carryOut(
  { requests, resources, log, observe = () => undefined }: RequestRunnerOptions,
  owner: string,
  request: TakenRequest,
): Promise<void> {
  observe("taken")
  const note = async (stage: RequestStage) => await requests.note(owner, request.token, stage)
  try {
    const outcome = await step({ served: resources.served(request.typeName), note, observe }, request)
    if (outcome === "lost") return
    if (outcome === "later") return await requests.later(owner, request.token, pauseFor(request))
    observe("settled")
    await requests.end(owner, request.token, outcome)
    observe("ended")
  } catch (error) {
    await failed(error)
  }

  async function failed(error: unknown): Promise<void> {
    const errorCode = errorCodeOf(error)
    if (errorCode === "ServiceInternalError") {
      log.warn({ requestToken: request.token, reason: String(error) }, "a request waits for its service")
      return await requests.later(owner, request.token, retryMs)
    }
    if (errorCode === undefined)
      log.error({ requestToken: request.token, err: error }, "a request about a resource failed")
    await requests.end(owner, request.token, failure(errorCode ?? "InternalFailure", messageOf(error)))
  }
}

interface Step {
  served: ServedType
  note(stage: RequestStage): Promise<boolean>
  observe(point: RequestPoint): void
}

/** `lost`: another process has it now. */
async function step(parts: Step, request: TakenRequest): Promise<RequestOutcome | "later" | "lost"> {
  const { served, note, observe } = parts
  const identity = readIdentifier(served.type, request.identifier ?? "")
  const isCancelled = request.status === "CANCEL_IN_PROGRESS"
  if (!isCancelled && request.stage !== "made") {
    if (request.stage === "recorded" && !(await note("begun"))) return "lost"
    observe("begun")
    await makeEffect(served, request, identity)
    observe("effectMade")
    if (!(await note("made"))) return "lost"
    observe("madeNoted")
  }
  // The store makes a cancelled request of it, whatever the outcome.
  if (isCancelled) return success(null)
  return await settled(served, request, await served.handler.progress(request.operation, identity), identity)
}

async function makeEffect({ handler }: ServedType, request: RequestRecord, identity: Model): Promise<void> {
  const { token: requestToken, stage, operation, desired } = request
  const call: HandlerCall = { caller: callerOf(request), requestToken, isRepeated: stage !== "recorded" }
  const wanted = () => parseModel(desired ?? "", "The recorded state")
  switch (operation) {
    case "CREATE":
      return await handler.create(call, identity, wanted())
    case "UPDATE":
      return await handler.update(call, identity, wanted())
    case "DELETE":
      return await handler.delete(call, identity)
  }
}

/** As the request's door gave it. */
function callerOf({ callerName, callerRole }: RequestRecord): Caller {
  return { name: callerName, role: callerRole as Caller["role"] }
}

async function settled(
  { type, handler }: ServedType,
  request: TakenRequest,
  progress: Progress,
  identity: Model,
): Promise<RequestOutcome | "later"> {
  switch (progress.kind) {
    case "failed":
      return failure(progress.errorCode, progress.message)
    case "underway":
      if (request.ageMs < settlesWithinMs) return "later"
      return failure("NotStabilized", "The resource has not become what was asked for in 24 hours.")
    case "done": {
      if (request.operation === "DELETE") return success(null)
      const model = await handler.read(callerOf(request), identity)
      if (model === undefined) return failure("NotStabilized", "The resource was deleted meanwhile.")
      return success(JSON.stringify(shown(type, model)))
    }
  }
}

function pauseFor({ ageMs }: TakenRequest): number {
  return ageMs < firstLooksLastMs ? firstLooksMs : laterLooksMs
}

function success(model: string | null): RequestOutcome {
  return { status: "SUCCESS", errorCode: null, statusMessage: null, model }
}

function failure(errorCode: string, message: string): RequestOutcome {
  return { status: "FAILED", errorCode, statusMessage: cut(message, messageAtMost), model: null }
}

/** What nobody foresaw is in the log, under the request's token. */
function messageOf(error: unknown): string {
  if (error instanceof Fault || errorCodeOf(error) !== undefined) return (error as Error).message
  return "The request failed for an internal reason; the log has it under its token."
}
