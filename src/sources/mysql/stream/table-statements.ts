/** What statements of the log, and a look at the catalog, do to the tables that a stream carries. */
import type { TableName } from "../../../domain/table.ts"
import { type Catalog, tableId } from "../catalog.ts"
import { evolve } from "../statements/evolve.ts"
import type { Statement, TableChange } from "../statements/statements.ts"
import { type Carried, changed, exclude, forgetRoutes, isAs, knownAt } from "./table-routes.ts"

/** Where a statement stands in the log. */
export interface StatementPlace {
  /** Weight before its transaction. */
  at: number
  /** Called before something is given to the sink. */
  giving(): void
}

/** Applies a statement that changes what tables are. */
export function takeStatement(carried: Carried, statement: Statement, place: StatementPlace): void {
  const { at } = place
  switch (statement.kind) {
    case "truncate":
      for (const name of statement.tables) truncated(carried, idOf(carried, name), place)
      return
    case "alter":
      return altered(carried, idOf(carried, statement.table), statement.changes, place)
    case "redefine":
      for (const name of statement.tables) changed(carried, idOf(carried, name), at, `it was defined anew`)
      for (const name of statement.gone) gone(carried, idOf(carried, name), at)
      return
    case "dropSchema":
      for (const { table } of [...carried.tables.values()])
        if (isName(carried, table.schema.schema, statement.schema)) gone(carried, table.schema.id, at)
      return
    default:
      return
  }
}

function truncated(carried: Carried, id: string, { at, giving }: StatementPlace): void {
  const known = knownAt(carried, id, at)
  if (known === undefined) return
  giving()
  carried.sink.truncate(known.table.schema)
}

function altered(
  carried: Carried,
  id: string,
  changes: readonly TableChange[],
  { at, giving }: StatementPlace,
): void {
  const known = knownAt(carried, id, at)
  if (known === undefined) return
  const evolution = evolve(known.table, changes)
  switch (evolution.kind) {
    case "same":
      return
    case "beside":
      return changed(carried, id, at, evolution.reason)
    case "altered": {
      giving()
      const { to, origins } = evolution
      forgetRoutes(carried, id)
      const alteration = { from: known.table.schema, to: to.schema, origins, fill: undefined }
      if (carried.sink.altered(alteration)) carried.tables.set(id, { ...known, table: to, since: at })
      else carried.tables.delete(id)
    }
  }
}

function gone(carried: Carried, id: string, at: number): void {
  const known = knownAt(carried, id, at)
  if (known === undefined) return
  exclude(carried, id)
  carried.sink.dropped(known.table.schema)
}

/** A look at the catalog. */
export interface CatalogLook {
  /** Weight where the look began. */
  since: number
  current: Catalog
}

/**
 * Between transactions, when all is read that a look at the catalog may have seen: lets go of those of the tables `ids`
 * that are others than it showed, unless they became so behind `since`.
 */
export function settle(carried: Carried, ids: readonly string[], { since, current }: CatalogLook): void {
  const { tables, refused } = current
  for (const id of ids) {
    const known = carried.tables.get(id)
    const now = tables.find(({ schema }) => schema.id === id)
    if (known === undefined || known.since >= since || (now && isAs(known, now.schema))) continue
    exclude(carried, id)
    const isThere = now !== undefined || refused.some((table) => table.id === id)
    if (isThere) carried.sink.schemaChanged(known.table.schema, "its definition changed")
    else carried.sink.dropped(known.table.schema)
  }
}

/** Of a table as a statement names it. */
function idOf(carried: Carried, { schema, name }: TableName): string {
  const id = tableId(schema, name)
  if (!carried.foldsNames || carried.tables.has(id)) return id
  const known = [...carried.tables.values()].find(
    ({ table }) => isName(carried, table.schema.schema, schema) && isName(carried, table.schema.name, name),
  )
  return known?.table.schema.id ?? id
}

function isName({ foldsNames }: Carried, a: string, b: string): boolean {
  return a === b || (foldsNames && folded(a) === folded(b))
}

/** Character by character, as the servers fold: none becomes two. */
function folded(name: string): string {
  return Array.from(name, (character) => Array.from(character.toLowerCase())[0]).join("")
}
