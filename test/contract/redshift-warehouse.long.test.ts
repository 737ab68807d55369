/** The Redshift adapter into the SQL port of a Millrace, which speaks Redshift's dialect, an S3 server between. */
import { after, type TestContext } from "node:test"
import type { TableSchema } from "../../src/domain/table.ts"
import { namesOf, placeIn } from "../../src/warehouses/redshift/naming.ts"
import { quoteIdentifier } from "../../src/warehouses/redshift/quoting.ts"
import { type RedshiftStandIn, redshiftStandIn } from "../support/redshift/stand-in.ts"
import { describeWarehouse } from "./warehouse.ts"
import type { WarehouseUnderTest } from "./warehouse-harness.ts"

type Shown = (number | string | null)[]

/** Of the file: the cases use it one after another. */
let home: Promise<RedshiftStandIn> | undefined
const endings: (() => unknown)[] = []
const ofTheFile = {
  after: (ending: () => unknown) => endings.push(ending),
  diagnostic: () => undefined,
} as unknown as TestContext

after(async () => {
  for (const ending of endings.reverse()) await ending()
})

async function inStandIn(): Promise<WarehouseUnderTest> {
  home ??= redshiftStandIn(ofTheFile)
  const standIn = await home
  const under = (): WarehouseUnderTest => {
    const { warehouse, close } = standIn.open()
    const endSessions = () => {
      standIn.proxy.cut()
      close()
    }
    return {
      warehouse,
      read: (database, table) => rowsOf(standIn, database, table),
      makeOwn: (database, table) => makeOwn(standIn, database, table),
      async crash() {
        endSessions()
        return under()
      },
      async close() {
        endSessions()
        await dropAll(standIn)
      },
    }
  }
  return under()
}

async function makeOwn(
  { reader }: RedshiftStandIn,
  database: string,
  table: TableSchema,
): Promise<() => Promise<void>> {
  const live = namesOf(placeIn("schemas", database)).live(table)
  await reader.query(`CREATE TABLE ${live} (id int, a varchar(100), b varchar(100))`)
  await reader.query(`INSERT INTO ${live} VALUES (9, 'own', NULL)`)
  return async () => void (await reader.query(`DROP TABLE ${live}`))
}

const versions = ["_record_is_active", "_record_create_time", "_record_delete_time"]

/** By the columns' names: the engine puts a new column behind those that are there. */
async function rowsOf({ reader }: RedshiftStandIn, database: string, table: TableSchema): Promise<Shown[]> {
  const live = namesOf(placeIn("schemas", database)).live(table)
  const { rows, fields } = await reader.query<Record<string, unknown>>(`SELECT * FROM ${live}`)
  const names = [...table.columns.map(({ name }) => name), ...versions].filter((name) =>
    fields.some((field) => field.name === name),
  )
  const numbers = new Set(table.columns.filter(({ type }) => type.kind === "int32").map(({ name }) => name))
  return rows.map((row) =>
    names.map((name) => {
      const value = row[name] ?? null
      return value === null || numbers.has(name) ? (value as number | null) : String(value)
    }),
  )
}

async function dropAll({ reader }: RedshiftStandIn): Promise<void> {
  const { rows } = await reader.query<{ nspname: string }>("SELECT nspname FROM pg_namespace")
  for (const { nspname } of rows)
    if (nspname.includes(".")) await reader.query(`DROP SCHEMA IF EXISTS ${quoteIdentifier(nspname)} CASCADE`)
}

describeWarehouse("redshift", inStandIn)
