/** Events that belong to a transaction: rows, statements, and both again of transactions in two phases (XA). */
import type { OpenTransaction } from "../log/log-marks.ts"
import type { Statement } from "../statements/statements.ts"
import { uint32 } from "../types/numbers.ts"
import { gtidFlags, headerBytes, type LogEvent, rowEvents, types, xidOf } from "./events.ts"
import { beginTransaction, type LogReader } from "./log-reader.ts"
import type { KeptEvent } from "./prepared-transactions.ts"
import { readCompressedQuery, readQuery } from "./query-event.ts"
import { readTaggedGtid } from "./tagged-gtid.ts"

/** Whether the transaction goes on behind an event, or ended with it. */
export type Course = "goesOn" | "ended"

export function mariadbGtid(reader: LogReader, { bytes, start }: LogEvent): void {
  const flags = bytes[start + 12] as number
  const server = uint32(bytes, start - headerBytes + 5)
  const open = beginTransaction(reader)
  open.hasBegun = (flags & gtidFlags.standalone) === 0
  reader.log.mariadbGtid(bytes, start, server)
  if ((flags & gtidFlags.preparedXa) !== 0) beginXa(reader, open, xidOf(bytes, start + 13))
}

export function mysqlGtid(reader: LogReader, { type, bytes, start, end }: LogEvent): void {
  const open = beginTransaction(reader)
  if (type === types.mysqlGtid) reader.log.mysqlGtid(bytes, start)
  // Microseconds in 7 bytes; the highest bit says that another server's time follows.
  if (end - start >= 49) {
    const low = bytes.readUIntLE(start + 42, 6)
    open.committedAtMs = Math.floor((low + ((bytes[start + 48] as number) & 0x7f) * 2 ** 48) / 1000)
  }
}

export function taggedGtid(reader: LogReader, { bytes, start, end }: LogEvent): void {
  const open = beginTransaction(reader)
  const gtid = readTaggedGtid(bytes, start, end)
  reader.log.taggedGtid(gtid)
  if (gtid.committedAtMicros !== undefined) open.committedAtMs = Math.floor(gtid.committedAtMicros / 1000)
}

/** Any event of the open transaction but the one that began it. */
export function takeEvent(reader: LogReader, open: OpenTransaction, event: LogEvent): Course {
  const { type, bytes, start, end } = event
  if (open.xid !== undefined && (type === types.tableMap || type in rowEvents)) {
    reader.prepared.keep(open.xid, event)
    return "goesOn"
  }
  switch (type) {
    case types.tableMap:
      reader.tables.tableMap(event, open.at)
      return "goesOn"
    case types.query:
      return takeStatement(reader, open, readQuery(bytes, start, end))
    case types.queryCompressed:
      return takeStatement(reader, open, readCompressedQuery(bytes, start, end))
    case types.xid:
      return "ended"
    case types.xaPrepare:
      endXa(reader, open, bytes[start] === 0 ? "prepared" : "committed")
      return "ended"
    case types.beginLoadQuery:
    case types.executeLoadQuery:
      loseRows(reader, open)
      return "goesOn"
    default:
      if (type in rowEvents) reader.rows.put(event, open.at, reader.giving)
      return "goesOn"
  }
}

/** Something changed rows that the log does not show. It shows when it commits: where it is only being prepared, not yet. */
export function loseRows({ prepared, tables }: LogReader, { xid, at }: OpenTransaction): void {
  if (xid !== undefined) prepared.lose(xid)
  else tables.everythingChanged(at, "something was logged without rows that can be read (binlog_format)")
}

function takeStatement(reader: LogReader, open: OpenTransaction, statement: Statement): Course {
  switch (statement.kind) {
    case "begin":
      open.hasBegun = true
      return "goesOn"
    case "xaStart":
      open.hasBegun = true
      beginXa(reader, open, statement.xid)
      return "goesOn"
    case "xaEnd":
      return "goesOn"
    case "commit":
      return "ended"
    case "rollback":
      rollBack(reader, open)
      return "ended"
    case "rollbackTo":
      rollBack(reader, open)
      if (open.xid !== undefined) reader.prepared.lose(open.xid)
      return "goesOn"
    case "xaCommit":
      replay(reader, open, reader.prepared.take(statement.xid))
      return "ended"
    case "xaRollback":
      reader.prepared.take(statement.xid)
      return "ended"
    case "unloggedRows":
      loseRows(reader, open)
      break
    default:
      reader.tables.statement(statement, { at: open.at, giving: reader.giving })
  }
  return open.hasBegun ? "goesOn" : "ended"
}

/** What was given to the sink of the transaction cannot be taken back: its tables are resynced. */
function rollBack({ rows, tables }: LogReader, { at }: OpenTransaction): void {
  for (const id of rows.touched) tables.changed(id, at, "a part of a transaction was rolled back")
}

function beginXa({ prepared }: LogReader, open: OpenTransaction, xid: string): void {
  open.xid = xid
  prepared.begin(xid)
}

/** `XA COMMIT … ONE PHASE` is logged as a prepare that says so: `committed`. */
function endXa(reader: LogReader, open: OpenTransaction, as: "prepared" | "committed"): void {
  if (as === "committed" && open.xid !== undefined) replay(reader, open, reader.prepared.take(open.xid))
}

/** Puts what was kept of a prepared transaction into the open one, which commits it. */
function replay(
  { tables, rows, giving }: LogReader,
  open: OpenTransaction,
  events: KeptEvent[] | undefined,
): void {
  if (events === undefined)
    return tables.everythingChanged(
      open.at,
      "a transaction in two phases (XA) was prepared before the stream began, or is not known whole",
    )
  for (const { type, body } of events) {
    const event = { type, bytes: body, start: 0, end: body.length }
    if (type === types.tableMap) tables.tableMap(event, open.at)
    else rows.put(event, open.at, giving)
  }
}
