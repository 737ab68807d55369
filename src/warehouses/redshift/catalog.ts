import type { TableName } from "../../domain/table.ts"
import type { Read } from "./bookkeeping.ts"
import { type Names, place } from "./naming.ts"
import { quoteLiteral } from "./quoting.ts"

/** Of tables, the places of those that are there. */
export async function existing(
  reader: Read,
  names: Names,
  tables: readonly TableName[],
): Promise<Set<string>> {
  const schemas = [...new Set(tables.map(({ schema }) => schema))]
  if (schemas.length === 0) return new Set()
  const list = schemas.map((schema) => quoteLiteral(names.prefix + schema)).join(", ")
  const found = await reader.rows(
    `SELECT table_schema, table_name FROM svv_tables WHERE table_schema IN (${list})`,
  )
  const there = new Set(
    found.map(([schema, name]) =>
      place({ schema: (schema ?? "").slice(names.prefix.length), name: name ?? "" }),
    ),
  )
  return new Set(tables.map(place).filter((one) => there.has(one)))
}

/** Of tables, those that users have left where they were. */
export async function standing<T extends TableName>(
  reader: Read,
  names: Names,
  tables: readonly T[],
): Promise<T[]> {
  const there = await existing(reader, names, tables)
  return tables.filter((table) => there.has(place(table)))
}

/** Copies that earlier openings for the pipeline were making, quoted and whole. */
export async function leftOverCopies(reader: Read, names: Names): Promise<string[]> {
  const { copyPrefix, prefix } = names
  const found = await reader.rows(
    `SELECT table_schema, table_name FROM svv_tables WHERE LEFT(table_name, ${copyPrefix.length}) = ${quoteLiteral(copyPrefix)} AND LEFT(table_schema, ${prefix.length}) = ${quoteLiteral(prefix)}`,
  )
  return found.map(([schema, name]) => names.inSchema((schema ?? "").slice(prefix.length), name ?? ""))
}
