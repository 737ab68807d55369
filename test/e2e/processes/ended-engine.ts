/** The engine process of a server under load, ended in every way; its API, which is asked all the time. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask } from "../warehouse.ts"

export interface IsolatedServer {
  place: Place
  api: Api
  sourceUrl: string
  running: MillraceProcess
  /** How long the start of all of it took. */
  startMs: number
}

/** Twice of what it has under the tests' load. */
const engineMemory = "1GiB"

/** Streaming, with its state in an embedded PostgreSQL and an engine that may be asked for its inspector. */
export async function isolatedServer(context: TestContext, state?: "embedded"): Promise<IsolatedServer> {
  const source = await bank(context)
  const sources = [{ arn: sourceArn, url: source.url }]
  const place = await newPlace(context, { sources, isIsolated: true, ...(state && { state }) })
  await place.configure((configuration) => {
    configuration.isolation = { engine_memory: engineMemory }
  })
  const sinceMs = performance.now()
  const running = await place.start({ NODE_OPTIONS: "--inspect-port=0" })
  const startMs = performance.now() - sinceMs
  const api = apiOf(place)
  await api.create("bank", `include: ${source.name}.public.*`)
  await api.becomes("bank", "active")
  return { place, api, sourceUrl: source.url, running, startMs }
}

export type ProcessName = "api" | "engine"

/** The process ids that the supervisor has written down. */
export async function processesOf({ dataDir }: Place): Promise<Record<ProcessName, number>> {
  const listed = JSON.parse(await readFile(join(dataDir, "processes"), "utf8"))
  const pidOf = (name: ProcessName): number =>
    listed.find((one: { name: string }) => one.name === name)?.pid ?? 0
  return { api: pidOf("api"), engine: pidOf("engine") }
}

/** A way to end the engine, and what the log says of it. */
export interface Way {
  name: string
  /** When it began, by `performance.now()`. */
  end(server: IsolatedServer, pid: number): Promise<number>
  told: RegExp
}

function signal(pid: number, name: NodeJS.Signals): number {
  process.kill(pid, name)
  return performance.now()
}

/** Runs JavaScript in a process: SIGUSR1 has Node open its inspector. When it began to run. */
async function evaluate({ running }: IsolatedServer, pid: number, expression: string): Promise<number> {
  const before = running.output().length
  process.kill(pid, "SIGUSR1")
  const url = await waitUntil(
    () => /Debugger listening on (ws:\S+)/.exec(running.output().slice(before))?.[1],
    {
      what: "the inspector",
    },
  )
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }))
  const sinceMs = performance.now()
  // The loop that is to stand still does not answer; the other end closes when the process is ended.
  await new Promise((resolve) => {
    socket.onclose = resolve
  })
  return sinceMs
}

export const ways: readonly Way[] = [
  {
    name: "SIGKILL",
    end: async (_server, pid) => signal(pid, "SIGKILL"),
    told: /the engine process was ended by SIGKILL/,
  },
  {
    name: "SIGSEGV",
    end: async (_server, pid) => signal(pid, "SIGSEGV"),
    told: /the engine process was ended by SIGSEGV/,
  },
  {
    name: "memory",
    end: (server, pid) =>
      evaluate(
        server,
        pid,
        "globalThis.kept = []; setInterval(() => kept.push(Buffer.alloc(2 ** 26, 1)), 5)",
      ),
    told: /the engine process held \d+ MiB of memory, more than its 1024 MiB, and was ended/,
  },
  {
    name: "a frozen loop",
    end: (server, pid) => evaluate(server, pid, "for (;;);"),
    told: /the engine process did not answer for 2500 ms and was ended/,
  },
  {
    name: "SIGSTOP",
    end: async (_server, pid) => signal(pid, "SIGSTOP"),
    told: /the engine process did not answer for 2500 ms and was ended/,
  },
]

/** Asks the API all the time; every answer must be one. */
export function watchApi(context: TestContext, { place, api }: IsolatedServer) {
  const http = `http://127.0.0.1:${place.httpPort}`
  const answers = {
    count: 0,
    notReady: new Set<string>(),
    engineUp: new Set<string | undefined>(),
    statuses: new Set<string>(),
    longestMs: 0,
  }
  let isOver = false
  async function look(): Promise<void> {
    while (!isOver) {
      const sinceMs = performance.now()
      assert.equal(await (await fetch(`${http}/healthz`)).text(), "ok\n")
      const metrics = await (await fetch(`${http}/metrics`)).text()
      assert.match(metrics, /^millrace_state_database_up 1$/m)
      answers.engineUp.add(/^millrace_engine_up (\d)$/m.exec(metrics)?.[1])
      const ready = await fetch(`${http}/readyz`)
      if (ready.status === 503) answers.notReady.add((await ready.text()).trim())
      answers.statuses.add((await api.describe("bank"))?.Status ?? "none")
      answers.longestMs = Math.max(answers.longestMs, performance.now() - sinceMs)
      answers.count++
      await sleep(20)
    }
  }
  let failure: unknown
  const looking = look().catch((error: unknown) => {
    failure = error
  })
  const stop = async () => {
    isOver = true
    await looking
    if (failure !== undefined) throw failure
    return answers
  }
  context.after(() => stop())
  return { stop }
}

const replacedWithinMs = 5_000
/** What a whole server takes to start on a quiet machine, and more. */
const quietStartMs = 2_000

export interface Replacement {
  /** Until another engine answered a query. */
  tookMs: number
  /** 5 s; more on a machine that is as busy as the start of the whole server was slow. */
  allowedMs: number
}

/** Ends the engine and waits for another one. */
export async function endEngine(server: IsolatedServer, way: Way): Promise<Replacement> {
  const { place, running, startMs } = server
  const { engine } = await processesOf(place)
  const logged = running.output().length
  const sinceMs = await way.end(server, engine)
  await waitUntil(async () => (await processesOf(place)).engine !== engine, {
    what: `the engine to be replaced after ${way.name}`,
    intervalMs: 10,
  })
  await waitUntil(() => ask(place, "dev", "SELECT 1").then(() => true), {
    what: `the engine to answer after ${way.name}`,
    intervalMs: 10,
  })
  const tookMs = performance.now() - sinceMs
  assert.match(running.output().slice(logged), way.told)
  return { tookMs, allowedMs: replacedWithinMs * Math.max(1, startMs / quietStartMs) }
}
