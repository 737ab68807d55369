import type { Source } from "../../../src/replication/contracts/source.ts"

/** What the contract leaves to a source. Each case demands what fits, and leaves nothing out in silence. */
export interface SourceTraits {
  /**
   * Where rows come from that are there already: the snapshot, and then no change is told that it has; or a copy beside
   * the running stream, which may be told changes that the copy has already.
   */
  copies: "in the snapshot" | "beside the stream"
  /** What the sink gets as one transaction: one of the source's, or what one read brought. */
  transactions: "of the source" | "of a read"
  tables: "many" | "one"
  /** Of a table that `alter` made another, the sink is told what it became; or that it changed, and nothing more; or it has no definition that could change. */
  alteration: "told" | "leaves" | "none"
  /** What `remove` does to a stream that runs: it takes what the stream reads, or there is nothing of ours to take. */
  removal: "ends the stream" | "takes nothing"
}

/** A database of a source under test. */
export interface SourceUnderTest {
  source: Source
  /** Where the server listens on 127.0.0.1. */
  port: number
  /** The same source at another place: `to` turns its URL into that one's. */
  moved(to: (url: string) => string): Source
  traits: SourceTraits
  /** Makes table `name` with a number `id` as its key and a text `v`, and rows 1 to `rows`. A source of one table is that of `orders`. */
  makeTable(name: string, rows: number): Promise<void>
  insert(name: string, id: number): Promise<void>
  remove(name: string, id: number): Promise<void>
  /** Gives the table another column. */
  alter(name: string): Promise<void>
  /** Writes something large that is none of ours, in another database of the server. */
  writeElsewhere(): Promise<void>
  /** Names of what the handle has at the source now. */
  leftovers(handle: string): Promise<string[]>
  /** How far back the source must keep its history for the handle; absent: it keeps nothing on our account. */
  keptSince?(handle: string): Promise<string>
  /** Takes the history away behind our back. */
  loseHistory(handle: string): Promise<void>
  /** What the source takes as the longest silence of a client; shorter than the tests'. */
  longestSilenceMs: number
  close(): Promise<void>
}
