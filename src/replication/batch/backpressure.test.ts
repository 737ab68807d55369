import assert from "node:assert/strict"
import { test } from "node:test"
import { positionFrom } from "../../domain/position.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { ChangeStream } from "../contracts/source.ts"
import type { Batch, Destination, StagedPart } from "../contracts/warehouse.ts"
import { type ColumnBuffer, putInt32 } from "../values/columns.ts"
import { applyBatches } from "./apply-loop.ts"
import { newBackpressure } from "./backpressure.ts"
import { Batcher } from "./batcher.ts"

const partRows = 100_000

function tableCalled(name: string): TableSchema {
  const column = { name: "id", type: { kind: "int32" }, sourceType: "integer" } as const
  return { id: name, schema: "public", name, columns: [column], key: [0] }
}

/** A destination whose writing to staging takes as long as the test says. */
const deaf = { refusal: () => undefined, altered: () => undefined, dropped: () => undefined }

function slowDestination() {
  const staging: { rows: number; done: () => void }[] = []
  const applied: Batch[] = []
  const unused = () => Promise.reject(new Error("not part of this test"))
  const destination: Destination = {
    capabilities: { caseSensitiveNames: true },
    rows: {
      stage: (_, rows) =>
        new Promise<StagedPart>((resolve) => {
          const part = { token: String(staging.length), rows: rows.rows, bytes: rows.rows * 4 }
          staging.push({ rows: rows.rows, done: () => resolve(part) })
        }),
      stageCommits: unused,
      stageRows: unused,
      apply: async (batch) => void applied.push(batch),
      mend: unused,
    },
    copies: { begin: unused, completeSnapshot: unused },
    notes: {
      position: unused,
      advance: async () => undefined,
      forget: unused,
      textColumns: unused,
      noteTextColumns: unused,
      versions: unused,
      switchVersions: unused,
    },
    inspection: { refusal: () => undefined, tables: unused, held: unused, view: unused },
    close: async () => undefined,
  }
  return { destination, staging, applied }
}

const stream: ChangeStream = {
  ended: Promise.resolve(),
  acknowledge: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  ask: () => undefined,
  include: () => Promise.reject(new Error("not part of this test")),
  glimpse: () => Promise.reject(new Error("not part of this test")),
  exclude: () => undefined,
  stop: async () => undefined,
}

function newWorld() {
  const world = slowDestination()
  const holds: boolean[] = []
  const failures: unknown[] = []
  const flow = newBackpressure({
    destination: world.destination,
    hold: (held) => holds.push(held),
    failed: (error) => failures.push(error),
  })
  const compare = (a: string, b: string) => Number(a) - Number(b)
  const batcher = new Batcher({ ...flow, ...deaf, rests: () => false, compare }, positionFrom("0"))
  const applying = () =>
    applyBatches({
      destination: world.destination,
      batcher,
      stream,
      observe: () => undefined,
      onApplied: () => undefined,
      onStale: () => undefined,
    })
  return { ...world, batcher, holds, failures, applying }
}

function insert(batcher: Batcher, table: TableSchema, rows: number): void {
  const sink = batcher.table(table)
  for (let row = 0; row < rows; row++) {
    putInt32(sink.columns[0] as ColumnBuffer, row)
    sink.end("insert")
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test("a batch waits for rows that flow control is still writing", async () => {
  const { batcher, staging, applied, applying } = newWorld()
  batcher.begin()
  insert(batcher, tableCalled("t"), partRows)
  batcher.commit(positionFrom("1"), 1)
  batcher.chunkDecoded()
  assert.equal(staging.length, 1, "spilling has begun")
  // The warehouse becomes free in the midst of it.
  const ended = applying()
  await turn()
  assert.equal(applied.length, 0)
  staging[0]?.done()
  await turn()
  await turn()
  assert.deepEqual(
    applied.map((batch) => batch.tables.map((table) => table.parts.map((part) => part.rows))),
    [[[partRows]]],
  )
  batcher.close()
  await ended
})

test("reading stops while rows are written, and goes on after", async () => {
  const { batcher, staging, holds } = newWorld()
  batcher.begin()
  insert(batcher, tableCalled("t"), partRows)
  batcher.chunkDecoded()
  assert.equal(holds.at(-1), true)
  staging[0]?.done()
  await turn()
  assert.equal(holds.at(-1), false)
})

test("many small tables are spilled too: memory stays bounded", async () => {
  const { batcher, staging, failures } = newWorld()
  batcher.begin()
  // Each stays below the size worth a file of its own.
  for (let number = 0; number < 60; number++) insert(batcher, tableCalled(`t${number}`), 95_000)
  batcher.chunkDecoded()
  for (let done = 0; done < 60; done++) {
    staging[done]?.done()
    await turn()
  }
  let left = 0
  for (const changes of batcher.gathering()) left += changes.bytes
  assert.ok(staging.length > 0, "something was spilled")
  assert.ok(left < 48 * 2 ** 20, `${left} bytes are left in memory`)
  assert.deepEqual(failures, [])
})

test("what a source says it has reached never leads backwards", async () => {
  const { batcher } = newWorld()
  const first = batcher.next()
  batcher.begin()
  batcher.commit(positionFrom("100"), 1)
  batcher.chunkDecoded()
  assert.equal((await first)?.kind, "batch")
  const second = batcher.next()
  // A server that reads its log again, from before what we have, says where it is.
  batcher.caughtUp(positionFrom("50"))
  batcher.advance()
  batcher.caughtUp(positionFrom("120"))
  batcher.advance()
  assert.deepEqual(await second, { kind: "advance", position: "120" })
})

test("before the first change, progress is counted from where the stream begins", async () => {
  const compare = (a: string, b: string) => Number(a) - Number(b)
  const hooks = {
    ...deaf,
    chunkDecoded: () => undefined,
    handedOver: () => undefined,
    rests: () => false,
    compare,
  }
  const batcher = new Batcher(hooks, positionFrom("100"))
  const next = batcher.next()
  batcher.caughtUp(positionFrom("99"))
  batcher.advance()
  batcher.caughtUp(positionFrom("101"))
  batcher.advance()
  assert.deepEqual(await next, { kind: "advance", position: "101" })
})
