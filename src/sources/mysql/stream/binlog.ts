import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { MyTable } from "../catalog.ts"
import { newLogMarks } from "../log/log-marks.ts"
import { type LogNote, noteOf } from "../log/log-note.ts"
import { type LogServer, newLogPlace } from "../log/log-place.ts"
import { placeOf } from "../log/position.ts"
import { uint32 } from "../types/numbers.ts"
import { checksumOf, digestOfEvent } from "./checksum.ts"
import {
  checksumBytes,
  hasChecksums,
  headerBytes,
  isInFile,
  isMarking,
  type LogEvent,
  lengthAt,
  mayChangeRows,
  offsetAt,
  rowEvents,
  types,
} from "./events.ts"
import { endTransaction, type LogReader, newLogReader, passOffset, tellPosition } from "./log-reader.ts"
import { isSmall, readPayload, unpackAtOnce, unpackInPieces } from "./payload.ts"
import { newPreparedTransactions } from "./prepared-transactions.ts"
import { newRowEvents } from "./row-events.ts"
import { newStreamedTables, type StreamedTables } from "./streamed-tables.ts"
import { loseRows, mariadbGtid, mysqlGtid, taggedGtid, takeEvent } from "./transaction-events.ts"

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
  const carried = newStreamedTables(tables, sink, { foldsNames })
  const reader = newLogReader({
    sink,
    log: newLogPlace(placeOf(from), server, noteOf(from)),
    marks: newLogMarks(),
    tables: carried,
    rows: newRowEvents(carried, sink),
    prepared: newPreparedTransactions(),
    checksums: checksummed,
  })
  const { log, marks } = reader
  return {
    event: (bytes, start, end, between) => readEvent(reader, { bytes, start, end }, between),
    get note() {
      return log.note
    },
    chunkEnded() {
      if (!reader.hasMoved || reader.open !== undefined) return
      reader.hasMoved = false
      tellPosition(reader)
    },
    tell() {
      if (reader.open === undefined) tellPosition(reader)
    },
    isAhead: (weight) => (reader.open === undefined ? weight >= log.weight : weight > reader.open.at),
    include: carried.include,
    exclude: carried.exclude,
    carries: carried.carries,
    settle: carried.settle,
    whenAt(weight, reached) {
      marks.set(weight, reached)
      if (reader.open === undefined) marks.pass(log.weight)
    },
  }
}

/** One event as the server sends it: from its header to its checksum, `bytes[start, end)`. */
interface SentEvent {
  bytes: Buffer
  start: number
  end: number
}

function readEvent(
  reader: LogReader,
  { bytes, start, end }: SentEvent,
  between: () => Promise<boolean>,
): Promise<void> | undefined {
  const { log } = reader
  const type = bytes[start + 4] as number
  if (type === types.formatDescription) reader.checksums = hasChecksums(bytes, end)
  // What the server makes up for the connection alone comes at no offset, and with a checksum all the same.
  const stop = reader.checksums ? checkedEnd(bytes, start, end) : end
  const offset = uint32(bytes, start + offsetAt)
  const isOfFile = isInFile(bytes, start)
  const beginning = offset - uint32(bytes, start + lengthAt)
  if (isOfFile && reader.open === undefined) passOffset(reader, beginning)
  if (isOfFile && !log.isMarked && isMarking(type))
    log.marked({ offset: beginning, checksum: digestOfEvent(bytes, start, stop) })
  const event = { type, bytes, start: start + headerBytes, end: stop }
  if (type === types.transactionPayload) return unpack(reader, event, offset, between)
  decode(reader, event, offset)
  if (isOfFile && reader.open === undefined) passOffset(reader, offset)
  return undefined
}

/** Where the event ends without its checksum, which must be right. */
function checkedEnd(bytes: Buffer, start: number, end: number): number {
  const stop = end - checksumBytes
  if (checksumOf(bytes, start, stop) !== uint32(bytes, stop))
    throw new Problem("sourceProtocol", "An event of the source's log does not match its checksum.")
  return stop
}

/** A transaction in one event: its events are decoded at once, or, if they are large, piece by piece. */
function unpack(
  reader: LogReader,
  { bytes, start, end }: LogEvent,
  offset: number,
  between: () => Promise<boolean>,
): Promise<void> | undefined {
  const packed = readPayload(bytes, start, end)
  const take = (event: Buffer, at: number, stop: number) =>
    decode(
      reader,
      { type: event[at + 4] as number, bytes: event, start: at + headerBytes, end: stop },
      offset,
    )
  if (!isSmall(packed)) return unpackInPieces(packed, take, between)
  unpackAtOnce(packed, take)
  return undefined
}

/** `offset`: of the file, behind the event. */
function decode(reader: LogReader, event: LogEvent, offset: number): void {
  const { type, bytes, start, end } = event
  switch (type) {
    case types.formatDescription:
      // No transaction goes on in the next file.
      if (reader.open !== undefined) reader.open.isCutOff = true
      return reader.log.described(timestampOf(event))
    case types.rotate:
      return reader.log.rotated(bytes.toString("utf8", start + 8, end), Number(bytes.readBigUInt64LE(start)))
    case types.heartbeat:
    case types.heartbeat2:
      return idle(reader, event, offset)
    case types.mariadbGtid:
      return mariadbGtid(reader, event)
    case types.mysqlGtid:
    case types.anonymousGtid:
      return mysqlGtid(reader, event)
    case types.taggedGtid:
      return taggedGtid(reader, event)
    case types.incident:
      throw new Problem("sourceHistoryLost", "The source's log has a gap (an incident event).")
  }
  const { open } = reader
  if (open === undefined) return
  if (!isRead(type) && mayChangeRows(type, bytes, start - headerBytes)) loseRows(reader, open)
  else if (takeEvent(reader, open, event) === "ended") endTransaction(reader, timestampOf(event), offset)
}

/** The server has nothing more to send. The newer kind of heartbeat does not name the file as the older does. */
function idle(reader: LogReader, { type, bytes, start, end }: LogEvent, offset: number): void {
  const { open, log, marks } = reader
  if (open !== undefined) return
  if (type === types.heartbeat) log.idle(bytes.toString("utf8", start, end), offset)
  marks.pass(log.weight)
  tellPosition(reader)
}

/** Seconds since 1970. */
function timestampOf({ bytes, start }: LogEvent): number {
  return uint32(bytes, start - headerBytes)
}
