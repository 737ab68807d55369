import type { _Record } from "@aws-sdk/client-dynamodb-streams"
import { pause } from "../../concurrency/deadline.ts"
import { Problem } from "../../domain/problems.ts"
import type { ChangeSink } from "../../replication/contracts/change-sink.ts"
import type { ChangeStream } from "../../replication/contracts/source.ts"
import { UnrepresentableColumn } from "../../replication/contracts/text-columns.ts"
import { type DynamoTable, keptAsText, readTable } from "./catalog.ts"
import type { Clients } from "./client.ts"
import { problemOf } from "./errors.ts"
import { type Before, digestsOfMoment, noteBefore } from "./glimpse.ts"
import { openLateSnapshot, snapshotOf } from "./late-snapshot.ts"
import { type Place, positionOf, tickAt } from "./position.ts"
import { putItem, putKeyOnly } from "./rows.ts"
import { type EndIterators, madeAtMs, newShardReader, type Page, type ShardReader } from "./shard-reader.ts"
import { listShards, readable, type ShardList } from "./shards.ts"

export interface StartStream {
  clients: Clients
  place: Place
  /** The table, when the warehouse holds it as it is. */
  carried: DynamoTable | undefined
  sink: ChangeSink
  ends: EndIterators
}

/** DynamoDB lets five reads a second of a shard pass. */
const idleMs = 200
const listEveryMs = 30_000
const readersAtOnce = 8
/** What was written is in the stream after this, at the latest. */
const arrivesWithinMs = 500
/** What a read brings at most is 1,000 records or 1 MiB: less than half of either, and it has come to the end. */
const shortPage = { records: 500, bytes: 512 * 1024 }
/** A read may end early all the same; two in a row are taken at their word. */
const shortRoundsOfAnEnd = 2

interface Streaming extends StartStream {
  readers: Map<string, ShardReader>
  /** Glimpses that are open. */
  befores: Set<Before>
  waiting: Set<{ tick: number; resolve: () => void }>
  /** The last round that came to the end of the stream began then; 0: there was none yet. */
  caughtUpAtMs: number
  shortRounds: number
  listedAtMs: number
  /** While a round runs: when it began, or the last answer came. */
  waitingSinceMs: number | undefined
  list: ShardList
  stop: AbortController
  /** A delivery failed halfway: what other shards bring is not to be delivered behind it. */
  isBroken: boolean
  pausing: PromiseWithResolvers<void> | undefined
  wake: () => void
}

export function startStream(options: StartStream): ChangeStream {
  const streaming: Streaming = {
    ...options,
    readers: new Map(),
    befores: new Set(),
    waiting: new Set(),
    caughtUpAtMs: 0,
    shortRounds: 0,
    listedAtMs: Number.NEGATIVE_INFINITY,
    waitingSinceMs: undefined,
    list: { isEnabled: true, shards: [] },
    stop: new AbortController(),
    isBroken: false,
    pausing: undefined,
    wake: () => undefined,
  }
  const ended = run(streaming)
  // The pipeline awaits `ended`; until it does, a break must not count as unhandled.
  ended.catch(() => undefined)
  return {
    ended,
    // DynamoDB keeps 24 hours, whether they have been read or not.
    acknowledge: () => undefined,
    pause: () => {
      streaming.pausing ??= Promise.withResolvers()
    },
    resume: () => {
      streaming.pausing?.resolve()
      streaming.pausing = undefined
    },
    ask: () => streaming.wake(),
    overdueMs: () =>
      streaming.waitingSinceMs === undefined ? 0 : performance.now() - streaming.waitingSinceMs,
    async include(ids, texts, prepare) {
      const table = await currentTable(options.clients, ids)
      streaming.carried = keptAsText(table, texts)
      prepare([streaming.carried.schema])
      return openLateSnapshot(options.clients, streaming.carried)
    },
    glimpse: (ids, reached) => openGlimpse(streaming, ids, reached),
    exclude: (id) => {
      if (streaming.carried?.schema.id === id) streaming.carried = undefined
    },
    async stop() {
      streaming.stop.abort()
      streaming.pausing?.resolve()
      streaming.wake()
      await ended.catch(() => undefined)
    },
  }
}

async function currentTable(clients: Clients, ids: ReadonlySet<string>): Promise<DynamoTable> {
  const table = await readTable(clients)
  if (table !== undefined && ids.has(table.schema.id)) return table
  throw new Problem("sourceBusy", `The table ${clients.address.tableName} has just been replaced or deleted.`)
}

async function openGlimpse(streaming: Streaming, ids: ReadonlySet<string>, reached: () => void) {
  const { clients, carried, place } = streaming
  if (carried === undefined || !ids.has(carried.schema.id))
    throw new Problem("sourceBusy", `The table ${clients.address.tableName} is being copied.`)
  const before: Before = { images: new Map(), isUnknown: false }
  streaming.befores.add(before)
  const position = positionOf(place)
  reached()
  return snapshotOf(clients, carried, {
    ...digestsOfMoment(clients, carried, before, (tick) => whenPassed(streaming, tick)),
    position,
    close: async () => void streaming.befores.delete(before),
  })
}

function whenPassed(streaming: Streaming, tick: number): Promise<void> {
  if (streaming.place.tick >= tick) return Promise.resolve()
  return new Promise((resolve, reject) => {
    streaming.waiting.add({ tick, resolve })
    streaming.stop.signal.addEventListener("abort", () =>
      reject(new Problem("sourceBusy", "The comparison was given up: the pipeline stopped.")),
    )
  })
}

async function run(streaming: Streaming): Promise<void> {
  const { signal } = streaming.stop
  try {
    while (!signal.aborted) {
      await streaming.pausing?.promise
      if (!signal.aborted) await round(streaming)
    }
  } catch (error) {
    if (!signal.aborted) throw problemOf(error, "streaming changes")
  } finally {
    streaming.stop.abort()
  }
}

