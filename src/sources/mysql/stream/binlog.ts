import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { MyTable } from "../catalog.ts"
import { newLogMarks, type OpenTransaction as Open } from "../log/log-marks.ts"
import { type LogNote, noteOf } from "../log/log-note.ts"
import { type LogServer, newLogPlace } from "../log/log-place.ts"
import { placeOf, positionOf } from "../log/position.ts"
import type { Statement } from "../statements/statements.ts"
import { uint32 } from "../types/numbers.ts"
import { checksumOf, digestOfEvent } from "./checksum.ts"
import {
  checksumBytes,
  gtidFlags,
  hasChecksums,
  headerBytes,
  isInFile,
  isMarking,
  lengthAt,
  mayChangeRows,
  offsetAt,
  rowEvents,
  types,
  xidOf,
} from "./events.ts"
import { isSmall, readPayload, unpackAtOnce, unpackInPieces } from "./payload.ts"
import { type KeptEvent, newPreparedTransactions } from "./prepared-transactions.ts"
import { readCompressedQuery, readQuery } from "./query-event.ts"
import { newRowEvents } from "./row-events.ts"
import { newStreamedTables, type StreamedTables } from "./streamed-tables.ts"
import { readTaggedGtid } from "./tagged-gtid.ts"

/** Decodes the events of a binary log, format version 4, of MySQL and of MariaDB. */
export interface Binlog extends Pick<StreamedTables, "include" | "exclude" | "carries" | "settle"> {
  /**
   * One event, with its header and without what the packet has in front of it. A promise: it is decoded piece by piece,
   * and no other may come until then; `between` is awaited between pieces, and says whether to go on.
   */
  event(bytes: Buffer, start: number, end: number, between: () => Promise<boolean>): Promise<void> | undefined
  /** Which log it has come to, and how far in it; `undefined`: not known yet. */
  readonly note: LogNote | undefined
  /** What was read is decoded: the sink is told how far that is, when nothing of it was ours. */
  chunkEnded(): void
  /** Tells the sink how far the log has been read. */
  tell(): void
  /**
   * Whether a snapshot of this weight lies where we are or ahead: nothing of what it does not see has been given to the
   * sink.
   */
  isAhead(weight: number): boolean
  /** Calls `reached` once, between transactions, when all before this weight has been given to the sink and nothing after. */
  whenAt(weight: number, reached: () => void): void
}

const readTypes = new Set<number>(Object.values(types))

function isRead(type: number): boolean {
  return readTypes.has(type) || type in rowEvents
}

export interface LogTraits {
  server: LogServer
  /** The server has been told that we understand checksums, and writes them now. */
  checksummed: boolean
  /** It takes names of databases and tables without regard to case. */
  foldsNames: boolean
}

