import { rmSync } from "node:fs"
import { join } from "node:path"
import type { StatementWatch } from "../../query/watched-statements.ts"
import { openStatementFile, takeStatements } from "../../supervisor/running-statements.ts"
import type { Base } from "./base.ts"

/**
 * The watch of a process without a supervisor: it names in its log what ran when the process before it ended out of order. It
 * refuses nothing, because whoever keeps such processes running may end them by SIGKILL for reasons of its own.
 *
 * Call it with the data folder's lock.
 */
export function watchOwnStatements({ configuration: { dataDir }, log, onStop }: Base): StatementWatch {
  const path = join(dataDir, "running-statements")
  for (const { user, fingerprint, sinceMs } of takeStatements(path))
    log.error(
      { user, fingerprint, since: new Date(sinceMs).toISOString() },
      "this statement ran when the process before this one ended",
    )
  const file = openStatementFile(path)
  // The file is not closed: a statement that cannot be stopped may write into it still.
  onStop(async () => rmSync(path, { force: true }))
  return { slot: () => file.slot(), refusedUntilMs: () => undefined }
}
