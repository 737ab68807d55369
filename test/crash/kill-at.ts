import assert from "node:assert/strict"
import { once } from "node:events"
import { join } from "node:path"
import type { WritePoint } from "../../src/replication/write-order.ts"
import type { MillraceProcess } from "../e2e/process.ts"

/** What `Place.start` needs for `killAt`. */
export const killable = { MILLRACE_TEST_ENTRY: join(import.meta.dirname, "child.ts") }

/** A running Millrace dies as ordered, when it passes the point for the n-th time from now. */
export async function killAt(running: MillraceProcess, point: WritePoint, passes: number): Promise<void> {
  const armed = once(running.child, "message")
  running.child.send({ point, passes })
  await armed
}

export async function assertKilled(running: MillraceProcess, limitMs = 30_000): Promise<void> {
  const ended = await Promise.race([running.ended, timeLimit(limitMs)])
  assert.equal(
    ended?.signal,
    "SIGKILL",
    `the point was not passed, or it ended otherwise:\n${running.output()}`,
  )
}

function timeLimit(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref())
}
