import assert from "node:assert/strict"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import pg from "pg"
import { statements } from "./statement-fuzz.ts"

export interface FuzzResult {
  statements: number
  answers: Map<string, number>
  slowestAdminMs: number
}

export interface FuzzTarget {
  port: number
  password: string
  /** Rejects when the server's process ends. */
  ended: Promise<never>
}

const clientsAtOnce = 4

/** Both processes may be too busy for a login in time: that is no end of the server. */
async function connect({ port, password }: FuzzTarget, user: string): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: "shop", ssl: false })
    client.on("error", () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (attempt === 20) throw error
      await sleep(250)
    }
  }
}

/** What one statement is answered with: `ok`, a code, or that the connection is lost. */
async function ask(client: pg.Client, sql: string): Promise<string> {
  try {
    // Rows are thrown away: kept, some results would fill this process.
    const query = client.query(new pg.Query(sql))
    query.on("row", () => undefined)
    await once(query, "end")
    return "ok"
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? "?"
    return "connection lost"
  }
}

/** Sends generated statements by users without grants; an administrator asks all the while. Rejects when the server ends. */
export async function fuzz(
  target: FuzzTarget,
  seed: number,
  wanted: number,
  untilMs: number,
): Promise<FuzzResult> {
  const answers = new Map<string, number>()
  let sent = 0
  let isOver = false
  let slowestAdminMs = 0
  /** By worker: what the server may have ended at. */
  const running: string[] = []
  const endsAt = performance.now() + untilMs

  async function send(worker: number): Promise<void> {
    let client = await connect(target, "analyst")
    // One generator for each worker: what is sent depends on the seed alone.
    const source = fc.sample(fc.noShrink(fc.infiniteStream(fc.noBias(statements))), {
      seed: seed + worker * 1_000_003,
      numRuns: 1,
    })[0]
    assert.ok(source)
    for (const sql of source) {
      if (sent >= wanted || performance.now() > endsAt) break
      sent++
      running[worker] = sql
      const answer = await ask(client, sql)
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      // FATAL: a call that could not be stopped.
      if (answer === "connection lost" || answer === "57014") {
        await client.end().catch(() => undefined)
        client = await connect(target, "analyst")
      }
      if (sql.startsWith("DECLARE")) await ask(client, "ROLLBACK")
    }
    await client.end().catch(() => undefined)
  }

  async function watch(): Promise<void> {
    const admin = await connect(target, "admin")
    while (!isOver) {
      const startedMs = performance.now()
      const answer = await ask(admin, "SELECT 1")
      // The engine's memory is one for all: who asks in the moment before the one that holds it is stopped is told so.
      assert.ok(answer === "ok" || answer === "53200", `an administrator's SELECT 1: ${answer}`)
      if (answer !== "ok") answers.set("53200 of SELECT 1", (answers.get("53200 of SELECT 1") ?? 0) + 1)
      slowestAdminMs = Math.max(slowestAdminMs, performance.now() - startedMs)
      await sleep(100)
    }
    await admin.end()
  }

  /** A lost connection is the server's end, if that comes within a moment; otherwise it is told as it is. */
  async function told(error: unknown): Promise<never> {
    const cause = await Promise.race([target.ended.catch((ended: unknown) => ended), sleep(2000, error)])
    const shown = running.map((sql) => sql.slice(0, 3000)).join("\n")
    throw new Error(`seed ${seed}, after ${sent} statements, the last of which were:\n${shown}`, { cause })
  }

  const watching = watch()
  const sending = Promise.all(Array.from({ length: clientsAtOnce }, (_none, at) => send(at)))
  await Promise.race([sending, target.ended, watching]).catch(told)
  isOver = true
  await watching
  return { statements: sent, answers, slowestAdminMs }
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
  const told = new Promise<{ port: number; password: string }>((resolve) => {
    child.once("message", (message) => resolve(message as { port: number; password: string }))
  })
  const { port, password } = await Promise.race([told, gone.promise])
  return {
    target: { port, password, ended: gone.promise },
    stop: async () => {
      const exited = new Promise((resolve) => child.once("exit", resolve))
      // Not asked: a call that has not ended would keep it.
      child.kill("SIGKILL")
      await exited
    },
  }
}
