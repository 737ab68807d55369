import type { TableSchema } from "../../../domain/table.ts"
import { isSameDefinition } from "../../../domain/table.ts"
import type { Alteration, StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { Names } from "../naming.ts"
import { doBlock, quoteIdentifier, quoteLiteral } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { nativeType } from "../types/native-type.ts"
import { addKey, dropKey, keyed } from "./keys.ts"
import { viewsAside } from "./routines.ts"

/** A table that becomes another in place. */
export interface Altering {
  names: Names
  stages: StageTables
  /** Under the name that it has now: quoted, whole. */
  table: string
  alteration: Alteration<StagedPart>
  keepsVersions: boolean
}

/**
 * The statements that make a table another and keep its rows. The engine does each of them in place, and whatever stands on the
 * table stays; it cannot put a column between others, so a new one comes last here.
 */
export function alterStatements(altering: Altering): string[] {
  const { names, alteration, table, keepsVersions } = altering
  const { from, to, origins } = alteration
  if (isSameShape(alteration)) return []
  const isKeyKept = sameKeyColumns(alteration)
  const gone = dropped(table, from, origins)
  const others = retyped(table, alteration)
  // The engine changes neither under a view; it carries views along through all else.
  const views = gone.length + others.length > 0 ? viewsAside(names, table) : undefined
  return [
    ...(views === undefined ? [] : [views.before]),
    ...(isKeyKept || from.key === undefined ? [] : [dropKey(table)]),
    ...gone,
    ...renamed(table, alteration),
    ...others,
    ...added(altering),
    ...(isKeyKept ? [] : addKey(table, to, keepsVersions)),
    ...(views === undefined ? [] : [views.after]),
  ]
}

function isSameShape({ from, to, origins }: Alteration<StagedPart>): boolean {
  const bare = ({ columns, key }: TableSchema) => ({
    id: "",
    schema: "",
    name: "",
    key,
    columns: columns.map(({ name, ...column }) => ({
      name,
      type: column.type,
      sourceType: nativeType(column),
    })),
  })
  return origins.every((origin, index) => origin === index) && isSameDefinition(bare(from), bare(to))
}

/** Whether the index stays: the engine carries it along through new names and types of its columns, but for json. */
function sameKeyColumns({ from, to, origins }: Alteration<StagedPart>): boolean {
  if (from.key === undefined || to.key === undefined) return from.key === to.key
  const hadKey = from.key
  const isBare = ({ columns }: TableSchema, index: number) => {
    const column = columns[index]
    return column !== undefined && keyed("", column) === ""
  }
  return (
    from.key.length === to.key.length &&
    to.key.every((index, place) => {
      const origin = origins[index]
      return origin === hadKey[place] && isBare(to, index) === isBare(from, origin ?? -1)
    })
  )
}

function dropped(table: string, from: TableSchema, origins: readonly (number | undefined)[]): string[] {
  return from.columns
    .filter((_, index) => !origins.includes(index))
    .map(({ name }) => `ALTER TABLE ${table} DROP COLUMN ${quoteIdentifier(name)}`)
}

/** By way of names that no column has: two may exchange theirs. */
function renamed(table: string, { from, to, origins }: Alteration<StagedPart>): string[] {
  const changes = to.columns.flatMap(({ name }, index) => {
    const before = from.columns[origins[index] ?? -1]?.name
    return before === undefined || before === name ? [] : [{ before, name, index }]
  })
  const rename = (before: string, name: string) =>
    `ALTER TABLE ${table} RENAME COLUMN ${quoteIdentifier(before)} TO ${quoteIdentifier(name)}`
  return [
    ...changes.map(({ before, index }) => rename(before, `__millrace_${index}`)),
    ...changes.map(({ name, index }) => rename(`__millrace_${index}`, name)),
  ]
}

function retyped(table: string, { from, to, origins }: Alteration<StagedPart>): string[] {
  return to.columns.flatMap((column, index) => {
    const before = from.columns[origins[index] ?? -1]
    const type = nativeType(column)
    if (before === undefined || nativeType(before) === type) return []
    const name = quoteIdentifier(column.name)
    return [`ALTER TABLE ${table} ALTER COLUMN ${name} TYPE ${type} USING ${name}::${type}`]
  })
}

/** A constant is noted once by the engine, however many rows there are. Versions closed before a column came do not have it. */
function added({ stages, table, alteration, keepsVersions }: Altering): string[] {
  const { to, origins, fill } = alteration
  const filling = fill && stages.rows(to, [fill])
  return to.columns.flatMap((one, index) => {
    if (origins[index] !== undefined) return []
    const column = quoteIdentifier(one.name)
    const add = `ALTER TABLE ${table} ADD COLUMN ${column} ${nativeType(one)}`
    if (filling === undefined) return [add]
    if (keepsVersions)
      return [
        add,
        `UPDATE ${table} AS t SET ${column} = f.${column} FROM ${filling} AS f WHERE t._record_is_active AND f.${column} IS NOT NULL`,
      ]
    return [addFilled(add, filling, column), `ALTER TABLE ${table} ALTER COLUMN ${column} DROP DEFAULT`]
  })
}

function addFilled(add: string, filling: string, column: string): string {
  return doBlock(`BEGIN
    EXECUTE format(${quoteLiteral(`${add.replaceAll("%", "%%")} DEFAULT %L`)}, (SELECT ${column}::text FROM ${filling}));
  END`)
}
