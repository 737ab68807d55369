import { join } from "node:path"
import { lockDataFolder } from "../../configuration/data-folder.ts"
import { ensureCredentials, withGenerated } from "../../configuration/secrets/credentials.ts"
import { SetupError } from "../../configuration/setup-error.ts"
import { foldersOfOthers } from "../../configuration/trust/private-folder.ts"
import type { Configuration, HostPort } from "../../domain/configuration.ts"
import { newBlamedStatements } from "../../supervisor/blamed-statements.ts"
import { type KeptProcess, keepProcess } from "../../supervisor/kept-process.ts"
import { endLeftovers, recordProcesses } from "../../supervisor/leftovers.ts"
import { defaultMemoryLimitBytes } from "../../supervisor/memory.ts"
import { takeStatements } from "../../supervisor/running-statements.ts"
import { causeInWords, type EndCause, startProcess } from "../../supervisor/supervised-process.ts"
import { errorFields, type Log } from "../../wire/http/log.ts"
import { guardedPostgres } from "../parts/guarded-postgres.ts"
import { aliveEveryMs, type ChildFacts, type ChildName, type ChildStart, childNames } from "./child-start.ts"

export interface IsolationOptions {
  configuration: Configuration
  /** The program that both processes run; see `liveAsChild`. */
  childProgram: string
  log: Log
}

export interface RunningIsolation {
  /** What both have said when they were ready; or which of them ended before that, and how. */
  readonly started: Promise<ChildFacts | { ended: ChildName; cause: EndCause }>
  /** Has both take over another configuration, and those that are started from now on. In words, what they could not; empty: nothing. */
  reload(next: Configuration): Promise<string[]>
  /** Ends both in order, then what they work on. `true`: both ended by themselves, with status 0. */
  stop(): Promise<boolean>
}

type Child = KeptProcess<ChildStart, ChildFacts>

/** What both processes are given. */
type Shared = Pick<ChildStart, "configuration" | "stateUrl">

/**
 * A silent process is ended after 2.5 s: a new one serves in one or two more, and 5 s is what a replacement may take in all. The longest that an
 * event loop of a server stood still in the tests, on two cores that eight others used as well, was 0.5 s.
 */
const silentLooks = 10
/** A process stops within this time or is ended; the rest of the supervisor's limit is for the state database. */
const stopLimitMs = 7_500
/** A statement that ended the engine twice is refused for as long. */
const refusedForMs = 10 * 60_000

/** The API makes little that lives on, and holds 10 MB less with less room for what it has just made (in MiB; 16 unless said). */
const smallYouth = "--max-semi-space-size=2"

/** Takes the installation and starts both processes. @throws SetupError */
export async function startIsolated({
  configuration: given,
  childProgram,
  log,
}: IsolationOptions): Promise<RunningIsolation> {
  const { dataDir, region } = given
  const [ofOthers] = foldersOfOthers(given)
  if (ofOthers !== undefined) throw new SetupError(ofOthers)
  const lock = await lockDataFolder(dataDir)
  const shared = Promise.withResolvers<Shared>()
  const children = await startChildren({ configuration: given, childProgram, log, shared: shared.promise })
  const stopChildren = async () => {
    const causes = await Promise.all([children.api.stop(stopLimitMs), children.engine.stop(stopLimitMs)])
    return causes.every((cause) => cause?.kind === "exit" && cause.code === 0)
  }
  try {
    const generated = await ensureCredentials(dataDir, region)
    const configuration = withGenerated(given, generated)
    const embedded =
      given.stateUrl === undefined ? await guardedPostgres(join(dataDir, "state"), log) : undefined
    const all: Shared = { configuration, stateUrl: given.stateUrl ?? embedded?.url ?? "" }
    shared.resolve(all)
    return {
      started: bothStarted(children),
      async reload(next) {
        // In place: processes that are started from now on are given it.
        all.configuration = withGenerated(next, generated)
        const told = childNames.map((name) =>
          children[name].reload({ ...all, name, statements: statementsIn(dataDir), refused: [] }),
        )
        return (await Promise.all(told)).filter((one) => one !== undefined)
      },
      async stop() {
        const isOrderly = await stopChildren()
        await embedded?.stop()
        await lock.release()
        return isOrderly
      },
    }
  } catch (error) {
    shared.reject(error)
    await stopChildren()
    await lock.release()
    throw error
  }
}

interface ChildrenOptions extends IsolationOptions {
  /** What is known of `ChildStart` only when the state database runs. */
  shared: Promise<Shared>
}

