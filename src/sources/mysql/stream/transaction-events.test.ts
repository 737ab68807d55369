import assert from "node:assert/strict"
import { test } from "node:test"
import { recordingSink } from "../../../../test/contract/sources/source-sink.ts"
import { newLogMarks } from "../log/log-marks.ts"
import { newLogPlace } from "../log/log-place.ts"
import { headerBytes, type LogEvent, types } from "./events.ts"
import { beginTransaction, endTransaction, newLogReader } from "./log-reader.ts"
import { newPreparedTransactions } from "./prepared-transactions.ts"
import { newRowEvents } from "./row-events.ts"
import { newStreamedTables } from "./streamed-tables.ts"
import { loseRows, takeEvent } from "./transaction-events.ts"

const table = {
  schema: { id: "`s`.`t`", schema: "s", name: "t", columns: [], key: undefined },
  columns: [],
  keyIndex: undefined,
}

/** A reader of a log from its beginning on, that carries table `s.t`. */
function newTestReader() {
  const sink = recordingSink()
  const tables = newStreamedTables([table], sink, { foldsNames: false })
  const reader = newLogReader({
    sink,
    log: newLogPlace(
      { kind: "file", file: "bin.000001", offset: 4 },
      { name: "server", resets: 0 },
      undefined,
    ),
    marks: newLogMarks(),
    tables,
    rows: newRowEvents(tables, sink),
    prepared: newPreparedTransactions(),
    checksums: false,
  })
  return { sink, reader }
}

/** A Query event of database `s`, as the server sends it, with a header of zeros. */
function query(text: string): LogEvent {
  const body = Buffer.alloc(13)
  body[8] = 1
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), body, Buffer.from("s\0"), Buffer.from(text)])
  return { type: types.query, bytes, start: headerBytes, end: bytes.length }
}

test("a statement outside of BEGIN is its whole transaction, one behind BEGIN is not", () => {
  const { reader } = newTestReader()
  assert.equal(takeEvent(reader, beginTransaction(reader), query("TRUNCATE TABLE t")), "ended")
  endTransaction(reader, 0, 100)
  const open = beginTransaction(reader)
  assert.equal(takeEvent(reader, open, query("BEGIN")), "goesOn")
  assert.equal(takeEvent(reader, open, query("TRUNCATE TABLE t")), "goesOn")
  assert.equal(takeEvent(reader, open, query("COMMIT")), "ended")
})

test("a transaction of which the sink was given nothing is no commit of the sink's, but moves the place", () => {
  const { sink, reader } = newTestReader()
  takeEvent(reader, beginTransaction(reader), query("TRUNCATE TABLE other"))
  endTransaction(reader, 0, 100)
  assert.deepEqual([sink.transactions.length, reader.hasMoved], [0, true])
  takeEvent(reader, beginTransaction(reader), query("TRUNCATE TABLE t"))
  endTransaction(reader, 0, 200)
  assert.deepEqual([sink.changes().length, reader.hasMoved], [1, false])
})

test("what was changed without a row in the log is told at once, but of a prepared transaction at its commit", () => {
  const { sink, reader } = newTestReader()
  const xid = "x'61',x'',1"
  const prepared = beginTransaction(reader)
  takeEvent(reader, prepared, query(`XA START ${xid}`))
  loseRows(reader, prepared)
  const prepare = {
    type: types.xaPrepare,
    bytes: Buffer.alloc(headerBytes + 1),
    start: headerBytes,
    end: headerBytes + 1,
  }
  assert.equal(takeEvent(reader, prepared, prepare), "ended")
  endTransaction(reader, 0, 100)
  assert.deepEqual(sink.changed, [])
  assert.equal(takeEvent(reader, beginTransaction(reader), query(`XA COMMIT ${xid}`)), "ended")
  assert.equal(sink.changed.length, 1)
})

test("a transaction that its file has no end of, and that was begun to the sink, goes on as the next with its tables gone", () => {
  const { sink, reader } = newTestReader()
  const cut = beginTransaction(reader)
  takeEvent(reader, cut, query("BEGIN"))
  takeEvent(reader, cut, query("TRUNCATE TABLE t"))
  cut.isCutOff = true
  const next = beginTransaction(reader)
  assert.deepEqual([next.isGiven, sink.changed.length], [true, 1])
  endTransaction(reader, 0, 300)
  assert.equal(sink.transactions.length, 1)
})