/** Reads a page of every shard that may be read. */
async function round(streaming: Streaming): Promise<void> {
  const startedMs = Date.now()
  streaming.waitingSinceMs = performance.now()
  await lookAtShards(streaming, startedMs)
  const waiting = readable(streaming.place.shards, streaming.list.shards)
  if (waiting.length === 0 && !streaming.list.isEnabled) throw switchedOff(streaming)
  let isQuiet = true
  let isShort = true
  const reader = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const page = await readerOf(streaming, id).next(streaming.stop.signal)
      streaming.waitingSinceMs = performance.now()
      if (streaming.stop.signal.aborted || streaming.isBroken) return
      if (page.records.length > 0 || page.isLast) isQuiet = false
      if (page.isLast || !isShortPage(page)) isShort = false
      streaming.isBroken = true
      deliver(streaming, id, page, startedMs)
      streaming.isBroken = false
    }
  }
  await Promise.all(Array.from({ length: readersAtOnce }, reader))
  streaming.waitingSinceMs = undefined
  if (streaming.stop.signal.aborted) return
  streaming.shortRounds = isShort ? streaming.shortRounds + 1 : 0
  if (streaming.shortRounds >= shortRoundsOfAnEnd) caughtUp(streaming, startedMs)
  if (isQuiet) await idle(streaming)
}

function isShortPage({ records }: Page): boolean {
  const bytes = records.reduce((sum, { dynamodb }) => sum + (dynamodb?.SizeBytes ?? 0), 0)
  return records.length < shortPage.records && bytes < shortPage.bytes
}

function switchedOff({ clients }: Streaming): Problem {
  return new Problem(
    "sourceSettings",
    `The stream of the table ${clients.address.tableName} was switched off. Everything that it told has been read.`,
  )
}

async function lookAtShards(streaming: Streaming, nowMs: number): Promise<void> {
  const isDue = Math.abs(nowMs - streaming.listedAtMs) >= listEveryMs
  if (!isDue) return
  const list = await listShards(streaming.clients, streaming.place.streamArn)
  if (list === undefined) throw new Problem("sourceHistoryLost", "The table's stream is gone.")
  streaming.list = list
  streaming.listedAtMs = nowMs
}

function readerOf(streaming: Streaming, id: string): ShardReader {
  const { readers, clients, place, ends } = streaming
  const known = readers.get(id)
  if (known !== undefined) return known
  const at = () => place.shards.get(id) ?? { kind: "since" as const, ms: 0 }
  const reader = newShardReader(clients, place.streamArn, id, at, ends)
  readers.set(id, reader)
  return reader
}

/** What one read brought is handed on as one transaction: DynamoDB's own are not told. */
function deliver(streaming: Streaming, id: string, { records, isLast }: Page, startedMs: number): void {
  const { place, sink } = streaming
  const last = records.at(-1)?.dynamodb?.SequenceNumber
  if (last !== undefined) place.shards.set(id, { kind: "after", sequenceNumber: last })
  else if (place.shards.get(id)?.kind === "since") place.shards.set(id, { kind: "since", ms: startedMs })
  if (isLast) {
    place.shards.set(id, { kind: "end" })
    streaming.readers.delete(id)
    // Its children can be read now.
    streaming.listedAtMs = Number.NEGATIVE_INFINITY
  }
  if (records.length === 0) return
  sink.begin()
  for (const record of records) deliverRecord(streaming, record)
  place.tick++
  sink.commit(positionOf(place), committedAtMs(streaming, records[0]))
  sink.chunkDecoded()
}

/** Not before a round that came to the end, not after now: closer than DynamoDB's own word, which is of whole minutes. */
function committedAtMs({ caughtUpAtMs }: Streaming, first: _Record | undefined): number {
  const toldMs = first === undefined ? 0 : madeAtMs(first)
  return Math.min(Date.now(), Math.max(toldMs, caughtUpAtMs))
}

function deliverRecord(streaming: Streaming, { eventName, dynamodb }: _Record): void {
  const { carried: table, sink, befores } = streaming
  const key = dynamodb?.Keys
  if (table === undefined || key === undefined) return
  const tellsOld = dynamodb?.StreamViewType === "NEW_AND_OLD_IMAGES"
  for (const before of befores) noteBefore(before, table, key, dynamodb?.OldImage, tellsOld)
  try {
    const to = sink.table(table.schema)
    if (eventName === "REMOVE") {
      putKeyOnly(table, to.columns, to.row, key)
      to.end("delete")
    } else {
      putItem(table, to.columns, to.row, dynamodb?.NewImage ?? key)
      // Also for a new item: a record may be told again, and the copy may have the item already.
      to.end("update")
    }
  } catch (error) {
    if (!(error instanceof UnrepresentableColumn)) throw error
    streaming.carried = undefined
    sink.unfit(table.schema, error.column, error.what)
  }
}

/** Everything written before that round began has been told. */
function caughtUp(streaming: Streaming, startedMs: number): void {
  const { place, sink, waiting } = streaming
  streaming.caughtUpAtMs = startedMs
  const tick = tickAt(startedMs - arrivesWithinMs)
  if (tick <= place.tick) return
  place.tick = tick
  sink.caughtUp(positionOf(place))
  sink.chunkDecoded()
  for (const one of waiting) {
    if (one.tick > tick) continue
    waiting.delete(one)
    one.resolve()
  }
}

async function idle(streaming: Streaming): Promise<void> {
  const woken = new AbortController()
  streaming.wake = () => woken.abort()
  await pause(idleMs, woken.signal)
}
