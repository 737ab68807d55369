import { spawn } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { mariaDbProduct } from "../test/support/mysql/products.ts"
import { type MysqlServer, startMysqlServer } from "../test/support/mysql/server.ts"
import { type PipelineChild, startPipelineChild } from "./children.ts"
import { type Bench, type Figures, figure, mysqlNames } from "./figures.ts"

interface Run {
  selectMs: number
  snapshotMs: number
  readMs: number
  drainMs: number
  changes: number
  small: Small | undefined
}

/** A backlog of transactions of one row each. */
interface Small {
  readMs: number
  drainMs: number
  changes: number
}

/** MariaDB's own programs, their output thrown away, against our snapshot and drain of the same rows and changes. */
export async function measureMysql(bench: Bench): Promise<Figures> {
  if (!bench.wants(...mysqlNames)) return {}
  const server = await startMysqlServer(mariaDbProduct, {
    "innodb-buffer-pool-size": "512M",
    "innodb-log-file-size": "512M",
  })
  const runs: Run[] = []
  try {
    await server.sql("CREATE DATABASE bench")
    for (let i = 1; i <= bench.runs; i++) {
      bench.say(`MariaDB, run ${i} of ${bench.runs}: making ${bench.rows.toLocaleString("en-US")} rows`)
      runs.push(await oneRun(bench, server))
    }
  } finally {
    await server.remove()
  }
  return {
    snapshot_mysql_vs_select: figure(
      runs.map((run) => run.snapshotMs / run.selectMs),
      "<= 2.5",
    ),
    snapshot_mysql_rows_per_second: figure(runs.map((run) => (bench.rows / run.snapshotMs) * 1000)),
    select_mysql_rows_per_second: figure(runs.map((run) => (bench.rows / run.selectMs) * 1000)),
    drain_mysql_vs_read: figure(
      runs.map((run) => run.readMs / run.drainMs),
      ">= 0.5 (goal 0.8)",
    ),
    drain_mysql_changes_per_second: figure(runs.map((run) => (run.changes / run.drainMs) * 1000)),
    read_mysql_changes_per_second: figure(runs.map((run) => (run.changes / run.readMs) * 1000)),
    ...smallFigures(runs.flatMap(({ small }) => small ?? [])),
  }
}

function smallFigures(runs: readonly Small[]): Figures {
  if (runs.length === 0) return {}
  return {
    drain_mysql_small_vs_read: figure(
      runs.map((run) => run.readMs / run.drainMs),
      ">= 0.5 (goal 0.8)",
    ),
    drain_mysql_small_transactions_per_second: figure(runs.map((run) => (run.changes / run.drainMs) * 1000)),
  }
}

async function oneRun(bench: Bench, server: MysqlServer): Promise<Run> {
  await makeMysqlOrders(server, bench.rows)
  const program = [`--host=127.0.0.1`, `--port=${server.port}`, "--user=root"]
  const selectMs = await timed("mariadb", [
    ...program,
    "--quick",
    "--batch",
    "-e",
    "SELECT * FROM bench.orders",
  ])
  bench.say(`  SELECT thrown away  ${perSecond(bench.rows, selectMs, "rows")}`)
  const folder = join(bench.folder, "mysql")
  await rm(folder, { recursive: true, force: true })
  const first = startPipelineChild(folder, server.url, ["orders"])
  const [begun, live] = await Promise.all([first.next("starting"), first.next("streaming")])
  const snapshotMs = live.atMs - begun.atMs
  bench.say(`  our snapshot        ${perSecond(bench.rows, snapshotMs, "rows")}`)
  await compare(server, first)
  await first.stop()

  const { changes, readMs, drainMs } = await backlog(server, folder, "changes", () =>
    makeBacklog(server, bench.rows, bench.changes),
  )
  const wantsSmall = bench.wants("drain_mysql_small_vs_read", "drain_mysql_small_transactions_per_second")
  const small = wantsSmall
    ? await backlog(server, folder, "transactions", () => makeSmallBacklog(server, bench.changes / 10))
    : undefined
  return { selectMs, snapshotMs, readMs, drainMs, changes, small }

  /** Made while nobody reads, read by MariaDB's own program, then by us. */
  async function backlog(
    server: MysqlServer,
    folder: string,
    what: string,
    make: () => Promise<number>,
  ): Promise<Small> {
    const [[file = "", offset = ""] = []] = await server.rows("SHOW MASTER STATUS")
    const changes = await make()
    const readMs = await timed("mariadb-binlog", [
      ...program,
      "--read-from-remote-server",
      "--to-last-log",
      `--start-position=${offset}`,
      file ?? "",
    ])
    bench.say(`  binlog thrown away  ${perSecond(changes, readMs, what)}`)
    const { drainMs, child } = await drain(folder, server, changes)
    bench.say(`  our drain           ${perSecond(changes, drainMs, what)}`)
    await compare(server, child)
    await child.stop()
    return { changes, readMs, drainMs }
  }
}

