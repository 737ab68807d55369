import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { waitUntil } from "../support/wait-until.ts"
import { atEnd } from "./clean-up.ts"
import type { Place } from "./place.ts"
import type { Api } from "./rds.ts"
import { onDatabase } from "./workload.ts"

/** Has another process hold a destination database's file, which makes it unavailable; answers how to let go of it. */
export async function lockWarehouse(
  context: TestContext,
  place: Place,
  database: string,
): Promise<() => Promise<void>> {
  const file = join(place.dataDir, "warehouse", `${database}.duckdb`)
  const holder = spawn(process.execPath, [join(import.meta.dirname, "lock-holder.ts"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = once(holder, "exit")
  const release = async () => {
    holder.kill("SIGKILL")
    await ended
  }
  atEnd(context, release)
  await Promise.race([once(holder.stdout, "data"), ended.then(() => Promise.reject(new Error("no lock")))])
  return release
}

/** Megabytes of log that nobody is sent. */
export async function writeLog(url: string, megabytes: number): Promise<void> {
  await onDatabase(url, (client) =>
    client.query(
      "SELECT count(pg_logical_emit_message(false, 'test', repeat('x', 100000))) FROM generate_series(1, $1::int)",
      [megabytes * 10],
    ),
  )
}

/** Files of spools that hold something. */
export async function spoolFiles(place: Place): Promise<string[]> {
  const files = await readdir(join(place.dataDir, "spool"), { recursive: true })
  return files.filter((file) => file.endsWith(".spool"))
}

/**
 * Waits until the integration has no trouble but, perhaps, its budget: of a server that others use as well, the log is
 * kept for their transactions too, and the budgets of these tests are tiny.
 */
export async function works(api: Api, name: string, timeoutMs = 60_000): Promise<void> {
  await waitUntil(
    async () => {
      const found = await api.describe(name)
      const codes = new Set((found?.Errors ?? []).map((error) => error.ErrorCode))
      const isOnlyBudget = codes.size === 1 && codes.has("SOURCE_RETENTION_OVER_BUDGET")
      return found?.Status === "active" || (found?.Status === "needs_attention" && isOnlyBudget)
    },
    { what: `${name} to work`, timeoutMs },
  )
}
