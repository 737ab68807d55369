import type { ObservedTable } from "../../state/pipelines/observed-facts.ts"
import { tableFactsOf } from "./facts.ts"
import type { TableProgress } from "./table-progress.ts"

/** Which tables differ from when they were last told of. */
export interface ToldTables {
  /** Compares, without noting: what is told may not be written. */
  changed(tables: ReadonlyMap<string, TableProgress>): TableChanges
  noted(changes: TableChanges): void
}

export interface TableChanges {
  changedTables: ObservedTable[]
  /** Ids. */
  goneTables: string[]
  copies: Map<string, TableProgress>
}

export function newToldTables(): ToldTables {
  // Copies: a table's progress changes in place.
  const told = new Map<string, TableProgress>()
  return {
    changed(tables) {
      const copies = new Map<string, TableProgress>()
      for (const [id, table] of tables)
        if (!isSame(told.get(id), table)) copies.set(id, { ...table, keyColumns: [...table.keyColumns] })
      return {
        copies,
        changedTables: [...copies.values()].map(tableFactsOf),
        goneTables: [...told.keys()].filter((id) => !tables.has(id)),
      }
    },
    noted({ copies, goneTables }) {
      for (const [id, copy] of copies) told.set(id, copy)
      for (const id of goneTables) told.delete(id)
    },
  }
}

/** Field by field: thousands of tables are compared several times a second while one of them changes. */
function isSame(a: TableProgress | undefined, b: TableProgress): boolean {
  return (
    a !== undefined &&
    a.changes === b.changes &&
    a.lastLagMs === b.lastLagMs &&
    a.copiedRows === b.copiedRows &&
    a.estimatedRows === b.estimatedRows &&
    a.state === b.state &&
    a.reason === b.reason &&
    a.schema === b.schema &&
    a.name === b.name &&
    a.keepsVersions === b.keepsVersions &&
    a.verified === b.verified &&
    a.updatedAt.getTime() === b.updatedAt.getTime() &&
    isSameList(a.keyColumns, b.keyColumns)
  )
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}
