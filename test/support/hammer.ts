import type { TestContext } from "node:test"
import pg from "pg"

interface Attempt {
  table: string
  atMs: number
  error: string | undefined
}

/** An application that updates and deletes rows of tables `(id int, n int)`, taking turns. */
export interface Hammer {
  /** Statements on this table that failed though they were begun later than this (`performance.now()`). */
  failures(table: string, afterMs: number): string[]
  /** When the last statement on this table that failed was begun (`performance.now()`); 0: none has. */
  lastFailureMs(table: string): number
  /** Statements on this table that succeeded and were begun later than this. */
  successes(table: string, afterMs: number): number
  /** Statements a second, since the start. */
  rate(): number
  /** The longest that a statement took, in ms. */
  readonly longestMs: number
  stop(): Promise<void>
}

const sessions = 8
const turnMs = 5

export async function startHammer(
  context: TestContext,
  url: string,
  tables: readonly string[],
  perSecond: number,
): Promise<Hammer> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => connected(url)))
  const attempts: Attempt[] = []
  const begunAtMs = performance.now()
  let sent = 0
  let longestMs = 0
  /** What each session does, one statement after the other. */
  const queues = clients.map(() => Promise.resolve())

  async function attempt(number: number): Promise<void> {
    const table = tables[number % tables.length] as string
    const id = Math.floor(number / tables.length) % 50
    const client = clients[number % sessions] as pg.Client
    const one: Attempt = { table, atMs: performance.now(), error: undefined }
    attempts.push(one)
    const statement =
      Math.floor(number / tables.length) % 10 === 9
        ? `DELETE FROM ${table} WHERE id = ${id + 100}`
        : `UPDATE ${table} SET n = n + 1 WHERE id = ${id}`
    try {
      await client.query(statement)
    } catch (error) {
      one.error = (error as Error).message
    }
    longestMs = Math.max(longestMs, performance.now() - one.atMs)
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begunAtMs) * perSecond) / 1_000)
    while (sent < due) {
      const number = sent++
      const session = number % sessions
      queues[session] = (queues[session] as Promise<void>).then(() => attempt(number))
    }
  }, turnMs)
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      clearInterval(timer)
      await Promise.all(queues)
      await Promise.all(clients.map((client) => client.end()))
    })()
    return stopped
  }
  context.after(stop)
  const of = (table: string, afterMs: number) =>
    attempts.filter((one) => one.table === table && one.atMs > afterMs)
  return {
    failures: (table, afterMs) => of(table, afterMs).flatMap(({ error }) => error ?? []),
    lastFailureMs: (table) => of(table, 0).findLast(({ error }) => error !== undefined)?.atMs ?? 0,
    successes: (table, afterMs) => of(table, afterMs).filter(({ error }) => error === undefined).length,
    rate: () => (attempts.length * 1_000) / (performance.now() - begunAtMs),
    get longestMs() {
      return longestMs
    },
    stop,
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  return client
}
