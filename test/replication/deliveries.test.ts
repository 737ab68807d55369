import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type { ProblemKind } from "../../src/domain/problems.ts"
import type { TableSchema } from "../../src/domain/table.ts"
import type { ChangeSink } from "../../src/replication/contracts/change-sink.ts"
import type { Source } from "../../src/replication/contracts/source.ts"
import { type ColumnBuffer, putNull } from "../../src/replication/values/columns.ts"
import { runSql, testPipeline } from "../support/pipeline.ts"
import { testDatabase } from "../support/postgres.ts"
import { waitUntil } from "../support/wait-until.ts"

/** What a source gives that is broken: rows of `table`, and a transaction's end as it was given before. */
interface Given {
  sink: ChangeSink
  table: TableSchema
  commitAgain(): void
}

/** Behind the next transaction that has rows, the source once gives what it never may. */
async function afterWrongDelivery(context: TestContext, wrong: (given: Given) => void, kind: ProblemKind) {
  const database = await testDatabase()
  context.after(() => database.drop())
  await runSql(database.url, "CREATE TABLE t (v int)", "ALTER TABLE t REPLICA IDENTITY FULL")
  let isArmed = false
  const wrapped = (real: ChangeSink): ChangeSink => {
    let table: TableSchema | undefined
    const own = {
      table(one: TableSchema) {
        if (one.name === "t") table = one
        return real.table(one)
      },
      commit(...args: Parameters<ChangeSink["commit"]>) {
        real.commit(...args)
        if (!isArmed || table === undefined) return
        isArmed = false
        wrong({ sink: real, table, commitAgain: () => real.commit(...args) })
      },
    }
    return new Proxy(real, {
      get(target, key) {
        if (key === "table" || key === "commit") return own[key]
        const member: unknown = Reflect.get(target, key, target)
        return typeof member === "function" ? member.bind(target) : member
      },
    })
  }
  const source = (real: Source): Source => ({
    ...real,
    stream: (options) => real.stream({ ...options, sink: wrapped(options.sink) }),
  })
  const pipeline = await testPipeline({
    url: database.url,
    around: { source, warehouse: (warehouse) => warehouse },
  })
  await pipeline.settle()
  isArmed = true
  await runSql(database.url, "INSERT INTO t SELECT 1 FROM generate_series(1, 500)")
  await waitUntil(() => pipeline.reports.problems.some((problem) => problem.kind === kind), {
    what: `a problem of kind ${kind}`,
  })
  const streams = () => pipeline.reports.phases.filter((phase) => phase === "streaming").length
  await waitUntil(() => streams() > 1 && pipeline.reports.phases.at(-1) === "streaming", {
    what: "it to stream again",
  })
  await runSql(database.url, "INSERT INTO t VALUES (2)")
  assert.deepEqual(await pipeline.differences(), [])
  assert.deepEqual([...new Set(pipeline.reports.problems.map((problem) => problem.kind))], [kind])
  await pipeline.stop()
}

function insertNull({ sink, table }: Given): void {
  const rows = sink.table(table)
  putNull(rows.columns[0] as ColumnBuffer, rows.row)
  rows.end("insert")
}

test("a transaction that begins inside another ends the stream, and is read again", (context) =>
  afterWrongDelivery(
    context,
    (given) => {
      given.sink.begin()
      insertNull(given)
      given.sink.begin()
    },
    "sourceProtocol",
  ))

test("a transaction that a source gives twice ends the stream, and everything is right after a resync", (context) =>
  afterWrongDelivery(
    context,
    (given) => {
      given.sink.begin()
      insertNull(given)
      given.commitAgain()
    },
    "sourceRestored",
  ))

test("rows that a source gives outside of a transaction end the stream, and nothing of them is applied", (context) =>
  afterWrongDelivery(context, insertNull, "sourceProtocol"))

test("a truncation that a source gives outside of a transaction ends the stream, too", (context) =>
  afterWrongDelivery(context, ({ sink, table }) => sink.truncate(table), "sourceProtocol"))
