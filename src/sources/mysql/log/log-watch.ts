import { startPeriodicTask } from "../../../concurrency/periodic-task.ts"
import { type Address, type Client, close, connect } from "../client.ts"
import { anotherLog, isSameLog } from "./history.ts"
import { resetCount } from "./log-file.ts"
import { fileNumber, type LogNote } from "./log-note.ts"
import type { LogServer } from "./log-place.ts"
import { logStatus } from "./log-status.ts"

const lookEveryMs = 2_000

/**
 * A server whose log is reset goes on serving what it no longer has, and says nothing of it until the new log is as long as
 * the old one was. So it is asked now and then whether its log still ends where we have read, or behind, and, when it has
 * run a statement RESET, whether it is the log that we read. `reached` tells that place. Calls `lost` at most once. Returns
 * what ends it.
 */
export function watchLog(
  address: Address,
  server: LogServer,
  reached: () => LogNote | undefined,
  lost: (problem: ReturnType<typeof anotherLog>) => void,
): () => void {
  let client: Client | undefined
  let isOver = false

  async function look(): Promise<void> {
    client ??= await connect(address)
    const place = reached()
    if (place === undefined || isOver) return
    const before = { ...place }
    const resets = await resetCount(client)
    const { end } = await logStatus(client)
    const isBehind =
      fileNumber(end.file) < fileNumber(before.file) ||
      (end.file === before.file && end.offset < before.offset)
    const isAnother = isBehind || (resets !== server.resets && !(await isSameLog(address, before)))
    server.resets = resets
    if (isAnother && !isOver) lost(anotherLog(before))
  }

  function forget(): void {
    if (client !== undefined) close(client)
    client = undefined
  }

  const looking = startPeriodicTask({
    everyMs: lookEveryMs,
    work: look,
    // A server that does not answer is the stream's own to notice; another connection is tried next time.
    onError: forget,
  })
  return () => {
    isOver = true
    // A look at hand has its connection until it ends.
    void looking.stop().then(forget)
  }
}
