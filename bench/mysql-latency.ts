import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { mariaDbProduct } from "../test/support/mysql/products.ts"
import { startMysqlServer } from "../test/support/mysql/server.ts"
import { type PipelineChild, startPipelineChild } from "./children.ts"
import { type Bench, type Figures, figure, mysqlLatencyNames } from "./figures.ts"
import { percentile } from "./latency.ts"
import { makeMysqlOrders } from "./mysql.ts"

/** Rows in the table that the latency runs write to. */
const tableRows = 200_000
const writers = 4

/**
 * From when a statement is sent to MariaDB until its transaction is visible in the warehouse, on one clock. (Its log knows
 * whole seconds, so the writers tell the time; the statement itself counts too.)
 */
export async function measureMysqlLatency(bench: Bench): Promise<Figures> {
  if (!bench.wants(...mysqlLatencyNames)) return {}
  const server = await startMysqlServer(mariaDbProduct, { "innodb-buffer-pool-size": "512M" })
  const idle: number[][] = []
  const busy: number[][] = []
  try {
    await server.sql("CREATE DATABASE bench")
    await makeMysqlOrders(server, tableRows)
    const child = startPipelineChild(join(bench.folder, "mysql-latency"), server.url, ["orders"])
    await child.next("streaming")
    const sessions = await Promise.all(Array.from({ length: writers }, () => server.session()))
    const write = (writer: number) => async (sql: string) =>
      sessions[writer]?.run(`UPDATE bench.orders ${sql}`)
    for (let i = 1; i <= bench.runs; i++) {
      bench.say(`MariaDB latency, run ${i} of ${bench.runs}: idle, then 1,000 transactions/s`)
      idle.push(await lagsOf(child, (sent) => writeSlowly(write(0), bench.seconds, sent)))
      busy.push(
        await lagsOf(child, async (sent) => {
          const all = sessions.map((_, writer) => writeAtRate(write(writer), bench.seconds, sent))
          await Promise.all(all)
        }),
      )
    }
    for (const session of sessions) session.close()
    await child.stop()
  } finally {
    await server.remove()
  }
  const of = (runs: number[][], share: number, bar: string) =>
    figure(
      runs.map((lags) => percentile(lags, share)),
      bar,
    )
  return {
    latency_mysql_idle_p50_ms: of(idle, 0.5, "<= 10 (goal 3)"),
    latency_mysql_idle_p99_ms: of(idle, 0.99, "<= 50"),
    latency_mysql_1000tps_p50_ms: of(busy, 0.5, "<= 30"),
    latency_mysql_1000tps_p99_ms: of(busy, 0.99, "<= 150"),
  }
}

type Sent = () => void
type Write = (sql: string) => Promise<void>

/** Each transaction counts once, with the lag of the oldest of its batch: they are applied in the order of their commits. */
async function lagsOf(child: PipelineChild, write: (sent: Sent) => Promise<void>): Promise<number[]> {
  const sentAtMs: number[] = []
  const batches: { transactions: number; atMs: number }[] = []
  let applied = 0
  const off = child.on((report) => {
    if (report.kind !== "applied") return
    batches.push(report)
    applied += report.transactions
  })
  await write(() => sentAtMs.push(Date.now()))
  while (applied < sentAtMs.length) await delay(20)
  off()
  let first = 0
  return batches.flatMap(({ transactions, atMs }) => {
    const lag = atMs - (sentAtMs[first] as number)
    first += transactions
    return Array.from({ length: transactions }, () => lag)
  })
}

async function writeSlowly(write: Write, seconds: number, sent: Sent): Promise<void> {
  const endMs = Date.now() + seconds * 1000
  while (Date.now() < endMs) {
    sent()
    await write(`SET amount = amount + 1 WHERE id = ${1 + Math.floor(Math.random() * tableRows)}`)
    await delay(20 + Math.random() * 40)
  }
}

async function writeAtRate(write: Write, seconds: number, sent: Sent): Promise<void> {
  const perSecond = 1000 / writers
  const startedMs = performance.now()
  for (let count = 0; count < perSecond * seconds; count++) {
    const dueMs = startedMs + (count / perSecond) * 1000
    await delay(Math.max(0, dueMs - performance.now()))
    const from = 1 + Math.floor(Math.random() * (tableRows - 5))
    const rows = 1 + Math.floor(Math.random() * 5)
    sent()
    await write(`SET amount = amount + 1, status = 'paid' WHERE id >= ${from} AND id < ${from + rows}`)
  }
}
