/** The process with the pipelines goes away under load, and comes back; the process with the API is asked throughout. */
import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { unknownAfterMs } from "../../../src/control-plane/pipelines/observed-pipelines.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { atEnd } from "../clean-up.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, becomesEqual, caughtUp } from "../warehouse.ts"
import { startWorkload } from "../workload.ts"

/** How the roles are split: the API apart, or once more beside a process with all roles. */
export type Split = "api | sql,worker" | "api,sql,worker | api"

export const splits: readonly Split[] = ["api | sql,worker", "api,sql,worker | api"]

/** Observations may be on their way when their process is ended. */
const onTheWayMs = 500
const pollEveryMs = 50

export interface AwayScene {
  place: Place
  api: Api
  sourceUrl: string
  /** The process with the pipelines. */
  worker: MillraceProcess
  startWorker(): Promise<MillraceProcess>
  /** Everything that is in the source is in the warehouse, once: the load is stopped for it. */
  assertNothingLost(): Promise<void>
  /** The same while a table is resynced, which lags behind the others until its copy is live. */
  becomesEqual(): Promise<void>
}

/** An integration that is active, under load. */
export async function awayScene(context: TestContext, split: Split, seed: number): Promise<AwayScene> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  const startWorker = () =>
    split === "api | sql,worker"
      ? place.startRoles("sql,worker")
      : place.startRoles("api,sql,worker", "beside")
  const [worker] = await Promise.all([startWorker(), place.startRoles("api")])
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  const load = startWorkload(context, source.url, seed)
  await waitUntil(() => load.done > 50, { what: "some load" })
  return {
    place,
    api,
    sourceUrl: source.url,
    worker,
    startWorker,
    async assertNothingLost() {
      await load.stop()
      await caughtUp(place, source.url, "bank", 180_000)
      await assertEqualContent(place, source.url, "bank")
    },
    async becomesEqual() {
      await load.stop()
      await caughtUp(place, source.url, "bank", 180_000)
      await becomesEqual(place, source.url, "bank")
    },
  }
}

export interface Watch {
  /** From now on nobody owns the pipeline. */
  away(): void
  /** From now on somebody may. */
  back(): void
  /** Ends it. @throws AssertionError when `active` was shown for longer than three intervals while nobody owned the pipeline */
  stop(): Promise<{ polls: number; seen: string[] }>
}

/** Asks the API process for the status, over and over: it answers each time. */
export function watchStatus(context: TestContext, { api }: Pick<AwayScene, "api">): Watch {
  let awaySinceMs: number | undefined
  let isStopped = false
  const polls: { status: string; silentMs: number | undefined }[] = []
  const watching = (async () => {
    while (!isStopped) {
      const [startedMs, sinceMs] = [performance.now(), awaySinceMs]
      const one = await api.describe("bank")
      const isStillAway = sinceMs !== undefined && awaySinceMs === sinceMs
      polls.push({ status: one?.Status ?? "none", silentMs: isStillAway ? startedMs - sinceMs : undefined })
      await sleep(pollEveryMs)
    }
  })()
  watching.catch(() => undefined)
  atEnd(context, async () => {
    isStopped = true
    await watching.catch(() => undefined)
  })
  return {
    away() {
      awaySinceMs = performance.now()
    },
    back() {
      awaySinceMs = undefined
    },
    async stop() {
      isStopped = true
      await watching
      const wrong = polls.filter(
        ({ status, silentMs = 0 }) => status === "active" && silentMs > unknownAfterMs + onTheWayMs,
      )
      assert.deepEqual(wrong, [])
      return { polls: polls.length, seen: [...new Set(polls.map(({ status }) => status))].sort() }
    },
  }
}
