/**
 * Sends generated statements on some sessions, in a process of its own: making them and reading their answers must not
 * hold up whoever measures how long an administrator waits.
 */
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import pg from "pg"
import { statements } from "./statement-fuzz.ts"

export interface FuzzOrder {
  port: number
  password: string
  seed: number
  wanted: number
  untilMs: number
}

/** What the sender tells: once a second what was answered; what ran when a connection was lost for good. */
export type FuzzReport =
  | { kind: "answers"; sent: number; answers: [string, number][] }
  | { kind: "internal"; sql: string; message: string }
  | { kind: "failed"; message: string; running: string[] }
  | { kind: "done" }

/** The engine has six places for each user: one who may read every table, one who may read one. */
const sessionsOf = { analyst: 6, guest: 6 }

/** Most statements that take long take for ever: a few sessions give them the server's whole time. */
const briefly = "SET statement_timeout = '300ms'"
const patientSessions = 2

const statementsAtOnce = 20

export const guestPassword = "Passw0rd-of-guest"

export async function connect(login: { port: number; user: string; password: string }): Promise<pg.Client> {
  const { port, user, password } = login
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ host: "127.0.0.1", port, user, password, database: "shop", ssl: false })
    client.on("error", () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      // Both processes may be too busy for a login in time: that is no end of the server.
      if (attempt === 20) throw error
      await sleep(250)
    }
  }
}

/** What one statement is answered with: `ok`, a code, or that the connection is lost. */
export async function ask(
  client: pg.Client,
  sql: string,
  onInternal: (message: string) => void = () => undefined,
): Promise<string> {
  try {
    // Rows are thrown away: kept, some results would fill this process.
    const query = client.query(new pg.Query(sql))
    query.on("row", () => undefined)
    await once(query, "end")
    return "ok"
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) {
      onInternal(`the connection is lost: ${String(error)}`)
      return "connection lost"
    }
    if (error.code === "XX000") onInternal(error.message)
    return error.severity === "FATAL" ? `${error.code} FATAL` : (error.code ?? "?")
  }
}

/** What is sent depends on the seed alone. */
function* textsOf(seed: number): Generator<string> {
  for (let batch = 0; ; batch++) {
    const batchSeed = (seed + batch * 7919) % 2 ** 31
    yield* fc.sample(fc.noBias(statements), { seed: batchSeed, numRuns: statementsAtOnce })
  }
}

async function run(order: FuzzOrder, report: (one: FuzzReport) => void): Promise<void> {
  const answers = new Map<string, number>()
  const running: string[] = []
  const endsAt = performance.now() + order.untilMs
  let sent = 0

  async function open(user: string, session: number): Promise<pg.Client> {
    const password = user === "guest" ? guestPassword : order.password
    const client = await connect({ port: order.port, user, password })
    if (session >= patientSessions) await ask(client, briefly)
    return client
  }

  async function send(user: string, session: number): Promise<void> {
    let client = await open(user, session)
    for (const sql of textsOf(order.seed + session * 1_000_003)) {
      if (sent >= order.wanted || performance.now() > endsAt) break
      sent++
      running[session] = sql
      const answer = await ask(client, sql, (message) => report({ kind: "internal", sql, message }))
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      if (answer === "connection lost" || answer.endsWith("FATAL")) {
        await client.end().catch(() => undefined)
        client = await open(user, session)
      } else if (sql.startsWith("DECLARE")) await ask(client, "ROLLBACK")
    }
    await client.end().catch(() => undefined)
  }

  const tell = () => report({ kind: "answers", sent, answers: [...answers] })
  const telling = setInterval(tell, 1000)
  const users = Object.entries(sessionsOf).flatMap(([user, count]) => Array<string>(count).fill(user))
  try {
    await Promise.all(users.map(send))
    tell()
    report({ kind: "done" })
  } catch (error) {
    report({ kind: "failed", message: String(error), running: running.map((sql) => sql.slice(0, 3000)) })
  } finally {
    clearInterval(telling)
  }
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once("disconnect", () => process.exit(1))
  process.once("message", (order) => {
    void run(order as FuzzOrder, (one) => process.send?.(one)).finally(() => process.disconnect())
  })
}
