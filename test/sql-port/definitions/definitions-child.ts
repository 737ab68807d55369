/**
 * Runs lists of statements through an SQL port of its own, each list in a database of its own, tells what is committed
 * then, and ends itself by SIGKILL. Argument: JSON of ChildOrder.
 */
import { readFile } from "node:fs/promises"
import pg from "pg"
import { openSqlUsers } from "../../../src/control-plane/sql-users/sql-users.ts"
import { startSqlPort } from "../../../src/front-doors/sql/sql-port.ts"
import { installDialect } from "../../../src/query/duckdb/dialect/macros.ts"
import { openDuckDbQueries } from "../../../src/query/duckdb/query-engine.ts"
import { openStore } from "../../../src/state/store.ts"
import { openDuckDb } from "../../../src/warehouses/duckdb/files/instance.ts"
import { type Definitions, definitionsOf } from "./definitions.ts"

export interface ChildOrder {
  folder: string
  stateUrl: string
  /** A file with a JSON array of lists of statements. */
  cases: string
  /** Another transaction writes in each database: what is defined stays in the log, and is replayed. */
  isLogKept: boolean
}

/** What became of one list of statements. */
export interface CaseOutcome {
  database: string
  /** The code of each statement's error; null: it succeeded. */
  codes: (string | null)[]
  committed: Definitions
}

const { folder, stateUrl, cases, isLogKept } = JSON.parse(process.argv[2] ?? "") as ChildOrder
const lists = JSON.parse(await readFile(cases, "utf8")) as string[][]
const instance = await openDuckDb({
  path: folder,
  stagingPath: folder,
  threads: 2,
  memoryLimitBytes: 2 ** 29,
  prepare: installDialect,
})
for (const at of lists.keys()) await instance.ensureDatabase(`d${at}`)
const store = await openStore(stateUrl)
const password = "definitions"
const configured = [{ name: "admin", password, role: "admin" as const }]
const users = await openSqlUsers({
  store: store.sqlUsers,
  configured,
  onRefreshError: (error) => {
    throw error
  },
})
const note = (facts: object, message: string) => console.error(message, facts)
const log = { info: () => undefined, warn: note, error: note }
const port = await startSqlPort({
  listen: { host: "127.0.0.1", port: 0 },
  configured,
  users,
  log,
  engine: await openDuckDbQueries({ instance, users, log, isReplicated: () => false }),
})

async function run(database: string, statements: string[]): Promise<(string | null)[]> {
  const client = new pg.Client({ host: "127.0.0.1", port: port.port, user: "admin", password, database })
  await client.connect()
  const codes: (string | null)[] = []
  const other = await instance.connect()
  for (const statement of statements) {
    // Types need the log to be moved into the file before them.
    const isKept = isLogKept && !/CREATE TYPE/.test(statement)
    if (isKept) await other.run(`BEGIN; CREATE SCHEMA IF NOT EXISTS ${database}.main`)
    const code = await client.query(statement).then(
      () => null,
      (error: pg.DatabaseError) => error.code ?? error.message,
    )
    codes.push(code)
    if (isKept) await other.run("ROLLBACK")
  }
  await client.end()
  return codes
}

const outcomes: CaseOutcome[] = []
for (const [at, statements] of lists.entries()) {
  const database = `d${at}`
  const codes = await run(database, statements)
  outcomes.push({ database, codes, committed: await definitionsOf(instance, database) })
}
process.stdout.write(JSON.stringify(outcomes), () => process.kill(process.pid, "SIGKILL"))
