import { pause } from "../../../concurrency/deadline.ts"
import type { StepEvent } from "../../../state/governance/governed-integrations.ts"
import { ServerRefusal } from "./server-connection.ts"
import { type JobStep, StepFailure } from "./set-up.ts"

/** How a job's steps are run and told of. */
export interface StepRun {
  /** Aborted when the job is another process's, or this one stops. */
  signal: AbortSignal
  /** Into the log of steps, before and after each. */
  tell(step: string, event: StepEvent, message?: string): Promise<void>
}

/** The job is not ours any more: nothing is undone, the next owner goes on. */
export class JobLost extends Error {}

/** What a step could not do. */
export interface FailedStep {
  step: string
  /** Without secrets. */
  message: string
}

/** Runs all, up to the first that fails. @throws JobLost */
export async function runSteps(
  steps: readonly JobStep[],
  run: StepRun,
  doneAs: "done" | "undone" = "done",
): Promise<FailedStep | undefined> {
  for (const step of steps) {
    if (run.signal.aborted) throw new JobLost("the job has another owner")
    await run.tell(step.name, "begun")
    const message = await failureOf(step, run.signal)
    if (message !== undefined) {
      await run.tell(step.name, "failed", message)
      return { step: step.name, message }
    }
    await run.tell(step.name, doneAs)
  }
  return undefined
}

/** Runs each, whatever becomes of the others. @throws JobLost */
export async function runEach(steps: readonly JobStep[], run: StepRun): Promise<FailedStep[]> {
  const failed: FailedStep[] = []
  for (const step of steps) {
    const failure = await runSteps([step], run, "undone")
    if (failure !== undefined) failed.push(failure)
  }
  return failed
}

const attempts = 5
const pauseMs = 1_000

async function failureOf({ run }: JobStep, signal: AbortSignal): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run()
      return undefined
    } catch (error) {
      const isKnown = error instanceof ServerRefusal || error instanceof StepFailure
      if (!isKnown) throw error
      if (attempt === attempts || !(error instanceof ServerRefusal) || !mayPass(error)) return error.message
    }
    await pause(pauseMs * attempt, signal)
    if (signal.aborted) throw new JobLost("the job has another owner")
  }
}

/** The network; a server that starts or stops; a database that others are connected to; rows of the catalog that others change. */
const passing =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|08\w{3}|53\w{3}|57P0[123]|55006|40001|40P01|XX000)$/

function mayPass({ code }: ServerRefusal): boolean {
  return passing.test(code)
}
