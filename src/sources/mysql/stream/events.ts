import { uint16, uint32 } from "../types/numbers.ts"

export const headerBytes = 19
export const checksumBytes = 4

/** Event types: MySQL's, and from 160 on MariaDB's. */
export const types = {
  query: 2,
  stop: 3,
  rotate: 4,
  formatDescription: 15,
  xid: 16,
  beginLoadQuery: 17,
  executeLoadQuery: 18,
  tableMap: 19,
  incident: 26,
  heartbeat: 27,
  mysqlGtid: 33,
  anonymousGtid: 34,
  xaPrepare: 38,
  transactionPayload: 40,
  heartbeat2: 41,
  taggedGtid: 42,
  mariadbGtid: 162,
  queryCompressed: 165,
} as const

/** One event without its checksum: its body is `bytes[start, end)`, its header stands before that. Valid during a call. */
export interface LogEvent {
  type: number
  bytes: Buffer
  start: number
  end: number
}

/** In an event's header: a reader that does not know the type may pass over it. */
const ignorable = 0x80
/** Also there: the statement uses temporary tables of its session (`LOG_EVENT_THREAD_SPECIFIC_F`). */
const threadSpecific = 0x4
/** Also there: made up for the connection, at no place of the file. */
const artificial = 0x20
const flagsAt = 17

/**
 * Types of no concern to rows: of a file's beginning and end, what goes before statements that are told of themselves,
 * texts of statements whose rows follow, sets of GTIDs, group replication's own.
 */
const withoutRows = new Set([1, 3, 5, 9, 11, 13, 14, 28, 29, 35, 36, 37, 160, 161, 163, 164])

/** Whether an event that is not read here may have changed rows. `header`: where it begins. */
export function mayChangeRows(type: number, bytes: Buffer, header: number): boolean {
  return !withoutRows.has(type) && (uint16(bytes, header + flagsAt) & ignorable) === 0
}

/** Whether the server made an event up for the connection alone. `header`: where it begins. */
export function isMadeUp(bytes: Buffer, header: number): boolean {
  return (uint16(bytes, header + flagsAt) & artificial) !== 0
}

/** In an event's header: its length, and where the next event of the file begins. */
export const [lengthAt, offsetAt] = [9, 13]

/** What they name is another place than where they stand. */
const outsideFiles = new Set<number>([types.rotate, types.heartbeat, types.heartbeat2])

/** Whether an event stands where its header says: not one that the server makes up. `header`: where it begins. */
export function isInFile(bytes: Buffer, header: number): boolean {
  const type = bytes[header + 4] as number
  return uint32(bytes, header + offsetAt) > 0 && !outsideFiles.has(type) && !isMadeUp(bytes, header)
}

/**
 * Events that no two logs have at the same place: MySQL's GTID events tell the commit in microseconds, and the end of a
 * transaction in an engine (`Xid`) has the number of a statement, which a server counts from its start.
 */
const markingTypes = new Set<number>([types.xid, types.mysqlGtid, types.anonymousGtid, types.taggedGtid])

export function isMarking(type: number): boolean {
  return markingTypes.has(type)
}

/** Whether a statement is about temporary tables, which may have the name of a table that we carry. `start`: behind its header. */
export function isOfTemporaryTables(bytes: Buffer, start: number): boolean {
  return (uint16(bytes, start - headerBytes + flagsAt) & threadSpecific) !== 0
}

export type RowChange = "insert" | "update" | "delete" | "partial"

/**
 * What events of rows do, by their type. `extra`: a part of varying length comes before the columns. `partial`: an update; of JSON
 * values the row after it may have only what changed.
 */
export const rowEvents: Record<number, { change: RowChange; extra: boolean; packed: boolean }> = {
  23: { change: "insert", extra: false, packed: false },
  24: { change: "update", extra: false, packed: false },
  25: { change: "delete", extra: false, packed: false },
  30: { change: "insert", extra: true, packed: false },
  31: { change: "update", extra: true, packed: false },
  32: { change: "delete", extra: true, packed: false },
  39: { change: "partial", extra: true, packed: false },
  166: { change: "insert", extra: false, packed: true },
  167: { change: "update", extra: false, packed: true },
  168: { change: "delete", extra: false, packed: true },
}

export const gtidFlags = { standalone: 1, preparedXa: 64 } as const

/** The description ends in the kind of checksum (0: none) and its own checksum. */
export function hasChecksums(bytes: Buffer, end: number): boolean {
  return bytes[end - checksumBytes - 1] === 1
}

/** As statements write it, in lower case: `x'7831',x'',1`. */
export function xidOf(bytes: Buffer, start: number): string {
  const format = bytes.readInt32LE(start)
  const first = bytes[start + 4] as number
  const second = bytes[start + 5] as number
  const at = start + 6
  return `x'${bytes.toString("hex", at, at + first)}',x'${bytes.toString("hex", at + first, at + first + second)}',${format}`
}
