import { type ChildProcess, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { unreachable } from "../domain/unreachable.ts"
import { residentBytes } from "./memory.ts"
import type { Order, Report } from "./messages.ts"
import { newProcessorShare } from "./processor-share.ts"
import { newSilence } from "./silence.ts"

export interface ProcessOptions<Start> {
  /** The program and its arguments, for the Node that runs us. */
  args: readonly string[]
  environment: NodeJS.ProcessEnv
  /** What it is told first. It may load its program before that is known. */
  start: Promise<Start>
  limits: ProcessLimits
  /** When memory runs out, the kernel is to end this process rather than another of the machine's. */
  isFirstToEnd: boolean
}

export interface ProcessLimits {
  /** How often it is looked at, in ms. */
  everyMs: number
  /** It is ended when it has told nothing for so many looks; those at which it waited for a processor do not count. */
  silentLooks: number
  /** It is ended when its resident memory is above. */
  memoryBytes: number
}

/** Why a process ended. */
export type EndCause =
  | { kind: "exit"; code: number }
  | { kind: "signal"; signal: string }
  /** Its event loop stood still, so it was ended. */
  | { kind: "silent"; forMs: number }
  /** It was ended for its memory. */
  | { kind: "memory"; bytes: number; limitBytes: number }
  /** It did not stop in time, so it was ended. */
  | { kind: "late"; afterMs: number }
  /** It could not be started at all. */
  | { kind: "unstarted"; reason: string }

export interface SupervisedProcess<Start, Facts> {
  readonly pid: number | undefined
  /** What it said when it was ready. Stays open for one that ends before. */
  readonly ready: Promise<Facts>
  readonly ended: Promise<EndCause>
  tell(order: Order<Start>): void
  /** Has it take over another start. Why it could not; `undefined`: it did, or it has ended. */
  reload(start: Start): Promise<string | undefined>
  /** Has it end in order; ends it after `limitMs`. Repeatable. */
  stop(limitMs: number): Promise<EndCause>
  /** Ends it at once. */
  kill(): void
}

/** Until it is ready a process may be silent for so many times as long: it loads programs, in one go, for seconds on a busy machine. */
const startFactor = 24

/** In the kernel's scale of -1000 to 1000; a process of an ordinary user may only raise its own and its children's. */
const firstToEndScore = "500"

/** Starts a process and watches it: one that tells nothing or takes too much memory is ended by SIGKILL. */
export function startProcess<Start, Facts>(options: ProcessOptions<Start>): SupervisedProcess<Start, Facts> {
  const { limits } = options
  const child = spawnChild(options)
  const ready = Promise.withResolvers<Facts>()
  const silence = newSilence()
  const processorShare = child.pid === undefined ? () => 1 : newProcessorShare(child.pid)
  let toldBytes: number | undefined
  let isReady = false
  let endedFor: EndCause | undefined

  function end(cause: EndCause): void {
    endedFor ??= cause
    child.kill("SIGKILL")
  }
  function look(): void {
    const bytes = child.pid === undefined ? undefined : (residentBytes(child.pid) ?? toldBytes)
    if (bytes !== undefined && bytes > limits.memoryBytes)
      return end({ kind: "memory", bytes, limitBytes: limits.memoryBytes })
    const looksAtMost = limits.silentLooks * (isReady ? 1 : startFactor)
    if (silence.passed(looksAtMost, processorShare(limits.everyMs)))
      end({ kind: "silent", forMs: limits.everyMs * looksAtMost })
  }
  const looking = setInterval(look, limits.everyMs)
  child.on("message", (report: Report<Facts>) => {
    silence.heard()
    switch (report.kind) {
      case "alive":
        toldBytes = report.rssBytes
        return
      case "reloaded":
        return reloading.answered(report.mistake)
      case "ready":
        isReady = true
        return ready.resolve(report.facts)
      default:
        return unreachable(report)
    }
  })
  const ended = endOf(child, () => endedFor).finally(() => clearInterval(looking))
  const tell = (order: Order<Start>) => {
    // The channel of one that is about to end may be closed: that it ends is told otherwise.
    if (child.connected) child.send(order, () => undefined)
  }
  const reloading = newReloading<Start>(tell, ended)
  if (options.isFirstToEnd) offerToKernel(child.pid)
  void tellStart(options.start, tell)
  return {
    pid: child.pid,
    ready: ready.promise,
    ended,
    tell,
    reload: reloading.reload,
    kill: () => void child.kill("SIGKILL"),
    async stop(limitMs) {
      tell({ kind: "stop" })
      const timer = setTimeout(() => end({ kind: "late", afterMs: limitMs }), limitMs)
      return await ended.finally(() => clearTimeout(timer))
    },
  }
}

async function tellStart<Start>(start: Promise<Start>, tell: (order: Order<Start>) => void): Promise<void> {
  // Rejected: what the processes need could not be had, and whoever wanted to give it ends them.
  await start.then(
    (given) => tell({ kind: "start", start: given }),
    () => undefined,
  )
}

/** One reload at a time. */
function newReloading<Start>(tell: (order: Order<Start>) => void, ended: Promise<unknown>) {
  let answer = Promise.withResolvers<string | undefined>()
  return {
    answered: (mistake: string | undefined) => answer.resolve(mistake),
    reload(start: Start): Promise<string | undefined> {
      answer = Promise.withResolvers()
      tell({ kind: "reload", start })
      return Promise.race([answer.promise, ended.then(() => undefined)])
    },
  }
}

function spawnChild<Start>({ args, environment }: ProcessOptions<Start>): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, ...args], {
    env: environment,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // In a session of its own: a terminal's Ctrl-C is the supervisor's to hear, which ends its processes in order.
    detached: true,
    // Configuration holds keys, as bytes.
    serialization: "advanced",
  })
}

function endOf(child: ChildProcess, endedFor: () => EndCause | undefined): Promise<EndCause> {
  const ended = Promise.withResolvers<EndCause>()
  child.once("error", (error) => {
    // A process that runs has other errors, too, of its channel; its end is told by `exit`.
    if (child.pid === undefined) ended.resolve({ kind: "unstarted", reason: error.message })
  })
  child.on("error", () => undefined)
  child.once("exit", (code, signal) => {
    const seen: EndCause = signal === null ? { kind: "exit", code: code ?? 1 } : { kind: "signal", signal }
    // What was ended for a reason of ours may have ended by itself at the same moment.
    ended.resolve(signal === "SIGKILL" ? (endedFor() ?? seen) : seen)
  })
  return ended.promise
}

function offerToKernel(pid: number | undefined): void {
  if (process.platform !== "linux" || pid === undefined) return
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, firstToEndScore)
  } catch (error) {
    // Already ended, or a container that does not allow it: the kernel then chooses as it always does.
    if (!(error instanceof Error && "code" in error)) throw error
  }
}

/** In a few words, for the log and for people. */
export function causeInWords(cause: EndCause): string {
  switch (cause.kind) {
    case "exit":
      return `ended with exit code ${cause.code}`
    case "signal":
      return `was ended by ${cause.signal}`
    case "silent":
      return `did not answer for ${cause.forMs} ms and was ended`
    case "memory":
      return `held ${mebibytes(cause.bytes)} MiB of memory, more than its ${mebibytes(cause.limitBytes)} MiB, and was ended`
    case "late":
      return `did not stop within ${cause.afterMs} ms and was ended`
    case "unstarted":
      return `could not be started: ${cause.reason}`
    default:
      return unreachable(cause)
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
