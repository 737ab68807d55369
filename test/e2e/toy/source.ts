import { positionFrom } from "../../../src/domain/position.ts"
import { Problem } from "../../../src/domain/problems.ts"
import type { TableSchema } from "../../../src/domain/table.ts"
import type {
  ChangeStream,
  Snapshot,
  Source,
  StreamOptions,
} from "../../../src/replication/contracts/source.ts"
import { endRow, putInt32, putText } from "../../../src/replication/values/columns.ts"
import type { Shelf, ShelfChange } from "./shelf.ts"

const table: TableSchema = {
  id: "books",
  schema: "library",
  name: "books",
  columns: [
    { name: "id", type: { kind: "int32" }, sourceType: "number" },
    { name: "title", type: { kind: "text" }, sourceType: "string" },
  ],
  key: [0],
}

const positionOf = (length: number) => positionFrom(String(length))

/** The shelf as a source: what an adapter has to have, and nothing more. */
export function openShelfSource(shelf: Shelf): Source {
  return {
    preflight: async () => [],
    openSnapshot: async (_, select) => snapshotAt(shelf, shelf.history.length, select(table)),
    history: async () => "kept",
    stream: async (options) => startStream(shelf, options),
    tables: async (select) => ({ tables: [table].filter(select), refused: [] }),
    remove: async () => undefined,
    compare: (a, b) => Number(a) - Number(b),
    currentPosition: async () => positionOf(shelf.history.length),
    retention: async () => new Map(),
    parsePosition: (text) => (/^\d+$/.test(text) ? positionFrom(text) : undefined),
  }
}

function snapshotAt(shelf: Shelf, length: number, isSelected: boolean): Snapshot {
  const estimatedRows = shelf.books(length).length
  return {
    position: positionOf(length),
    tables: isSelected ? [{ schema: table, estimatedRows, chunks: [{ token: "all" }] }] : [],
    refused: [],
    async read(_, _chunk, rows, write) {
      for (const { id, title } of shelf.books(length)) {
        const [ids, titles] = rows.columns
        if (ids === undefined || titles === undefined) throw new Error("the buffer has other columns")
        putInt32(ids, id)
        putText(titles, title)
        endRow(rows)
      }
      if (rows.rows > 0) await write(rows)
    },
    readKeys: notComparable,
    digests: notComparable,
    rows: notComparable,
    close: async () => undefined,
  }
}

function notComparable(): never {
  throw new Problem("internal", "Toys are not compared.")
}

function startStream(shelf: Shelf, { from, tables, sink }: StreamOptions): ChangeStream {
  const ended = Promise.withResolvers<void>()
  let [carried] = tables
  let length = Number(from)
  let isPaused = false

  function tell(change: ShelfChange): void {
    if (carried === undefined) return
    const rows = sink.table(carried)
    const [ids, titles] = rows.columns
    if (ids === undefined || titles === undefined) throw new Error("the sink has other columns")
    putInt32(ids, change.kind === "put" ? change.book.id : change.id)
    putText(titles, change.kind === "put" ? change.book.title : "")
    rows.end(change.kind === "taken" ? "delete" : change.isNew ? "insert" : "update")
  }

  function pump(): void {
    for (; !isPaused && length < shelf.history.length; length++) {
      const change = shelf.history[length]
      if (change === undefined) return
      sink.begin()
      tell(change)
      sink.commit(positionOf(length + 1), Date.now())
    }
    sink.chunkDecoded()
  }

  const unfollow = shelf.follow(pump)
  setImmediate(pump)
  return {
    ended: ended.promise,
    acknowledge: () => undefined,
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      setImmediate(pump)
    },
    ask: () => sink.caughtUp(positionOf(length)),
    async include(_ids, _texts, prepare) {
      pump()
      prepare([table])
      carried = table
      return snapshotAt(shelf, length, true)
    },
    glimpse: notComparable,
    exclude: () => {
      carried = undefined
    },
    async stop() {
      unfollow()
      ended.resolve()
    },
  }
}
