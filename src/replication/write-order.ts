/**
 * The named points of the write order, in the order they are passed. ARCHITECTURE.md says for each what a crash
 * there leaves; test/crash kills the process at every one.
 */
export const writePoints = [
  "sourcePrepared", // publication and slot exist, the warehouse knows nothing of them
  "copyBegun", // the warehouse has an empty copy beside the live table
  "chunkLoaded", // part of a table is in the copy
  "tableSwapped", // a copy has become the live table; no position yet
  "positionRecorded", // the snapshot is complete: the stream may start
  "staged", // changes are in staging files
  "applied", // rows and position are durable together; the source does not know yet
  "acknowledged", // the source may forget
  "spooled", // changes are durable in the spool; the source does not know yet
  "spoolAcknowledged", // the source may forget what only the spool has
  "spoolReleased", // what the warehouse has is gone from the spool
] as const

export type WritePoint = (typeof writePoints)[number]

/** Told each point as it is passed; does nothing in production but count. */
export type WriteObserver = (point: WritePoint) => void
