import type { TableName, TableSchema } from "../../../domain/table.ts"
import type { ChangeSink, TableSink } from "../../../replication/contracts/change-sink.ts"
import { textColumnsOf, withTextColumns } from "../../../replication/contracts/text-columns.ts"
import type { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import { type Catalog, type MyTable, tableId } from "../catalog.ts"
import { evolve } from "../statements/evolve.ts"
import type { Statement, TableChange } from "../statements/statements.ts"
import type { Field } from "../types/fields.ts"
import { uint48 } from "../types/numbers.ts"
import { keyPlacesOf } from "./row-images.ts"
import { fitTable, namesOf, readTableMap } from "./table-map.ts"

/** A table that the stream carries. */
interface StreamedTable {
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

/** The tables that a stream carries, and how the log's statements change them. `at`: weight before the transaction. */
export interface StreamedTables {
  tableMap(bytes: Buffer, start: number, end: number, at: number): void
  /** `undefined`: not ours, or its rows are in its copy already. */
  route(number: number, at: number): Route | undefined
  /** Applies a statement that changes what tables are. Before it gives something to the sink it calls `giving`. */
  statement(statement: Statement, at: number, giving: () => void): void
  changed(id: string, at: number, what: string): void
  /** A value came that its column cannot hold. */
  unfit(id: string, error: UnrepresentableValue): void
  everythingChanged(at: number, what: string): void
  include(table: MyTable, from: number): void
  exclude(id: string): void
  /** Whether it carries the table exactly as this, but for what it keeps as text. */
  carries(table: TableSchema): boolean
  /**
   * Between transactions, when all is read that a look at the catalog may have seen: lets go of those of the tables `ids`
   * that are others than it showed, unless they became so behind `since`, where the look began.
   */
  settle(ids: readonly string[], since: number, current: Catalog): void
}

const mostRoutes = 10_000

/** `foldsNames`: the server takes names of databases and tables without regard to case (lower_case_table_names). */
export function newStreamedTables(
  tables: readonly MyTable[],
  sink: ChangeSink,
  foldsNames: boolean,
): StreamedTables {
  const carried = new Map<string, StreamedTable>(
    tables.map((table) => [table.schema.id, { table, from: 0, since: 0 }]),
  )
  /** By the log's number of a table: its map, and where its rows go. */
  const routes = new Map<number, { map: Buffer; id: string; route: Route | undefined }>()

  function forgetRoutes(id: string): void {
    for (const [number, known] of routes) if (known.id === id) routes.delete(number)
  }

  function changed(id: string, at: number, what: string): void {
    const known = carried.get(id)
    if (known === undefined || at < known.from) return
    exclude(id)
    sink.schemaChanged(known.table.schema, what)
  }

  function exclude(id: string): void {
    carried.delete(id)
    forgetRoutes(id)
  }

  function unfit(id: string, error: UnrepresentableValue): void {
    const known = carried.get(id)
    if (known === undefined) return
    exclude(id)
    const { schema, columns } = known.table
    sink.unfit(schema, columns[error.column]?.name ?? "", error.message)
  }

  function newRoute(id: string, bytes: Buffer, start: number, end: number, at: number): Route | undefined {
    const known = carried.get(id)
    // Before `from` it may well have been otherwise.
    if (known === undefined || at < known.from) return undefined
    const fit = fitTable(known.table, readTableMap(bytes, start, end))
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
        changed(id, at, fit.what)
        return undefined
    }
  }

  const isName = (a: string, b: string) => a === b || (foldsNames && folded(a) === folded(b))

  /** Of a table as a statement names it. */
  function idOf({ schema, name }: TableName): string {
    const id = tableId(schema, name)
    if (!foldsNames || carried.has(id)) return id
    const known = [...carried.values()].find(
      ({ table }) => isName(table.schema.schema, schema) && isName(table.schema.name, name),
    )
    return known?.table.schema.id ?? id
  }

  function redefined(names: readonly TableName[], at: number): void {
    for (const name of names) changed(idOf(name), at, `it was defined anew`)
  }

  function altered(id: string, changes: readonly TableChange[], at: number, giving: () => void): void {
    const known = carried.get(id)
    if (known === undefined || at < known.from) return
    const evolution = evolve(known.table, changes)
    switch (evolution.kind) {
      case "same":
        return
      case "beside":
        return changed(id, at, evolution.reason)
      case "altered": {
        giving()
        const { to, origins } = evolution
        forgetRoutes(id)
        const isTaken = sink.altered({ from: known.table.schema, to: to.schema, origins, fill: undefined })
        if (isTaken) carried.set(id, { ...known, table: to, since: at })
        else carried.delete(id)
      }
    }
  }

  function gone(id: string, at: number): void {
    const known = carried.get(id)
    if (known === undefined || at < known.from) return
    exclude(id)
    sink.dropped(known.table.schema)
  }

  return {
    tableMap(bytes, start, end, at) {
      const number = uint48(bytes, start)
      const known = routes.get(number)
      if (known !== undefined && isSame(known.map, bytes, start, end)) {
        // What was nobody's before `from` may be somebody's now.
        if (known.route !== undefined || !carried.has(known.id)) return
      }
      const { schema, name } = namesOf(bytes, start)
      const id = tableId(schema, name)
      if (routes.size >= mostRoutes) routes.clear()
      const map = Buffer.from(bytes.subarray(start, end))
      routes.set(number, { map, id, route: newRoute(id, bytes, start, end, at) })
    },
    route(number, at) {
      const route = routes.get(number)?.route
      return route === undefined || at < route.from ? undefined : route
    },
    statement(statement, at, giving) {
      switch (statement.kind) {
        case "truncate":
          for (const name of statement.tables) {
            const known = carried.get(idOf(name))
            if (known === undefined || at < known.from) continue
            giving()
            sink.truncate(known.table.schema)
          }
          return
        case "alter":
          return altered(idOf(statement.table), statement.changes, at, giving)
        case "redefine":
          redefined(statement.tables, at)
          for (const name of statement.gone) gone(idOf(name), at)
          return
        case "dropSchema":
          for (const { table } of [...carried.values()])
            if (isName(table.schema.schema, statement.schema)) gone(table.schema.id, at)
          return
        default:
          return
      }
    },
    changed,
    unfit,
    everythingChanged(at, what) {
      for (const id of [...carried.keys()]) changed(id, at, what)
    },
    include(table, from) {
      carried.set(table.schema.id, { table, from, since: from })
      forgetRoutes(table.schema.id)
    },
    exclude,
    carries: (table) => isAs(carried.get(table.id), table),
    settle(ids, since, { tables, refused }) {
      for (const id of ids) {
        const known = carried.get(id)
        const now = tables.find(({ schema }) => schema.id === id)
        if (known === undefined || known.since >= since || (now && isAs(known, now.schema))) continue
        exclude(id)
        const isThere = now !== undefined || refused.some((table) => table.id === id)
        if (isThere) sink.schemaChanged(known.table.schema, "its definition changed")
        else sink.dropped(known.table.schema)
      }
    },
  }
}

/** Character by character, as the servers fold: none becomes two. */
function folded(name: string): string {
  return Array.from(name, (character) => Array.from(character.toLowerCase())[0]).join("")
}

function isAs(known: StreamedTable | undefined, now: TableSchema): boolean {
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
