import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { waitUntil } from "../support/wait-until.ts"
import { stuckProcess } from "./stuck-process.ts"

const program = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts")
/** Of a machine that many others use: a start takes a second on one of its own. */
const readyLimitMs = 150_000

/** It ends by itself within 10 s of SIGTERM; the rest is the machine's. */
const endLimitMs = 60_000

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** Standard output and standard error together. */
  output: string
  stdout: string
  stderr: string
}

export interface MillraceProcess {
  readonly pid: number
  readonly ended: Promise<Ended>
  readonly child: ChildProcess
  output(): string
  /** Resolves when it has printed its ready line; rejects with what it printed when it ends before. */
  ready(): Promise<void>
  /** Repeatable. */
  kill9(): Promise<Ended>
  /** SIGTERM; how it ended and after how long. */
  terminate(): Promise<Ended & { tookMs: number }>
}

export interface SpawnOptions {
  /** Another entry than the command line. */
  entry?: string | undefined
  /** A command that the process is started by, which becomes that process. */
  wrapper?: readonly string[] | undefined
}

export function spawnMillrace(
  args: string[],
  environment: Record<string, string> = {},
  { entry = program, wrapper = [] }: SpawnOptions = {},
): MillraceProcess {
  const stuck = stuckProcess()
  const node = ["--disable-warning=ExperimentalWarning", ...stuck.flags]
  const [command = "", ...before] = [...wrapper, process.execPath, ...node]
  const child = spawn(command, [...before, environment.MILLRACE_TEST_ENTRY ?? entry, ...args], {
    cwd: "/",
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  })
  const texts = { stdout: "", stderr: "" }
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text
    })
  }
  // A channel that breaks with the child is no news: its end is.
  child.on("error", () => undefined)
  const output = () => texts.stdout + texts.stderr
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, output: output(), ...texts }))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return await ended
  }
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    output,
    async ready() {
      const { ended: isOver, isReady } = await waitUntil(
        () => {
          const isOver = child.exitCode !== null || child.signalCode !== null
          const isReady = texts.stdout.includes("millrace ready:")
          return isOver || isReady ? { ended: isOver, isReady } : undefined
        },
        { what: "millrace to be ready", timeoutMs: readyLimitMs },
      )
      if (isOver && !isReady) throw new Error(`millrace ended before it was ready:\n${output()}`)
    },
    kill9: () => end("SIGKILL"),
    async terminate() {
      const startedMs = performance.now()
      const how = await inTime(end("SIGTERM"))
      if (how !== undefined) return { ...how, tookMs: performance.now() - startedMs }
      const open = await stuck.endedByForce(child)
      throw new Error(`millrace did not end in ${endLimitMs} ms:\n${open}\n${output()}`)
    },
  }
}

/** `undefined`: not within the limit. */
async function inTime(end: Promise<Ended>): Promise<Ended | undefined> {
  const isOver = new AbortController()
  const limit = delay(endLimitMs, undefined, { signal: isOver.signal })
  const how = await Promise.race([end, limit])
  isOver.abort()
  return how
}

/** Runs a command that ends by itself. */
export async function runMillrace(args: string[]): Promise<Ended> {
  return await spawnMillrace(args).ended
}
