import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import { inflatePart } from "../types/compressed.ts"
import { uint16, uint48 } from "../types/numbers.ts"
import { rowEvents } from "./events.ts"
import {
  deleteRows,
  insertRows,
  newImage,
  partialUpdateRows,
  type RowTarget,
  readPresence,
  UntoldChange,
  updateRows,
} from "./row-images.ts"
import type { Route, StreamedTables } from "./streamed-tables.ts"

/** Puts the rows of events into the sink. */
export interface RowEvents {
  /** A transaction begins: sinks are asked for anew, and nothing is touched yet. */
  begin(): void
  /** Tables, by id, that the transaction has changed. */
  readonly touched: ReadonlySet<string>
  /** One event, without its header. `at`: weight before the transaction. Before it gives something it calls `giving`. */
  put(type: number, bytes: Buffer, start: number, end: number, at: number, giving: () => void): void
}

export function newRowEvents(carried: StreamedTables, sink: ChangeSink): RowEvents {
  const [before, after] = [newImage(), newImage()]
  const touched = new Set<string>()
  let transaction = 0

  function putRows(
    change: "insert" | "update" | "delete" | "partial",
    bytes: Buffer,
    start: number,
    end: number,
    { table, fields, keyPlaces, sink: into }: Route,
  ): void {
    if (into === undefined) return
    const target: RowTarget = { sink: into, fields, key: table.schema.key, keyPlaces }
    switch (change) {
      case "insert":
        return insertRows(bytes, start, end, target)
      case "delete":
        return deleteRows(bytes, start, end, target)
      case "update":
        return updateRows(bytes, start, end, target, before, after)
      case "partial":
        return partialUpdateRows(bytes, start, end, target, before, after)
    }
  }

  function putEvent(type: number, bytes: Buffer, start: number, end: number, at: number, route: Route): void {
    const event = rowEvents[type]
    if (event === undefined) return
    const { id } = route.table.schema
    const extra = event.extra ? uint16(bytes, start + 8) : 0
    const images = event.change === "update" || event.change === "partial" ? 2 : 1
    const present = readPresence(bytes, start + 8 + extra, route.fields.length, images)
    if (!present.isComplete)
      return carried.changed(id, at, "a row was logged without all its columns (binlog_row_image)")
    const body = event.packed ? inflatePart(bytes, present.at, end) : undefined
    if (body === undefined) putRows(event.change, bytes, present.at, end, route)
    else putRows(event.change, body, 0, body.length, route)
  }

  return {
    touched,
    begin() {
      transaction++
      if (touched.size > 0) touched.clear()
    },
    put(type, bytes, start, end, at, giving) {
      const route = carried.route(uint48(bytes, start), at)
      if (route === undefined) return
      const { id } = route.table.schema
      try {
        giving()
        touched.add(id)
        if (route.transaction !== transaction || route.sink === undefined) {
          route.transaction = transaction
          route.sink = sink.table(route.table.schema)
        }
        putEvent(type, bytes, start, end, at, route)
      } catch (error) {
        if (error instanceof UntoldChange) return carried.changed(id, at, error.message)
        if (!(error instanceof UnrepresentableValue)) throw error
        carried.unfit(id, error)
      }
    },
  }
}
