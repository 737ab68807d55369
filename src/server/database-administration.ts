import { setTimeout as sleep } from "node:timers/promises"
import type { Caller, ControlPlane } from "../control-plane/control-plane.ts"
import {
  createDatabase,
  type DatabaseHost,
  dropDatabase,
  requireDatabase,
  setDatabaseOptions,
} from "../control-plane/databases/destination-databases.ts"
import { historyOptions } from "../control-plane/databases/history-mode.ts"
import type { OwnDatabases } from "../control-plane/databases/own-databases.ts"
import { refreshDatabase } from "../control-plane/databases/refresh.ts"
import { askOwner } from "../control-plane/pipelines/ask-owner.ts"
import { type ObservedPipeline, observedPipelines } from "../control-plane/pipelines/observed-pipelines.ts"
import { orUnavailable } from "../control-plane/pipelines/or-unavailable.ts"
import type { SqlUsers } from "../control-plane/sql-users/sql-users.ts"
import { Fault } from "../domain/faults.ts"
import type { DatabaseAdministration } from "../front-doors/sql/databases/administration.ts"
import type { DatabaseRecord } from "../state/databases.ts"

/** A place at the source is given back in a moment, unless the source does not answer. */
const dropPatienceMs = 5_000
const lookEveryMs = 50

export interface AdministeredDatabases {
  /** Of the warehouse that the port shows. */
  own: DatabaseHost
  /** Of the other ones, whose databases for integrations are made and dropped on the port as well. */
  others: readonly DatabaseHost[]
  /** Those of `own` that people have made. Undefined: people make them elsewhere. */
  written: OwnDatabases | undefined
}

/** The SQL port's statements about databases, on the services that do them. */
export function newDatabaseAdministration(
  plane: ControlPlane,
  { own, others, written }: AdministeredDatabases,
  users: SqlUsers,
): DatabaseAdministration {
  const { databases } = plane.store
  /** Of a database that nobody ordered: the port's own. */
  const hostOf = async (name: string): Promise<DatabaseHost> => {
    for (const host of others)
      if ((await databases.byName(host.warehouseArn, name)) !== undefined) return host
    return own
  }
  return {
    async names() {
      const ordered = others.length === 0 ? [] : (await databases.all()).map(({ name }) => name)
      return [...new Set([...(await orUnavailable(own.names())), ...ordered])]
    },
    create: (caller, input) => createDatabase(plane, [own, ...others], caller, input),
    createOwn: written && ((caller, name) => written.create(caller, name)),
    async drop(caller, name) {
      await dropDatabase(plane, await hostOf(name), caller, name, comesTrue)
      await written?.forget(name)
      await users.forgetDatabase(name)
    },
    async set(caller, name, options, historyFor) {
      const host = await hostOf(name)
      const one = await pipelineOf(plane, await databases.byName(host.warehouseArn, name))
      const expanded = (before: DatabaseRecord) =>
        options.historyMode === undefined
          ? options
          : {
              ...options,
              historyMode: before.options.historyMode,
              ...historyOptions(before, one, options.historyMode, historyFor),
            }
      await setDatabaseOptions(plane, host, caller, name, expanded)
      // Not at the reconciler's next turn: what comes after the statement is under the new options.
      if (one?.kind === "known") await lookAtSettings(plane, caller, one)
      else plane.nudge()
    },
    async refresh(caller, name, scope) {
      const database = await requireDatabase(plane, await hostOf(name), name)
      await refreshDatabase(plane, caller, database, scope)
    },
  }
}

async function pipelineOf(
  { store }: ControlPlane,
  database: DatabaseRecord | undefined,
): Promise<ObservedPipeline | undefined> {
  if (database === undefined) return undefined
  const { integrationId, sourceDatabase } = database
  return (await observedPipelines(store)).find(
    (one) => one.integrationId === integrationId && one.sourceDatabase === sourceDatabase,
  )
}

const settingsLimitMs = 5_000

/** They are recorded: an owner that does not answer now finds them when it does. */
async function lookAtSettings(plane: ControlPlane, caller: Caller, one: ObservedPipeline): Promise<void> {
  try {
    await askOwner(plane, caller, one, { kind: "settings", parameters: {}, lifetimeMs: settingsLimitMs })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
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
