import type { WaitAnswer } from "../control-plane/pipelines/wait-for-position.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import { plainLines } from "../domain/text-forms/plain-text.ts"
import { askMillrace, integrationPath, type OperationsAccess } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { complain, print } from "./output.ts"

export interface WaitOptions {
  integration: string | undefined
  position: string | undefined
  now: boolean
  timeout: string | undefined
  config: string | undefined
}

const usualTimeout = "30s"
const longestTimeoutMs = 3_600_000

/** Returns when the warehouse has what the source committed up to a position: 0; 1 when the time is over first. */
export async function wait(options: WaitOptions): Promise<ExitCode> {
  const { integration, position, now } = options
  if (integration === undefined) return misused("wait needs --integration NAME (or its id or ARN).")
  if ((position === undefined) === !now) return misused("wait needs either --position P or --now.")
  const timeoutMs = parseDuration(options.timeout ?? usualTimeout)
  if (timeoutMs === undefined || timeoutMs > longestTimeoutMs)
    return misused("--timeout is a length of time up to 1h, such as 500ms, 30s or 5m.")
  return await operating(options.config, "read-only", (access) =>
    waitFor(access, integration, position, timeoutMs),
  )
}

async function waitFor(
  access: OperationsAccess,
  integration: string,
  position: string | undefined,
  timeoutMs: number,
): Promise<ExitCode> {
  const answer = await awaitVisible(access, integration, position, timeoutMs)
  if (typeof answer === "string") return failed(answer)
  return answer.reached ? reached(answer) : failed(notReached(answer))
}

/**
 * Until the warehouse has what the source committed up to a position, or up to now, or the time is over; in words what keeps us from
 * it. The server holds each question for a few seconds at most; the first answer fixes what "now" meant.
 */
export async function awaitVisible(
  access: OperationsAccess,
  integration: string,
  position: string | undefined,
  timeoutMs: number,
): Promise<WaitAnswer | string> {
  const deadline = performance.now() + timeoutMs
  const path = integrationPath(integration, "wait")
  let target = position
  for (;;) {
    const leftMs = Math.max(0, Math.round(deadline - performance.now()))
    const body = { ...(target !== undefined && { position: target }), timeoutMs: leftMs }
    const answer = await askMillrace<WaitAnswer>(access, { method: "POST", path, body })
    if (typeof answer === "string" || answer.reached || performance.now() >= deadline) return answer
    target = answer.position ?? target
  }
}

function reached({ position, notInStep }: WaitAnswer): 0 {
  print(`reached ${position}\n`)
  if (notInStep.length > 0) complain(`not in step, so perhaps older: ${plainLines(notInStep).join(", ")}`)
  return 0
}

export function notReached({ position, pipelines, hindrance }: WaitAnswer): string {
  if (hindrance !== null) return hindrance
  const places = pipelines.map(({ sourceDatabase, visible }) => `${sourceDatabase} at ${visible}`).join(", ")
  return `${position} is not reached yet: ${places}.`
}
