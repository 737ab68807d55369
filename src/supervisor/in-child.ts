import { Worker } from "node:worker_threads"
import type { Order, ProcessState, Report } from "./messages.ts"
import { atStopSignals } from "./stop-signals.ts"

export interface ChildOptions<Start, Facts> {
  /** Starts what this process is for. Throws what keeps it from starting. */
  run(start: Start): Promise<RunningChild<Facts, Start>>
  /** Ends the process at once. */
  exit(status: 0 | 1): never
  /** How often the supervisor is told that the event loop turns, in ms. */
  aliveEveryMs: number
}

export interface RunningChild<Facts, Start = unknown> {
  facts: Facts
  /** Resolves when only a new process can go on. */
  broken: Promise<unknown>
  /** Ends in order; the status that the process is to end with. */
  stop(): Promise<0 | 1>
  /** Takes over another start, while everything runs. Throws what keeps it from that. */
  onReload?(start: Start): Promise<void>
  /** Told how another process of the supervisor is. */
  onNeighbour?(neighbour: { name: string; state: ProcessState }): void
}

/**
 * The life of a process under a supervisor: waits for its start, says that it is alive, ends in order when it is told to, and at
 * once when the supervisor has died. SIGINT and SIGTERM mean the same as the order to stop: a terminal and a service manager
 * signal all processes, and whoever signals only this one gets the next one.
 */
export async function liveAsChild<Start, Facts>(options: ChildOptions<Start, Facts>): Promise<0 | 1> {
  const { exit } = options
  if (process.send === undefined) throw new Error("this program is started by a supervisor only")
  endWithParent()
  process.on("disconnect", () => exit(1))
  const tell = (report: Report<Facts>) => {
    if (process.connected) process.send?.(report, undefined, {}, () => undefined)
  }
  const aliveTimer = setInterval(
    () => tell({ kind: "alive", rssBytes: process.memoryUsage.rss() }),
    options.aliveEveryMs,
  )
  const stopped = Promise.withResolvers<void>()
  atStopSignals(stopped.resolve, exit)
  let running: RunningChild<Facts, Start> | undefined
  const started = Promise.withResolvers<Start>()
  process.on("message", (order: Order<Start>) => {
    if (order.kind === "start") started.resolve(order.start)
    else if (order.kind === "stop") stopped.resolve()
    else if (order.kind === "reload") void reload(running, order.start).then(tell)
    else running?.onNeighbour?.(order)
  })
  const start = await Promise.race([started.promise, stopped.promise])
  if (start === undefined) return leave(aliveTimer, 0)
  running = await options.run(start)
  tell({ kind: "ready", facts: running.facts })
  const isBroken = await Promise.race([stopped.promise.then(() => false), running.broken.then(() => true)])
  const status = await running.stop()
  return leave(aliveTimer, isBroken ? 1 : status)
}

async function reload<Facts, Start>(
  running: RunningChild<Facts, Start> | undefined,
  start: Start,
): Promise<Report<Facts>> {
  try {
    if (running === undefined) return { kind: "reloaded", mistake: "it is starting" }
    await running.onReload?.(start)
    return { kind: "reloaded", mistake: undefined }
  } catch (error) {
    return { kind: "reloaded", mistake: error instanceof Error ? error.message : String(error) }
  }
}

/** Lets go of the channel, without which the process can end by itself. */
function leave(aliveTimer: NodeJS.Timeout, status: 0 | 1): 0 | 1 {
  clearInterval(aliveTimer)
  process.removeAllListeners("disconnect")
  process.removeAllListeners("message")
  if (process.connected) process.disconnect()
  return status
}

const lookEveryMs = 250

/**
 * Ends this process when its parent has died, also while the main thread is inside a native call, in which it hears of no closed
 * channel: a process whose parent is dead is given another.
 */
function endWithParent(): void {
  const code = `const parent = ${process.ppid}
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL") }, ${lookEveryMs})`
  new Worker(code, { eval: true, stdout: false }).unref()
}
