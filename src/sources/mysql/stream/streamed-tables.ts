import type { TableSchema } from "../../../domain/table.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { MyTable } from "../catalog.ts"
import type { Statement } from "../statements/statements.ts"
import type { LogEvent } from "./events.ts"
import {
  type Carried,
  changed,
  exclude,
  include,
  isAs,
  letGoUnfit,
  type Route,
  takeTableMap,
} from "./table-routes.ts"
import { type CatalogLook, type StatementPlace, settle, takeStatement } from "./table-statements.ts"

/** The tables that a stream carries, and how the log's statements change them. `at`: weight before the transaction. */
export interface StreamedTables {
  tableMap(event: LogEvent, at: number): void
  /** `undefined`: not ours, or its rows are in its copy already. */
  route(number: number, at: number): Route | undefined
  /** Applies a statement that changes what tables are. */
  statement(statement: Statement, place: StatementPlace): void
  changed(id: string, at: number, what: string): void
  /** A value came that its column cannot hold. */
  unfit(id: string, error: UnrepresentableValue): void
  everythingChanged(at: number, what: string): void
  include(table: MyTable, from: number): void
  exclude(id: string): void
  /** Whether it carries the table exactly as this, but for what it keeps as text. */
  carries(table: TableSchema): boolean
  /** As `settle` of `table-statements.ts`. */
  settle(ids: readonly string[], look: CatalogLook): void
}

/** `foldsNames`: the server takes names of databases and tables without regard to case (lower_case_table_names). */
export function newStreamedTables(
  tables: readonly MyTable[],
  sink: ChangeSink,
  { foldsNames }: { foldsNames: boolean },
): StreamedTables {
  const carried: Carried = {
    sink,
    foldsNames,
    tables: new Map(tables.map((table) => [table.schema.id, { table, from: 0, since: 0 }])),
    routes: new Map(),
  }
  return {
    tableMap: (event, at) => takeTableMap(carried, event, at),
    route(number, at) {
      const route = carried.routes.get(number)?.route
      return route === undefined || at < route.from ? undefined : route
    },
    statement: (statement, place) => takeStatement(carried, statement, place),
    changed: (id, at, what) => changed(carried, id, at, what),
    unfit: (id, error) => letGoUnfit(carried, id, error),
    everythingChanged(at, what) {
      for (const id of [...carried.tables.keys()]) changed(carried, id, at, what)
    },
    include: (table, from) => include(carried, table, from),
    exclude: (id) => exclude(carried, id),
    carries: (table) => isAs(carried.tables.get(table.id), table),
    settle: (ids, look) => settle(carried, ids, look),
  }
}
