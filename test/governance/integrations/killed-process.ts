import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { KillOrder } from "./killed-set-up.ts"
import { rowsOf } from "./state-rows.ts"

/** A child that never comes to the point ends by SIGTERM. */
const childLimitMs = 120_000

/** Makes the call in a process of its own, which is killed at the order's point; the job is then anybody's. */
export async function killedAt(order: KillOrder): Promise<void> {
  const path = join(import.meta.dirname, "killed-set-up.ts")
  const child = spawn(process.execPath, [path, JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: childLimitMs,
  })
  const [, signal] = (await once(child, "exit")) as [number | null, string | null]
  assert.equal(signal, "SIGKILL", `it was not at ${order.point}`)
  // Its lease would run out by itself.
  await rowsOf(
    order.installation.stateUrl,
    "UPDATE millrace.governance_integrations SET job_expires_at = clock_timestamp() WHERE job_kind IS NOT NULL",
  )
}
