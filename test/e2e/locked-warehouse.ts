import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { atEnd } from "./clean-up.ts"
import type { Place } from "./place.ts"

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
