/** Which tables a stream carries now, and where the rows of the log's numbered tables go. */
import type { TableSchema } from "../../../domain/table.ts"
import type { ChangeSink, TableSink } from "../../../replication/contracts/change-sink.ts"
import { textColumnsOf, withTextColumns } from "../../../replication/contracts/text-columns.ts"
import type { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import { type MyTable, tableId } from "../catalog.ts"
import type { Field } from "../types/fields.ts"
import { uint48 } from "../types/numbers.ts"
import type { LogEvent } from "./events.ts"
import { keyPlacesOf } from "./row-images.ts"
import { fitTable, namesOf, readTableMap } from "./table-map.ts"

/** A table that the stream carries. */
export interface StreamedTable {
  table: MyTable
  /** What is in the log before this weight is in the copy that the table came with. */
  from: number
  /** Where it became what it is: there, or by a statement behind it. */
  since: number
}

/** Where the rows of a numbered table go; `undefined`: nowhere. */
export interface Route {
  table: MyTable
  fields: Field[]
  keyPlaces: readonly number[] | undefined
  from: number
  /** Of the transaction `transaction`. */
  sink: TableSink | undefined
  transaction: number
}

/** The tables of one stream. */
export interface Carried {
  readonly sink: ChangeSink
  /** The server takes names of databases and tables without regard to case (lower_case_table_names). */
  readonly foldsNames: boolean
  /** By id. */
  readonly tables: Map<string, StreamedTable>
  /** By the log's number of a table: its map, and where its rows go. */
  readonly routes: Map<number, { map: Buffer; id: string; route: Route | undefined }>
}

const mostRoutes = 10_000

/** A map of a table comes before its rows: it gives a number to the table and says what its columns are. */
export function takeTableMap(carried: Carried, { bytes, start, end }: LogEvent, at: number): void {
  const { tables, routes } = carried
  const number = uint48(bytes, start)
  const known = routes.get(number)
  if (known !== undefined && isSame(known.map, bytes, start, end)) {
    // What was nobody's before `from` may be somebody's now.
    if (known.route !== undefined || !tables.has(known.id)) return
  }
  const { schema, name } = namesOf(bytes, start)
  const id = tableId(schema, name)
  if (routes.size >= mostRoutes) routes.clear()
  const map = Buffer.from(bytes.subarray(start, end))
  routes.set(number, { map, id, route: newRoute(carried, id, map, at) })
}

function newRoute(carried: Carried, id: string, map: Buffer, at: number): Route | undefined {
  const known = knownAt(carried, id, at)
  if (known === undefined) return undefined
  const fit = fitTable(known.table, readTableMap(map, 0, map.length))
  switch (fit.kind) {
    case "fits":
      return {
        table: known.table,
        fields: fit.fields,
        keyPlaces: keyPlacesOf(fit.fields, known.table.schema.key),
        from: known.from,
        sink: undefined,
        transaction: -1,
      }
    case "differs":
      changed(carried, id, at, fit.what)
      return undefined
  }
}

/** `undefined`: it is not carried, or its copy has what the log says here: before `from` it may have been another one. */
export function knownAt({ tables }: Carried, id: string, at: number): StreamedTable | undefined {
  const known = tables.get(id)
  return known === undefined || at < known.from ? undefined : known
}

/** The table became another one, in a way that its rows do not tell: it is let go of. */
export function changed(carried: Carried, id: string, at: number, what: string): void {
  const known = knownAt(carried, id, at)
  if (known === undefined) return
  exclude(carried, id)
  carried.sink.schemaChanged(known.table.schema, what)
}

/** A value came that its column cannot hold. */
export function letGoUnfit(carried: Carried, id: string, error: UnrepresentableValue): void {
  const known = carried.tables.get(id)
  if (known === undefined) return
  exclude(carried, id)
  const { schema, columns } = known.table
  carried.sink.unfit(schema, columns[error.column]?.name ?? "", error.message)
}

export function include(carried: Carried, table: MyTable, from: number): void {
  carried.tables.set(table.schema.id, { table, from, since: from })
  forgetRoutes(carried, table.schema.id)
}

export function exclude(carried: Carried, id: string): void {
  carried.tables.delete(id)
  forgetRoutes(carried, id)
}

/** Its next map makes its route anew. */
export function forgetRoutes({ routes }: Carried, id: string): void {
  for (const [number, known] of routes) if (known.id === id) routes.delete(number)
}

/** Whether a carried table is exactly this one, but for what it keeps as text. */
export function isAs(known: StreamedTable | undefined, now: TableSchema): boolean {
  if (known === undefined) return false
  const { schema } = known.table
  return JSON.stringify(withTextColumns(now, textColumnsOf(schema))) === JSON.stringify(schema)
}

/** Maps come with each transaction and are short: a loop beats the call into native code. */
function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
