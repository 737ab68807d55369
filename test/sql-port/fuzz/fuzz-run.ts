import assert from "node:assert/strict"
import { type ChildProcess, fork } from "node:child_process"
import { loadavg } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { ask, connect, type FuzzReport, guestPassword } from "./fuzz-sender.ts"

export interface FuzzResult {
  statements: number
  answers: Map<string, number>
  /** What was answered with XX000, and with which words. */
  internal: string[]
  /** How often the administrator asked, and how often it took over a second. */
  asked: number
  late: number
  slowestAdminMs: number
  /** The machine's load when the administrator waited the longest. */
  loadThen: number
}

export interface FuzzTarget {
  port: number
  password: string
  /** Rejects when the server's process ends. */
  ended: Promise<never>
  /** The longest time so far in which the server's main thread looked at nothing else. */
  longestPauseMs(): number
}

const internalShownAtMost = 20

/** Collects what a sender tells; rejects when it ends before it is done. */
function sending(target: FuzzTarget, seed: number, wanted: number, untilMs: number, result: FuzzResult) {
  const { port, password } = target
  const child = fork(new URL("./fuzz-sender.ts", import.meta.url), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  const done = Promise.withResolvers<void>()
  const take = (report: FuzzReport) => {
    switch (report.kind) {
      case "answers":
        result.statements = report.sent
        for (const [code, count] of report.answers) result.answers.set(code, count)
        return
      case "internal":
        if (result.internal.length < internalShownAtMost)
          result.internal.push(`${report.message}: ${report.sql.slice(0, 1000)}`)
        return
      case "failed":
        return done.reject(new Error(`${report.message}; these ran:\n${report.running.join("\n")}`))
      case "done":
        return done.resolve()
    }
  }
  child.on("message", take)
  child.once("exit", () => done.reject(new Error("the sender ended")))
  child.send({ port, password, seed, wanted, untilMs })
  return { done: done.promise, stop: () => child.kill("SIGKILL") }
}

/** Asks as an administrator, ten times a second, until `isOver`. */
async function watch(target: FuzzTarget, isOver: () => boolean, result: FuzzResult): Promise<void> {
  const admin = await connect({ ...target, user: "admin" })
  while (!isOver()) {
    const startedMs = performance.now()
    const answer = await ask(admin, "SELECT 1")
    const tookMs = performance.now() - startedMs
    // The engine's memory is one for all: who asks in the moment before the one that holds it is stopped is told so.
    assert.ok(answer === "ok" || answer === "53200", `an administrator's SELECT 1: ${answer}`)
    if (answer !== "ok") {
      result.answers.set("53200 of SELECT 1", (result.answers.get("53200 of SELECT 1") ?? 0) + 1)
    }
    result.asked++
    if (tookMs > 1000) result.late++
    if (tookMs > result.slowestAdminMs) {
      result.slowestAdminMs = tookMs
      result.loadThen = loadavg()[0] ?? 0
    }
    await sleep(100)
  }
  await admin.end()
}

/** A user who may read one table. */
async function makeGuest(target: FuzzTarget): Promise<void> {
  const admin = await connect({ ...target, user: "admin" })
  await admin.query(`CREATE USER guest PASSWORD '${guestPassword}'`)
  await admin.query("GRANT SELECT ON orders TO guest")
  await admin.end()
}

/** Sends generated statements by users without grants; an administrator asks all the while. Rejects when the server ends. */
export async function fuzz(
  target: FuzzTarget,
  seed: number,
  wanted: number,
  untilMs: number,
): Promise<FuzzResult> {
  const result: FuzzResult = {
    statements: 0,
    answers: new Map(),
    internal: [],
    asked: 0,
    late: 0,
    slowestAdminMs: 0,
    loadThen: 0,
  }
  await makeGuest(target)
  let isOver = false
  const sender = sending(target, seed, wanted, untilMs, result)
  const watching = watch(target, () => isOver, result)
  try {
    await Promise.race([sender.done, watching])
  } catch (error) {
    // A lost connection is the server's end, if that comes within a moment; otherwise it is told as it is.
    const ended = await Promise.race([target.ended.catch((cause: unknown) => cause), sleep(2000)])
    throw new Error(`seed ${seed}, after ${result.statements} statements: ${String(error)}`, { cause: ended })
  } finally {
    isOver = true
    sender.stop()
    await watching.catch(() => undefined)
  }
  return result
}

/** One line for a test's report. */
export function shown(seed: number, target: FuzzTarget, result: FuzzResult): string {
  const { statements, answers, asked, late, slowestAdminMs, loadThen } = result
  const counts = [...answers].sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`)
  const slowest = `${Math.round(slowestAdminMs)} ms (load ${loadThen.toFixed(1)})`
  const pause = `${Math.round(target.longestPauseMs())} ms`
  return `seed ${seed}: ${statements} statements; ${asked} SELECT 1, ${late} over 1 s, at most ${slowest}; longest pause of the server ${pause}; ${counts.join(", ")}`
}

/** A server in a process of its own, so that its end is seen and not shared. */
export async function startFuzzServer(
  folder: string,
): Promise<{ target: FuzzTarget; stop(): Promise<void> }> {
  const child: ChildProcess = fork(new URL("./fuzz-server.ts", import.meta.url), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, TMPDIR: folder, UV_THREADPOOL_SIZE: "16" },
  })
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => undefined)
  child.once("exit", (code, signal) => gone.reject(new Error(`the server ended: ${signal ?? code}`)))
  let longestPauseMs = 0
  const told = new Promise<{ port: number; password: string }>((resolve) => {
    child.on("message", (message: { port: number; password: string } | { pauseMs: number }) => {
      if ("pauseMs" in message) longestPauseMs = message.pauseMs
      else resolve(message)
    })
  })
  const { port, password } = await Promise.race([told, gone.promise])
  return {
    target: { port, password, ended: gone.promise, longestPauseMs: () => longestPauseMs },
    stop: async () => {
      const exited = new Promise((resolve) => child.once("exit", resolve))
      // Not asked: a call that has not ended would keep it.
      child.kill("SIGKILL")
      await exited
    },
  }
}
