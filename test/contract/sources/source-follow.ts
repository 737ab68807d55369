import assert from "node:assert/strict"
import type { Position } from "../../../src/domain/position.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type { ChangeStream, Snapshot, TableSelection } from "../../../src/replication/contracts/source.ts"
import { newRowBuffer, resetRows } from "../../../src/replication/values/columns.ts"
import { firstNumbers, type RecordingSink, recordingSink, type SeenChange } from "./source-sink.ts"
import type { SourceUnderTest } from "./source-under-test.ts"

/** A source followed from now on, as a pipeline follows it. */
export interface Followed {
  /** Of all tables, those that are copied beside the stream among them. */
  tables: TableSchema[]
  /** Where the stream began. */
  from: Position
  /** Ids of the rows that were copied, by the name of their table. */
  copied: Map<string, number[]>
  sink: RecordingSink
  stream: ChangeStream
}

export async function follow(
  { source, traits }: SourceUnderTest,
  handle: string,
  select: TableSelection = () => true,
): Promise<Followed> {
  const snapshot = await source.openSnapshot(handle, select, new Map())
  const later = snapshot.later ?? []
  assert.equal(later.length > 0 && snapshot.tables.length > 0, false, "one way of copying")
  const copied = await readAll(snapshot)
  await snapshot.close()
  const tables = [...snapshot.tables.map(({ schema }) => schema), ...later]
  const from = snapshot.position
  const sink = recordingSink()
  const stream = await source.stream({ handle, from, select, tables, sink })
  if (traits.copies === "beside the stream")
    for (const [name, ids] of await copyBeside(stream, sink, later)) copied.set(name, ids)
  assert.deepEqual([...copied.keys()].sort(), tables.map(({ name }) => name).sort())
  return { tables, from, copied, sink, stream }
}

/** The stream says that it does not carry these tables yet, and from `include` on carries them. */
async function copyBeside(stream: ChangeStream, sink: RecordingSink, later: TableSchema[]) {
  const told = sink.changed.splice(0).map((text) => text.split(":")[0])
  assert.deepEqual(
    told,
    later.map(({ name }) => name),
  )
  if (later.length === 0) return new Map<string, number[]>()
  let prepared: TableSchema[] = []
  const snapshot = await stream.include(new Set(later.map(({ id }) => id)), new Map(), (tables) => {
    prepared = tables
  })
  assert.deepEqual(prepared, later)
  const copied = await readAll(snapshot)
  await snapshot.close()
  return copied
}

async function readAll(snapshot: Snapshot): Promise<Map<string, number[]>> {
  const copied = new Map<string, number[]>()
  for (const { schema } of snapshot.tables) copied.set(schema.name, await idsOf(snapshot, schema))
  return copied
}

async function idsOf(snapshot: Snapshot, schema: TableSchema): Promise<number[]> {
  const ids: number[] = []
  const { signal } = new AbortController()
  for (const chunk of snapshot.tables.find((one) => one.schema === schema)?.chunks ?? []) {
    const rows = newRowBuffer(schema.columns.map((column) => column.type))
    const write = async (full: typeof rows) => {
      ids.push(...firstNumbers(full, full.rows))
      resetRows(full)
      return full
    }
    await snapshot.read(schema, chunk, rows, write, signal)
  }
  return ids
}

/** The rows that a warehouse has of one table when the changes have been applied to the copy. */
export function applied(copied: readonly number[], changes: readonly SeenChange[]): number[] {
  const ids = new Set(copied)
  for (const { kind, id } of changes) {
    if (kind === "delete" || kind === "moveFrom") ids.delete(id)
    else if (kind === "truncate") ids.clear()
    else ids.add(id)
  }
  return [...ids].sort((a, b) => a - b)
}
