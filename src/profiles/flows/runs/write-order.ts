/** The named points of a run, in the order they are passed. The tests of flows kill the process at every one. */
export const flowPoints = [
  "runBegun", // the run is recorded, nothing is read; a crash leaves a run that the next process goes on with
  "batchRead", // records are in memory only: they are read again
  "batchIngested", // records, counts and how far the flow has come are one transaction: the next process reads on behind them
  "runEnded", // nothing is left to do
] as const

export type FlowPoint = (typeof flowPoints)[number]

/** Told each point as it is passed. */
export type FlowObserver = (point: FlowPoint) => void
