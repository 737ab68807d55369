import type { ColumnType, TableSchema } from "../../../domain/table.ts"
import type { Alteration } from "../../../replication/contracts/warehouse.ts"
import { alteringTable, duckDbType, liveTable } from "../naming.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { versionColumnList } from "./versions-sql.ts"

/** `fill`: for each column of `to` what the rows that are there get, as text of the engine's own. */
export type DuckDbAlteration = Alteration<(string | null)[]> & { keepsVersions?: boolean }

/**
 * The statements that make a table another and keep its rows, under the name it has (`place`). In DuckDB 1.5 a table
 * whose rows the same transaction has deleted or updated cannot be altered: such a one is built anew, in the same
 * transaction, so that nobody sees it halfway.
 */
export function alterStatements(
  database: string,
  place: TableSchema,
  alteration: DuckDbAlteration,
  isTouched: boolean,
): string[] {
  if (isSameShape(alteration)) return []
  return isTouched || !canAlterInPlace(alteration) || isFilledInPart(alteration)
    ? rebuildStatements(database, place, alteration)
    : inPlaceStatements(liveTable(database, place), alteration)
}

/** Versions that were closed before a column came do not have it. */
function isFilledInPart({ keepsVersions, fill }: DuckDbAlteration): boolean {
  return keepsVersions === true && fill !== undefined && fill.some((value) => value !== null)
}

function isSameShape({ from, to, origins }: DuckDbAlteration): boolean {
  const shapeOf = ({ columns }: TableSchema) => JSON.stringify(columns.map(({ name, type }) => [name, type]))
  return origins.every((origin, index) => origin === index) && shapeOf(from) === shapeOf(to)
}

/** Kept columns first and in their order, at least one, and none takes a name that another had. */
function canAlterInPlace({ from, to, origins }: DuckDbAlteration): boolean {
  const kept = origins.filter((origin) => origin !== undefined)
  if (kept.length === 0 || kept.some((origin, place) => origin !== origins[place])) return false
  if (kept.some((origin, place) => place > 0 && origin < (kept[place - 1] as number))) return false
  const names = (schema: TableSchema, index: number) => schema.columns[index]?.name.toLowerCase()
  return origins.every((origin, index) => {
    const taken = from.columns.findIndex((_, other) => names(from, other) === names(to, index))
    return taken === -1 || taken === origin || !kept.includes(taken)
  })
}

function inPlaceStatements(table: string, { from, to, origins, fill }: DuckDbAlteration): string[] {
  const alter = (action: string) => `ALTER TABLE ${table} ${action}`
  const dropped = from.columns.filter((_, index) => !origins.includes(index))
  return [
    ...dropped.map((column) => alter(`DROP COLUMN ${quoteIdentifier(column.name)}`)),
    ...to.columns.flatMap((column, index) => {
      const name = quoteIdentifier(column.name)
      const type = duckDbType(column.type)
      const origin = origins[index]
      const before = origin === undefined ? undefined : from.columns[origin]
      if (before === undefined) {
        const value = fill?.[index] ?? null
        if (value === null) return [alter(`ADD COLUMN ${name} ${type}`)]
        return [
          // A plain text is a constant to the engine; of an expression it would make statements that we forbid.
          alter(`ADD COLUMN ${name} ${type} DEFAULT ${quoteLiteral(value)}`),
          alter(`ALTER COLUMN ${name} DROP DEFAULT`),
        ]
      }
      const renamed =
        before.name === column.name ? [] : [alter(`RENAME COLUMN ${quoteIdentifier(before.name)} TO ${name}`)]
      const retyped = duckDbType(before.type) === type ? [] : [alter(`ALTER COLUMN ${name} TYPE ${type}`)]
      return [...renamed, ...retyped]
    }),
  ]
}

function rebuildStatements(
  database: string,
  place: TableSchema,
  { from, to, origins, fill, keepsVersions = false }: DuckDbAlteration,
): string[] {
  const values = to.columns.map((column, index) => {
    const origin = origins[index]
    const before = origin === undefined ? undefined : from.columns[origin]
    const value =
      before === undefined
        ? filled(fill?.[index] ?? null, column.type, keepsVersions)
        : `CAST(${quoteIdentifier(before.name)} AS ${duckDbType(column.type)})`
    return `${value} AS ${quoteIdentifier(column.name)}`
  })
  return [
    `CREATE TABLE ${alteringTable(database, place)} AS SELECT ${[...values, ...(keepsVersions ? [versionColumnList] : [])].join(", ")} FROM ${liveTable(database, place)}`,
    `DROP TABLE ${liveTable(database, place)}`,
    `ALTER TABLE ${alteringTable(database, place)} RENAME TO ${quoteIdentifier(place.name)}`,
  ]
}

function filled(value: string | null, type: ColumnType, keepsVersions: boolean): string {
  const all = constant(value, type)
  return keepsVersions && value !== null ? `CASE WHEN _record_is_active THEN ${all} END` : all
}

function constant(value: string | null, type: ColumnType): string {
  return value === null
    ? `CAST(NULL AS ${duckDbType(type)})`
    : `CAST(${quoteLiteral(value)} AS ${duckDbType(type)})`
}
