import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { positionFrom } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { Chunk, Snapshot } from "../contracts/source.ts"
import type { Destination, TableLoad } from "../contracts/warehouse.ts"
import { type CopyEvent, copySnapshot } from "./snapshot-copy.ts"

type Read = (chunk: string, signal: AbortSignal) => Promise<void>

function tableCalled(name: string): TableSchema {
  return { id: name, schema: "public", name, columns: [], key: undefined }
}

/** Tables and their chunks; `read` plays the source. */
function world(tables: Record<string, string[]>, read: Read) {
  const log: string[] = []
  const open = new Set<string>()
  const snapshot = {
    position: positionFrom("1"),
    refused: [],
    tables: Object.entries(tables).map(([name, chunks]) => ({
      schema: tableCalled(name),
      estimatedRows: 1,
      chunks: chunks.map((token) => ({ token })),
    })),
    read: (table: TableSchema, chunk: Chunk, _: unknown, __: unknown, signal: AbortSignal) =>
      read(`${table.name}/${chunk.token}`, signal),
    close: async () => undefined,
  } as Partial<Snapshot> as Snapshot
  const loadOf = (name: string): TableLoad => ({
    write: async () => undefined,
    settled: async () => undefined,
    apply: async () => undefined,
    finish: async () => void open.delete(name),
    close: () => undefined,
    abort: async () => {
      open.delete(name)
      log.push(`abort ${name}`)
    },
  })
  const destination = {
    capabilities: { caseSensitiveNames: true },
    copies: {
      async begin(table: TableSchema) {
        if (table.name === "refused") throw new Problem("tableFailed", "This name cannot be held.")
        open.add(table.name)
        return loadOf(table.name)
      },
      completeSnapshot: async () => undefined,
    },
  } as Partial<Destination> as Destination
  const copy = (signal = new AbortController().signal) =>
    copySnapshot({
      snapshot,
      destination,
      readers: 2,
      beside: [],
      onInvalidated: "endsAll",
      versionsSince: () => undefined,
      observe: () => undefined,
      onTable: (table: TableSchema, event: CopyEvent) => {
        if (event.kind === "finished" || event.kind === "failed") log.push(`${event.kind} ${table.name}`)
      },
      goLive: (_, load) => load.finish().then(() => true),
      signal,
    })
  return { copy, log, open }
}

/** As long as nobody gives up. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  await delay(60_000, undefined, { signal }).catch(() => undefined)
  throw new Problem("sourceUnreachable", "The connection was cut.")
}

test("a table that fails in one chunk fails alone, though another chunk of it is being read", async () => {
  const { copy, log, open } = world({ bad: ["1", "2"], good: ["1"] }, async (chunk, signal) => {
    if (chunk === "bad/1") return untilAborted(signal)
    if (chunk === "bad/2") throw new Problem("tableFailed", "It holds what cannot be held.")
  })
  const live = await copy()
  assert.deepEqual(
    live.map((table) => table.name),
    ["good"],
  )
  assert.deepEqual(log.sort(), ["abort bad", "failed bad", "finished good"])
  assert.deepEqual([...open], [])
})

test("a table that the warehouse refuses fails alone", async () => {
  const { copy, log } = world({ refused: ["1"], good: ["1"] }, async () => undefined)
  assert.deepEqual(
    (await copy()).map((table) => table.name),
    ["good"],
  )
  assert.deepEqual(log.sort(), ["failed refused", "finished good"])
})

test("when reading breaks, every reader has ended and every copy is taken back before it is told", async () => {
  let reading = 0
  const { copy, log, open } = world({ a: ["1"], b: ["1"], c: ["1"] }, async (chunk, signal) => {
    reading++
    try {
      if (chunk === "b/1") throw new Problem("sourceUnreachable", "The source is gone.")
      await untilAborted(signal)
    } finally {
      await delay(20)
      reading--
    }
  })
  await assert.rejects(copy(), { message: "The source is gone." })
  assert.equal(reading, 0)
  assert.deepEqual([...open], [])
  assert.deepEqual(log.sort(), ["abort a", "abort b"])
})

test("stopped from outside, no further chunk is begun", async () => {
  const stop = new AbortController()
  const begun: string[] = []
  const { copy } = world({ a: ["1", "2", "3"], b: ["1"] }, async (chunk, signal) => {
    begun.push(chunk)
    if (begun.length === 2) stop.abort()
    await untilAborted(signal)
  })
  await assert.rejects(copy(stop.signal), Problem)
  assert.equal(begun.length, 2)
})
