import { setTimeout as sleep } from "node:timers/promises"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import {
  createDatabase,
  type DatabaseHost,
  dropDatabase,
  requireDatabase,
  setDatabaseOptions,
} from "../control-plane/databases/destination-databases.ts"
import { historyOptions } from "../control-plane/databases/history-mode.ts"
import { refreshDatabase } from "../control-plane/databases/refresh.ts"
import { adjust, type RunningPipeline } from "../control-plane/pipelines/running-pipeline.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import type { DatabaseAdministration } from "../front-doors/sql/databases/administration.ts"
import type { DatabaseRecord } from "../state/databases.ts"

/** A place at the source is given back in a moment, unless the source does not answer. */
const dropPatienceMs = 5_000
const lookEveryMs = 50

/** The SQL port's statements about databases, on the services that do them. */
export function newDatabaseAdministration(
  plane: ControlPlane,
  host: DatabaseHost,
  running: () => RunningPipeline[],
  users: SqlUsers,
): DatabaseAdministration {
  return {
    create: (caller, input) => createDatabase(plane, host, caller, input),
    async drop(caller, name) {
      await dropDatabase(plane, host, caller, name, comesTrue)
      await users.forgetDatabase(name)
    },
    async set(caller, name, options, historyFor) {
      const one = running().find(
        ({ database }) => database.name === name && database.targetArn === host.warehouseArn,
      )
      const expanded = (before: DatabaseRecord) =>
        options.historyMode === undefined
          ? options
          : {
              ...options,
              historyMode: before.options.historyMode,
              ...historyOptions(before, one, options.historyMode, historyFor),
            }
      const database = await setDatabaseOptions(plane, host, caller, name, expanded)
      // Not at the reconciler's next turn: what comes after the statement is under the new options.
      if (one !== undefined) adjust(one, database)
    },
    async refresh(caller, name, scope) {
      const database = await requireDatabase(plane, host, name)
      await refreshDatabase(running(), caller, database, scope)
    },
  }
}

/** Waits for it, or as long as somebody at a prompt may be kept waiting. */
async function comesTrue(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + dropPatienceMs
  while (performance.now() < deadline) {
    if (await check()) return
    await sleep(lookEveryMs)
  }
}
