import type { RunningChild } from "../../supervisor/in-child.ts"
import type { ProcessState } from "../../supervisor/messages.ts"
import { openStatementFile, type StatementFile } from "../../supervisor/running-statements.ts"
import type { Log } from "../../wire/http/log.ts"
import { loadParts } from "../parts/load-parts.ts"
import { type RunningRoles, startRoles } from "../start.ts"
import { type ChildFacts, type ChildStart, childNames, childRoles } from "./child-start.ts"

export interface ChildRun {
  start: ChildStart
  log: Log
  /** Ends the server in order; the status for the process to end with. */
  stopServer(server: RunningRoles): Promise<0 | 1>
  /** Told why the process cannot go on. */
  onBroken(reason: string): void
}

/** Loads the program of one of the two processes, while what it is to start with is not known yet. */
export async function preloadChild(name: string | undefined): Promise<void> {
  const known = childNames.find((one) => one === name)
  if (known !== undefined) await loadParts(new Set(childRoles[known]))
}

/** Starts the roles of one of the two processes. @throws SetupError */
export async function runChild({
  start,
  log,
  stopServer,
  onBroken,
}: ChildRun): Promise<RunningChild<ChildFacts, ChildStart>> {
  const { name, configuration, stateUrl } = start
  const roles = new Set(childRoles[name])
  let engine: ProcessState | undefined
  const server = await startRoles({
    configuration,
    roles,
    log,
    parent: { stateUrl },
    neighbours: { engine: () => engine },
    ...(roles.has("sql") && { watch: statementWatch(openStatementFile(start.statements), start) }),
  })
  const { http, sql } = server
  return {
    facts: { ...(http && { http }), ...(sql && { sql }) },
    broken: server.broken.then(onBroken),
    onReload: (next) => server.reload(next.configuration),
    stop: () => stopServer(server),
    onNeighbour({ state }) {
      engine = state
    },
  }
}

function statementWatch(file: StatementFile, { refused }: ChildStart) {
  const until = new Map(refused.map((one) => [refusalKey(one.user, one.fingerprint), one.untilMs]))
  return {
    slot: () => file.slot(),
    refusedUntilMs: (user: string, fingerprint: string) =>
      until.size === 0 ? undefined : until.get(refusalKey(user, fingerprint)),
  }
}

function refusalKey(user: string, fingerprint: string): string {
  return `${fingerprint} ${user}`
}
