import { isSameDefinition, type TableSchema } from "../../../domain/table.ts"
import { versionColumns } from "../../../replication/contracts/versions.ts"
import type { Alteration, StagedPart } from "../../../replication/contracts/warehouse.ts"
import type { Names } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { columnType } from "../types/column-type.ts"
import { rename } from "./places.ts"
import { definitions, type LayoutOf, layoutClause } from "./tables.ts"
import { plainVersionDefinitions } from "./versioned-tables.ts"

/** A table that becomes another in place. */
export interface Altering {
  names: Names
  stages: StageTables
  layoutOf: LayoutOf
  /** As it is called now. */
  at: TableSchema
  alteration: Alteration<StagedPart>
  keepsVersions: boolean
  /** Rows of it were changed in this transaction: what speaks the dialect may not alter it then. */
  isTouched: boolean
}

/**
 * The statements that make a table another and keep its rows. Names come and go in place; a type is changed by writing the rows into a
 * table that is made anew: the engine's own change of a type cannot be part of a transaction. A new column comes last.
 */
export function alterStatements(altering: Altering): string[] {
  const { names, alteration, at, isTouched } = altering
  const { from, origins } = alteration
  if (isSameShape(alteration)) return []
  // A table has a column at all times.
  const keepsNone = origins.every((origin) => origin === undefined)
  if (isTouched || keepsNone || hasRetyped(alteration)) return rebuilt(altering)
  const table = names.live(at)
  return [...dropped(table, from, origins), ...renamed(table, alteration), ...added(altering, table)]
}

function isSameShape({ from, to, origins }: Alteration<StagedPart>): boolean {
  const bare = ({ columns, key }: TableSchema) => ({
    id: "",
    schema: "",
    name: "",
    key,
    columns: columns.map(({ name, type }) => ({ name, type, sourceType: columnType(type) })),
  })
  return origins.every((origin, index) => origin === index) && isSameDefinition(bare(from), bare(to))
}

function hasRetyped({ from, to, origins }: Alteration<StagedPart>): boolean {
  return to.columns.some(({ type }, index) => {
    const before = from.columns[origins[index] ?? -1]
    return before !== undefined && columnType(before.type) !== columnType(type)
  })
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
  const one = (before: string, name: string) =>
    `ALTER TABLE ${table} RENAME COLUMN ${quoteIdentifier(before)} TO ${quoteIdentifier(name)}`
  return [
    ...changes.map(({ before, index }) => one(before, `__millrace_${index}`)),
    ...changes.map(({ name, index }) => one(`__millrace_${index}`, name)),
  ]
}

/** Versions closed before a column came do not have its value. */
function added({ stages, alteration, keepsVersions }: Altering, table: string): string[] {
  const { to, origins, fill } = alteration
  const filling = fill && stages.rows(to, [fill])
  return to.columns.flatMap((one, index) => {
    if (origins[index] !== undefined) return []
    const column = quoteIdentifier(one.name)
    const add = `ALTER TABLE ${table} ADD COLUMN ${column} ${columnType(one.type)}`
    if (filling === undefined) return [add]
    const where = keepsVersions ? ` WHERE ${versionColumns[0]}` : ""
    return [add, `UPDATE ${table} SET ${column} = (SELECT ${column} FROM ${filling})${where}`]
  })
}

function rebuilt({ names, stages, layoutOf, at, alteration, keepsVersions }: Altering): string[] {
  const { from, to, origins, fill } = alteration
  const table = names.live(at)
  const passing = names.inSchema(at.schema, names.passing(at))
  const filling = fill && stages.rows(to, [fill])
  const values = to.columns.map(({ name, type }, index) => {
    const before = from.columns[origins[index] ?? -1]
    if (before !== undefined) return cast(before, type)
    return filling === undefined ? "NULL" : `(SELECT ${quoteIdentifier(name)} FROM ${filling})`
  })
  const versions = keepsVersions ? [...versionColumns] : []
  const list = [...to.columns.map(({ name }) => quoteIdentifier(name)), ...versions].join(", ")
  const columns = [...definitions(to.columns), ...(keepsVersions ? plainVersionDefinitions : [])]
  return [
    rename(table, names.passing(at)),
    `CREATE TABLE ${table} (${columns.join(", ")}) ${layoutClause(layoutOf(to))}`,
    `INSERT INTO ${table} (${list}) SELECT ${[...values, ...versions].join(", ")} FROM ${passing}`,
    `DROP TABLE ${passing}`,
  ]
}

function cast(
  { name, type: before }: TableSchema["columns"][number],
  type: TableSchema["columns"][number]["type"],
) {
  const value = quoteIdentifier(name)
  const native = columnType(type)
  if (native === columnType(before)) return value
  if (before.kind === "json") return `JSON_SERIALIZE(${value})`
  if (type.kind === "json") return `JSON_PARSE(CAST(${value} AS VARCHAR(65535)))`
  if (before.kind === "boolean") return `CASE WHEN ${value} THEN 'true' WHEN NOT ${value} THEN 'false' END`
  return before.kind === "bytes" ? `FROM_VARBYTE(${value}, 'hex')` : `CAST(${value} AS ${native})`
}
