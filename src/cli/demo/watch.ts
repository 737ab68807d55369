import { setTimeout as delay } from "node:timers/promises"
import { SetupError } from "../../configuration/setup-error.ts"
import { awaitVisible, notReached } from "../wait.ts"
import { integrationName, integrationReport, type Millrace } from "./millrace.ts"
import { isLive, type Look, progressLines, type Rates, ratesBetween, summary } from "./screen/progress.ts"
import type { Screen } from "./screen/screen.ts"
import type { Writers } from "./writers.ts"

const lookEveryMs = 150
/** Rates are averages over this time: shorter ones jump too much to be read. */
const rateOverMs = 1_500
const standstillLimitMs = 60_000

export interface Watched {
  millrace: Millrace
  writers: Writers
  screen: Screen
  columns(): number
  /** Between two lines where nothing can be redrawn. */
  lineEveryMs: number
}

/** Shows the pipeline until `enough`, which is asked after each look; answers the last look. */
export async function watch(watched: Watched, enough: (look: Look) => boolean): Promise<Look> {
  const looks: Look[] = []
  const standstill = newStandstill()
  let toldMs = performance.now()
  for (;;) {
    const look = await lookAt(watched)
    if (look !== undefined) {
      while ((looks[1]?.atMs ?? look.atMs) < look.atMs - rateOverMs) looks.shift()
      looks.push(look)
      const rates = ratesBetween(looks[0] ?? look, look)
      const isDone = enough(look)
      toldMs = show(watched, look, rates, toldMs, isDone)
      if (isDone) return look
    }
    standstill(look)
    await delay(lookEveryMs)
  }
}

async function lookAt({ millrace, writers }: Watched): Promise<Look | undefined> {
  const { pipelines, errors } = await integrationReport(millrace)
  const [error] = errors
  if (error !== undefined)
    throw new SetupError(`the integration needs attention: ${error.code}: ${error.message}`)
  const [pipeline] = pipelines
  return pipeline && { atMs: performance.now(), pipeline, committed: writers.committed() }
}

/** Answers when the last plain line was told. */
function show(
  { screen, columns, lineEveryMs }: Watched,
  look: Look,
  rates: Rates,
  toldMs: number,
  isLast: boolean,
): number {
  if (screen.isLive) {
    screen.live(progressLines(look, rates, screen.style, columns()))
    return toldMs
  }
  if (look.atMs - toldMs < lineEveryMs && !isLast) return toldMs
  screen.say(`  ${summary(look, rates)}`)
  return look.atMs
}

/** Complains when nothing has moved for too long. */
function newStandstill(): (look: Look | undefined) => void {
  let before = ""
  let sinceMs = performance.now()
  return (look) => {
    const now = JSON.stringify(look?.pipeline.totals ?? null)
    if (now !== before || (look !== undefined && isLive(look.pipeline))) sinceMs = performance.now()
    before = now
    if (performance.now() - sinceMs > standstillLimitMs)
      throw new SetupError(`no row has moved for ${standstillLimitMs / 1000} s; the log says more.`)
  }
}

const catchUpLimitMs = 60_000

/** Until the warehouse has all that was written up to now. */
export async function awaitCaughtUp({ access }: Millrace): Promise<void> {
  const answer = await awaitVisible(access, integrationName, undefined, catchUpLimitMs)
  if (typeof answer === "string") throw new SetupError(answer)
  if (!answer.reached) throw new SetupError(`the warehouse did not catch up. ${notReached(answer)}`)
}