export function newBinlog(
  tables: readonly MyTable[],
  from: Position,
  sink: ChangeSink,
  { server, checksummed, foldsNames }: LogTraits,
): Binlog {
  const log = newLogPlace(placeOf(from), server, noteOf(from))
  const carried: StreamedTables = newStreamedTables(tables, sink, foldsNames)
  const prepared = newPreparedTransactions()
  const rowsOf = newRowEvents(carried, sink)
  let open: Open | undefined
  let hasMoved = false
  let checksums = checksummed
  const marks = newLogMarks()

  function begin(at: number, hasBegun: boolean): Open {
    // To the sink a transaction without an end goes on: what came of one that was cut off goes with its tables.
    const isGiven = open?.isGiven ?? false
    if (open?.isCutOff) carried.everythingChanged(open.at, "the server crashed inside a transaction")
    if (!isGiven) marks.pass(at)
    rowsOf.begin()
    open = { at, hasBegun, xid: undefined, isGiven, isCutOff: false, committedAtMs: undefined }
    return open
  }

  function give(current: Open): void {
    if (current.isGiven) return
    current.isGiven = true
    sink.begin()
  }

  function end(timestamp: number, offset: number): void {
    const ended = open
    if (ended === undefined) return
    open = undefined
    log.ended(offset)
    if (ended.isGiven) {
      // The log knows whole seconds: the end of that second, unless it has not come yet.
      const committedAtMs = ended.committedAtMs ?? Math.min(Date.now(), timestamp * 1000 + 999)
      sink.commit(positionOf(log.place, log.note), committedAtMs)
      hasMoved = false
    } else hasMoved = true
    marks.pass(log.weight)
  }

  function rows(type: number, bytes: Buffer, start: number, end: number, current: Open): void {
    rowsOf.put(type, bytes, start, end, current.at, () => give(current))
  }

  function passed(offset: number): void {
    log.passed(offset)
    marks.pass(log.weight)
  }

  function rolledBack(current: Open): void {
    for (const id of rowsOf.touched)
      carried.changed(id, current.at, "a part of a transaction was rolled back")
  }

  function replay(events: KeptEvent[] | undefined, current: Open): void {
    if (events === undefined)
      return carried.everythingChanged(
        current.at,
        "a transaction in two phases (XA) was prepared before the stream began, or is not known whole",
      )
    for (const { type, body } of events) {
      if (type === types.tableMap) carried.tableMap(body, 0, body.length, current.at)
      else rows(type, body, 0, body.length, current)
    }
  }

  /** What it changes shows when it commits: where it is only being prepared, not yet. */
  function unlogged(current: Open): void {
    if (current.xid !== undefined) prepared.lose(current.xid)
    else
      carried.everythingChanged(
        current.at,
        "something was logged without rows that can be read (binlog_format)",
      )
  }

  function beginXa(xid: string, current: Open): void {
    current.xid = xid
    prepared.begin(xid)
  }

  /** `XA COMMIT … ONE PHASE` is logged as a prepare that says so. */
  function endXa(isOnePhase: boolean, current: Open): void {
    const { xid } = current
    if (isOnePhase && xid !== undefined) replay(prepared.take(xid), current)
  }

  /** `true`: it was the transaction's last. */
  function statement(statement: Statement, current: Open): boolean {
    switch (statement.kind) {
      case "begin":
      case "xaStart":
        current.hasBegun = true
        if (statement.kind === "xaStart") beginXa(statement.xid, current)
        return false
      case "xaEnd":
        return false
      case "commit":
        return true
      case "rollback":
        rolledBack(current)
        return true
      case "rollbackTo":
        rolledBack(current)
        if (current.xid !== undefined) prepared.lose(current.xid)
        return false
      case "xaCommit":
        replay(prepared.take(statement.xid), current)
        return true
      case "xaRollback":
        prepared.take(statement.xid)
        return true
      case "unloggedRows":
        unlogged(current)
        return !current.hasBegun
      default:
        carried.statement(statement, current.at, () => give(current))
        return !current.hasBegun
    }
  }

  function mariadbGtid(bytes: Buffer, start: number, server: number, at: number): void {
    const flags = bytes[start + 12] as number
    const current = begin(at, (flags & gtidFlags.standalone) === 0)
    log.mariadbGtid(bytes, start, server)
    if ((flags & gtidFlags.preparedXa) !== 0) beginXa(xidOf(bytes, start + 13), current)
  }

  function mysqlGtid(type: number, bytes: Buffer, start: number, end: number, at: number): void {
    const current = begin(at, false)
    if (type === types.mysqlGtid) log.mysqlGtid(bytes, start)
    // Microseconds in 7 bytes; the highest bit says that another server's time follows.
    if (end - start >= 49) {
      const low = bytes.readUIntLE(start + 42, 6)
      current.committedAtMs = Math.floor((low + ((bytes[start + 48] as number) & 0x7f) * 2 ** 48) / 1000)
    }
  }

  function taggedGtid(bytes: Buffer, start: number, end: number, at: number): void {
    const current = begin(at, false)
    const gtid = readTaggedGtid(bytes, start, end)
    log.taggedGtid(gtid)
    if (gtid.committedAtMicros !== undefined)
      current.committedAtMs = Math.floor(gtid.committedAtMicros / 1000)
  }

  /** Events that belong to a transaction; `true`: it ends with this one. */
  function inside(type: number, bytes: Buffer, start: number, end: number, current: Open): boolean {
    if (current.xid !== undefined && (type === types.tableMap || type in rowEvents)) {
      prepared.keep(current.xid, type, bytes, start, end)
      return false
    }
    switch (type) {
      case types.tableMap:
        carried.tableMap(bytes, start, end, current.at)
        return false
      case types.query:
        return statement(readQuery(bytes, start, end), current)
      case types.queryCompressed:
        return statement(readCompressedQuery(bytes, start, end), current)
      case types.xid:
        return true
      case types.xaPrepare:
        endXa(bytes[start] !== 0, current)
        return true
      case types.beginLoadQuery:
      case types.executeLoadQuery:
        unlogged(current)
        return false
      default:
        if (type in rowEvents) rows(type, bytes, start, end, current)
        return false
    }
  }

  /** `offset`: of the file, behind the event. */
  function decode(type: number, bytes: Buffer, header: number, end_: number, offset: number): void {
    const start = header + headerBytes
    switch (type) {
      case types.formatDescription:
        // No transaction goes on in the next file.
        if (open !== undefined) open.isCutOff = true
        return log.described(uint32(bytes, header))
      case types.rotate:
        return log.rotated(bytes.toString("utf8", start + 8, end_), Number(bytes.readBigUInt64LE(start)))
      case types.heartbeat:
      case types.heartbeat2:
        if (open !== undefined) return
        if (type === types.heartbeat) log.idle(bytes.toString("utf8", start, end_), offset)
        marks.pass(log.weight)
        sink.caughtUp(positionOf(log.place, log.note))
        return
      case types.mariadbGtid:
        return mariadbGtid(bytes, start, uint32(bytes, header + 5), log.weight)
      case types.mysqlGtid:
      case types.anonymousGtid:
        return mysqlGtid(type, bytes, start, end_, log.weight)
      case types.taggedGtid:
        return taggedGtid(bytes, start, end_, log.weight)
      case types.incident:
        throw new Problem("sourceHistoryLost", "The source's log has a gap (an incident event).")
    }
    if (open === undefined) return
    if (!isRead(type) && mayChangeRows(type, bytes, header)) unlogged(open)
    else if (inside(type, bytes, start, end_, open)) end(uint32(bytes, header), offset)
  }

  function payload(
    bytes: Buffer,
    header: number,
    end: number,
    offset: number,
    between: () => Promise<boolean>,
  ): Promise<void> | undefined {
    const packed = readPayload(bytes, header + headerBytes, end)
    const take = (event: Buffer, start: number, stop: number) =>
      decode(event[start + 4] as number, event, start, stop, offset)
    if (!isSmall(packed)) return unpackInPieces(packed, take, between)
    unpackAtOnce(packed, take)
    return undefined
  }

  return {
    event(bytes, start, eventEnd, between) {
      const type = bytes[start + 4] as number
      if (type === types.formatDescription) checksums = hasChecksums(bytes, eventEnd)
      // What the server makes up for the connection alone comes at no offset, and with a checksum all the same.
      const stop = checksums ? eventEnd - checksumBytes : eventEnd
      if (checksums && checksumOf(bytes, start, stop) !== uint32(bytes, stop))
        throw new Problem("sourceProtocol", "An event of the source's log does not match its checksum.")
      const offset = uint32(bytes, start + offsetAt)
      const isOfFile = isInFile(bytes, start)
      const beginning = offset - uint32(bytes, start + lengthAt)
      if (isOfFile && open === undefined) passed(beginning)
      if (isOfFile && !log.isMarked && isMarking(type))
        log.marked({ offset: beginning, checksum: digestOfEvent(bytes, start, stop) })
      if (type === types.transactionPayload) return payload(bytes, start, stop, offset, between)
      decode(type, bytes, start, stop, offset)
      if (isOfFile && open === undefined) passed(offset)
      return undefined
    },
    get note() {
      return log.note
    },
    chunkEnded() {
      if (!hasMoved || open !== undefined) return
      hasMoved = false
      sink.caughtUp(positionOf(log.place, log.note))
    },
    tell() {
      if (open === undefined) sink.caughtUp(positionOf(log.place, log.note))
    },
    isAhead: (weight) => (open === undefined ? weight >= log.weight : weight > open.at),
    include: carried.include,
    exclude: carried.exclude,
    carries: carried.carries,
    settle: carried.settle,
    whenAt(weight, reached) {
      marks.set(weight, reached)
      if (open === undefined) marks.pass(log.weight)
    },
  }
}
