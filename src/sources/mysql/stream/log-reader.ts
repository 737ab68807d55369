/** What a reader of the log keeps from one event to the next, and where a transaction begins and ends in it. */
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { LogMarks, OpenTransaction } from "../log/log-marks.ts"
import type { LogPlace } from "../log/log-place.ts"
import { positionOf } from "../log/position.ts"
import type { PreparedTransactions } from "./prepared-transactions.ts"
import type { RowEvents } from "./row-events.ts"
import type { StreamedTables } from "./streamed-tables.ts"

export interface LogReader {
  readonly sink: ChangeSink
  readonly log: LogPlace
  readonly marks: LogMarks
  readonly tables: StreamedTables
  readonly rows: RowEvents
  readonly prepared: PreparedTransactions
  /** `undefined`: between transactions. */
  open: OpenTransaction | undefined
  /** Transactions ended of which the sink was given nothing: it does not know yet that the log has been read so far. */
  hasMoved: boolean
  /** Each event ends in its checksum. */
  checksums: boolean
  /** Tells the sink, once a transaction, that the open one begins. Made once: it is called for each event of rows. */
  readonly giving: () => void
}

/** The parts of a reader that it is opened with. */
export type LogReaderParts = Omit<LogReader, "open" | "hasMoved" | "giving">

export function newLogReader(parts: LogReaderParts): LogReader {
  const reader: LogReader = {
    ...parts,
    open: undefined,
    hasMoved: false,
    giving() {
      const { open } = reader
      if (open === undefined || open.isGiven) return
      open.isGiven = true
      reader.sink.begin()
    },
  }
  return reader
}

/** A transaction begins here. Until more is known, its first statement is all of it. */
export function beginTransaction(reader: LogReader): OpenTransaction {
  const { open: before, log, marks, tables, rows } = reader
  const at = log.weight
  // To the sink a transaction without an end goes on: what came of one that was cut off goes with its tables.
  const isGiven = before?.isGiven ?? false
  if (before?.isCutOff) tables.everythingChanged(before.at, "the server crashed inside a transaction")
  if (!isGiven) marks.pass(at)
  rows.begin()
  const open = { at, hasBegun: false, xid: undefined, isGiven, isCutOff: false, committedAtMs: undefined }
  reader.open = open
  return open
}

/**
 * The open transaction ends. `timestamp`: seconds since 1970, of the event that ended it; `offset`: of the file, behind
 * that event.
 */
export function endTransaction(reader: LogReader, timestamp: number, offset: number): void {
  const { open, log, marks, sink } = reader
  if (open === undefined) return
  reader.open = undefined
  log.ended(offset)
  if (open.isGiven) {
    // The log knows whole seconds: the end of that second, unless it has not come yet.
    const committedAtMs = open.committedAtMs ?? Math.min(Date.now(), timestamp * 1000 + 999)
    sink.commit(positionOf(log.place, log.note), committedAtMs)
    reader.hasMoved = false
  } else reader.hasMoved = true
  marks.pass(log.weight)
}

/** Between transactions: the log has been read up to this offset of the file. */
export function passOffset({ log, marks }: LogReader, offset: number): void {
  log.passed(offset)
  marks.pass(log.weight)
}

/** Tells the sink how far the log has been read; between transactions. */
export function tellPosition({ sink, log }: LogReader): void {
  sink.caughtUp(positionOf(log.place, log.note))
}
