import { allows } from "../../control-plane/sql-users/sql-access.ts"
import type { ShownFilter } from "../../state/profiles/shown-rows.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { faultAsPgError } from "../faults.ts"
import type { Cell, VirtualColumn, VirtualFilter, VirtualTable } from "../virtual-table.ts"

const schema = "customer_profiles"
/** Rows are one parameter of a statement: more would not fit into it in reasonable time. */
const rowsAtMost = 50_000

/** A column, and the value of a row in it. */
export interface ShownColumn<Row> extends VirtualColumn {
  cell(row: Row): Cell
  /** Whether `=` and `IN` are passed on to the state database. */
  filters?: keyof ShownFilter
}

export interface ShownTable<Row> {
  name: string
  columns: readonly ShownColumn<Row>[]
  read(filter: ShownFilter, limit: number): Promise<Row[]>
}

/** A table of the schema `customer_profiles`, for who may SELECT it. */
export function shownTable<Row>({ name, columns, read }: ShownTable<Row>): VirtualTable {
  return {
    name,
    schema,
    readableBy: "everyone",
    columns: columns.map(({ name: column, type }) => ({ name: column, type })),
    rows: async ({ access, database }, filter) => {
      if (!allows(access, "select", { database, schema, table: name }))
        throw new PgError("42501", `permission denied for relation ${name}`)
      const found = await read(shownFilter(columns, filter), rowsAtMost + 1).catch((error: unknown) => {
        throw faultAsPgError(error)
      })
      if (found.length > rowsAtMost) throw tooMany(name, columns)
      return found.map((row) => columns.map(({ cell }) => cell(row)))
    },
  }
}

function shownFilter<Row>(columns: readonly ShownColumn<Row>[], filter: VirtualFilter): ShownFilter {
  const wanted = columns.flatMap(({ name, filters }) => {
    const values = filters === undefined ? undefined : filter.valuesOf(name)
    return filters === undefined || values === undefined ? [] : [[filters, [...values].map(String)] as const]
  })
  return Object.fromEntries(wanted)
}

function tooMany<Row>(name: string, columns: readonly ShownColumn<Row>[]): PgError {
  const helping = columns.filter(({ filters }) => filters !== undefined).map((column) => column.name)
  return new PgError(
    "54000",
    `${schema}.${name} has more than ${rowsAtMost} rows that this statement asks for`,
    {
      hint: `Compare one of these columns with = or IN: ${helping.join(", ")}.`,
    },
  )
}