/** Both at once, so that they load their programs while the state database starts. Call it with the folder's lock. */
async function startChildren(options: ChildrenOptions): Promise<Record<ChildName, Child>> {
  const { log, configuration, shared } = options
  const { dataDir } = configuration
  const left = await endLeftovers(dataDir)
  if (left.length > 0) log.warn({ pids: left }, "ended what a killed Millrace had left running")
  shared.catch(() => undefined)
  const statements = statementsIn(dataDir)
  // Of a run before this one.
  takeStatements(statements)
  const blamed = newBlamedStatements(refusedForMs)
  const children: Partial<Record<ChildName, Child>> = {}

  function endOfEngine(cause: EndCause): void {
    const nowMs = Date.now()
    const running = takeStatements(statements)
    // An engine that ended in order was ended by nobody's statement.
    if (cause.kind === "exit" && cause.code === 0) return
    for (const { user, fingerprint, sinceMs } of running)
      log.error(
        { user, fingerprint, runningMs: nowMs - sinceMs },
        "this statement ran when the engine process ended",
      )
    // What stood still did so for as long: a statement that began later was not the cause.
    const leastMs = cause.kind === "silent" ? cause.forMs - aliveEveryMs : 0
    const suspects = running.filter(({ sinceMs }) => nowMs - sinceMs >= leastMs)
    for (const { user, fingerprint, untilMs } of blamed.ended(suspects, nowMs))
      log.error(
        { user, fingerprint, until: new Date(untilMs).toISOString() },
        "the statement is refused to this user",
      )
  }
  function keep(name: ChildName): Child {
    return keepProcess<ChildStart, ChildFacts>({
      name,
      log,
      onEnd: name === "engine" ? endOfEngine : () => undefined,
      start: () => {
        const start = shared.then((all) => ({
          ...all,
          name,
          statements,
          refused: blamed.refused(Date.now()),
        }))
        return startChild(name, options, start)
      },
      onStart: () => recordLiving(dataDir, children, log),
      onState: () => tellApi(children),
    })
  }
  const api = keep("api")
  children.api = api
  const engine = keep("engine")
  children.engine = engine
  recordLiving(dataDir, children, log)
  return { api, engine }
}

function statementsIn(dataDir: string): string {
  return join(dataDir, "running-statements")
}

function startChild(
  name: ChildName,
  { childProgram, configuration }: IsolationOptions,
  start: Promise<ChildStart>,
) {
  return startProcess<ChildStart, ChildFacts>({
    start,
    args: [...(name === "api" ? [smallYouth] : []), childProgram, name],
    environment: process.env,
    isFirstToEnd: name === "engine",
    limits: {
      everyMs: aliveEveryMs,
      silentLooks,
      memoryBytes:
        (name === "engine" ? configuration.engineMemoryBytes : undefined) ?? defaultMemoryLimitBytes(),
    },
  })
}

/** A folder that cannot be written keeps no process from starting: without the list a later start ends nothing that is left. */
function recordLiving(dataDir: string, children: Partial<Record<ChildName, Child>>, log: Log): void {
  try {
    recordProcesses(dataDir, { api: children.api?.pid, engine: children.engine?.pid })
  } catch (error) {
    log.warn(errorFields(error), "the processes could not be written down")
  }
}

/** How the engine is: the API says so to whoever asks. */
function tellApi({ api, engine }: Partial<Record<ChildName, Child>>): void {
  if (api !== undefined && engine !== undefined)
    api.tell({ kind: "neighbour", name: "engine", state: engine.state })
}

async function bothStarted({
  api,
  engine,
}: Record<ChildName, Child>): Promise<Awaited<RunningIsolation["started"]>> {
  const firsts = { api: api.first, engine: engine.first }
  const ended = Promise.withResolvers<{ ended: ChildName; cause: EndCause }>()
  const ready = (["api", "engine"] as const).map(async (name) => {
    const first = await firsts[name]
    if (first.kind === "ready") return first.facts
    ended.resolve({ ended: name, cause: first.cause })
    return {}
  })
  const facts = Promise.all(ready).then(([ofApi, ofEngine]) => ({ ...ofApi, ...ofEngine }))
  return await Promise.race([ended.promise, facts])
}

/** Of a process that ended before it was ready; `undefined`: it has said itself what is wrong. */
export function unsaidEnd({ ended, cause }: { ended: ChildName; cause: EndCause }): string | undefined {
  if (cause.kind === "exit" && cause.code === 1) return undefined
  return `the ${ended} process ${causeInWords(cause)} before it was ready`
}

/** Where both ports listen. */
export function portsOf({ http, sql }: ChildFacts): { http: HostPort; sql: HostPort } {
  if (http === undefined || sql === undefined) throw new Error("a process was ready without its port")
  return { http, sql }
}