/** As many transactions as changes. */
async function makeSmallBacklog(server: MysqlServer, wanted: number): Promise<number> {
  const changes = Math.floor(wanted)
  await server.sql(
    "USE bench",
    `BEGIN NOT ATOMIC FOR i IN 1..${changes} DO UPDATE orders SET amount = amount + 1 WHERE id > i * 7 ORDER BY id LIMIT 1; END FOR; END`,
  )
  return changes
}

const rowSql = `seq, (seq * 7919) % 100000, elt(1 + seq % 4, 'new', 'paid', 'shipped', 'returned'),
  (seq % 1000000) / 100, rand() * 1000, seq % 3 = 0, '2024-01-01' + INTERVAL seq SECOND,
  '2020-01-01' + INTERVAL (seq % 1500) DAY, uuid(), if(seq % 5 = 0, NULL, concat('note for row ', seq, repeat('x', seq % 30)))`

export async function makeMysqlOrders(server: MysqlServer, rows: number): Promise<void> {
  await server.sql(
    "USE bench",
    "DROP TABLE IF EXISTS orders",
    `CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, status varchar(20), amount decimal(12,2),
       score double, active boolean, created datetime(6), day date, ref uuid, note varchar(200))`,
    `INSERT INTO orders SELECT ${rowSql} FROM seq_1_to_${rows}`,
    "ANALYZE TABLE orders",
  )
}

/** Two fifths deletes, two fifths inserts, one fifth updates, in 25 transactions. Returns the number of changes. */
async function makeBacklog(server: MysqlServer, rows: number, changes: number): Promise<number> {
  const step = Math.floor(changes / 25)
  const ranges = (count: number, from: number) =>
    Array.from({ length: count }, (_, i) => [from + i * step, from + (i + 1) * step - 1] as const)
  await server.sql(
    "USE bench",
    ...ranges(10, 1).map(([low, high]) => `DELETE FROM orders WHERE id BETWEEN ${low} AND ${high}`),
    ...ranges(10, rows + 1).map(
      ([low, high]) => `INSERT INTO orders SELECT ${rowSql} FROM seq_${low}_to_${high}`,
    ),
    ...ranges(5, 10 * step + 1).map(
      ([low, high]) =>
        `UPDATE orders SET amount = amount + 1, status = 'paid' WHERE id BETWEEN ${low} AND ${high}`,
    ),
  )
  return step * 25
}

async function timed(program: string, args: string[]): Promise<number> {
  const startedMs = performance.now()
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] })
  const [code] = await once(child, "exit")
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return performance.now() - startedMs
}

async function drain(
  folder: string,
  server: MysqlServer,
  changes: number,
): Promise<{ drainMs: number; child: PipelineChild }> {
  const child = startPipelineChild(folder, server.url, ["orders"])
  const { atMs: startedMs } = await child.next("streaming")
  let applied = 0
  return await new Promise((resolve) => {
    child.on((report) => {
      if (report.kind !== "applied") return
      applied += report.changes
      if (applied >= changes) resolve({ drainMs: report.atMs - startedMs, child })
    })
  })
}

/** Contents, not counts: a figure for rows that did not arrive as they were is worth nothing. */
async function compare(server: MysqlServer, child: PipelineChild): Promise<void> {
  const text =
    "concat_ws('|', id, customer_id, coalesce(status, '~'), amount, active, day, ref, coalesce(note, '~'))"
  const [source] = await server.rows(
    `SELECT count(*), sum(CAST(conv(substr(md5(${text}), 1, 15), 16, 10) AS DECIMAL(30))) FROM bench.orders`,
  )
  const [warehouse] = await child.query(
    `SELECT count(*)::VARCHAR, sum(('0x' || substr(md5(${text}), 1, 15))::BIGINT::HUGEINT)::VARCHAR FROM bench.bench.orders`,
  )
  if (source?.[0] === warehouse?.[0] && source?.[1] === warehouse?.[1]) return
  throw new Error(
    `contents differ: source ${source?.join(" rows, sum ")}; warehouse ${warehouse?.join(" rows, sum ")}`,
  )
}

function perSecond(count: number, ms: number, what: string): string {
  return `${Math.round((count / ms) * 1000).toLocaleString("en-US")} ${what}/s  (${(ms / 1000).toFixed(2)} s)`
}
