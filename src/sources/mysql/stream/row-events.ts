import type { ChangeSink, TableSink } from "../../../replication/contracts/change-sink.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import { inflatePart } from "../types/compressed.ts"
import { uint16, uint48 } from "../types/numbers.ts"
import { type LogEvent, type RowChange, rowEvents } from "./events.ts"
import {
  deleteRows,
  type EventRows,
  type Images,
  insertRows,
  newImage,
  partialUpdateRows,
  readPresence,
  UntoldChange,
  updateRows,
} from "./row-images.ts"
import type { StreamedTables } from "./streamed-tables.ts"
import type { Route } from "./table-routes.ts"

/** Puts the rows of events into the sink. */
export interface RowEvents {
  /** A transaction begins: sinks are asked for anew, and nothing is touched yet. */
  begin(): void
  /** Tables, by id, that the transaction has changed. */
  readonly touched: ReadonlySet<string>
  /** One event. `at`: weight before the transaction. Before it gives something it calls `giving`. */
  put(event: LogEvent, at: number, giving: () => void): void
}

export function newRowEvents(carried: StreamedTables, sink: ChangeSink): RowEvents {
  const images = { before: newImage(), after: newImage() }
  const touched = new Set<string>()
  let transaction = 0
  return {
    touched,
    begin() {
      transaction++
      if (touched.size > 0) touched.clear()
    },
    put(event, at, giving) {
      const route = carried.route(uint48(event.bytes, event.start), at)
      if (route === undefined) return
      const { id } = route.table.schema
      try {
        giving()
        touched.add(id)
        if (route.transaction !== transaction || route.sink === undefined) {
          route.transaction = transaction
          route.sink = sink.table(route.table.schema)
        }
        if (putRows(event, route, route.sink, images) === "columnsMissing")
          carried.changed(id, at, "a row was logged without all its columns (binlog_row_image)")
      } catch (error) {
        if (error instanceof UntoldChange) return carried.changed(id, at, error.message)
        if (!(error instanceof UnrepresentableValue)) throw error
        carried.unfit(id, error)
      }
    },
  }
}

/** Decodes the rows of an event into `sink`, unless they were logged without all columns. */
function putRows(
  { type, bytes, start, end }: LogEvent,
  { table, fields, keyPlaces }: Route,
  sink: TableSink,
  images: Images,
): "put" | "columnsMissing" {
  const event = rowEvents[type]
  if (event === undefined) return "put"
  const extra = event.extra ? uint16(bytes, start + 8) : 0
  const imagesPerRow = event.change === "update" || event.change === "partial" ? 2 : 1
  const { at, isComplete } = readPresence(bytes, start + 8 + extra, fields.length, imagesPerRow)
  if (!isComplete) return "columnsMissing"
  const inflated = event.packed ? inflatePart(bytes, at, end) : undefined
  const rows = { bytes, end, sink, fields, key: table.schema.key, keyPlaces }
  if (inflated === undefined) putImages(event.change, rows, at, images)
  else putImages(event.change, { ...rows, bytes: inflated, end: inflated.length }, 0, images)
  return "put"
}

/** `start`: where the first row begins. */
function putImages(change: RowChange, rows: EventRows, start: number, images: Images): void {
  switch (change) {
    case "insert":
      return insertRows(rows, start)
    case "delete":
      return deleteRows(rows, start)
    case "update":
      return updateRows(rows, start, images)
    case "partial":
      return partialUpdateRows(rows, start, images)
  }
}
