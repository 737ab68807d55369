import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { describe as group, type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { newProcessorShare } from "./processor-share.ts"

/** Other systems do not tell of the threads of others. */
const onLinux = { skip: process.platform === "linux" ? false : "not Linux" }

/** A process that has said a word, and then does what the code says. */
async function started(context: TestContext, code: string): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["--eval", `console.log("begun"); ${code}`])
  context.after(() => child.kill("SIGKILL"))
  await once(child.stdout, "data")
  assert.ok(child.pid !== undefined)
  return Object.assign(child, { pid: child.pid })
}

/** Looks until the share is as wanted: a busy machine may let the process wait for its turn as long as it likes. */
async function becomes(pid: number, isWanted: (share: number) => boolean): Promise<void> {
  const share = newProcessorShare(pid)
  for (;;) {
    await sleep(lookEveryMs)
    // Of twice the time: one that has a processor all the time has half of that.
    if (isWanted(share(2 * lookEveryMs))) return
  }
}

const lookEveryMs = 50

group("the share of a processor", () => {
  test("a process that waits for something else than a processor wants none", onLinux, async (context) => {
    const { pid } = await started(context, "setInterval(() => undefined, 1_000_000)")
    await becomes(pid, (share) => share === 1)
  })
  test(
    "a process that turns in a circle has what it gets, and wants none when it is stopped",
    onLinux,
    async (context) => {
      const child = await started(context, "setTimeout(() => { for (;;); }, 1)")
      await becomes(child.pid, (share) => share > 0 && share < 1)
      child.kill("SIGSTOP")
      await becomes(child.pid, (share) => share === 1)
    },
  )
  test("of one that has ended, or that the system does not tell of, it is all", () => {
    assert.equal(newProcessorShare(0x7fff_fffe)(lookEveryMs), 1)
  })
})
