import { join } from "node:path"
import pg from "pg"
import type { TableSchema } from "../../src/domain/table.ts"
import { namesOf, placeIn } from "../../src/warehouses/postgres/naming.ts"
import { openPostgresWarehouse } from "../../src/warehouses/postgres/warehouse.ts"
import { removeFolder, temporaryFolder } from "../support/temporary-folder.ts"
import type { WarehouseUnderTest } from "./warehouse-harness.ts"

/** Times as the server prints them. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) =>
    oid === pg.types.builtins.TIMESTAMP ? String : pg.types.getTypeParser(oid, "text"),
}

const endOurs =
  "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'millrace'"
const dropAll = `DO $$ DECLARE one name; BEGIN
  FOR one IN SELECT nspname FROM pg_namespace WHERE nspname ~ '[.]' LOOP EXECUTE format('DROP SCHEMA %I CASCADE', one); END LOOP;
END $$`

type Shown = (number | string | null)[]

/** Destination databases as schemas of the url's database, which the cases use one after another. */
export async function inSchemas(url: string): Promise<WarehouseUnderTest> {
  const folder = await temporaryFolder("postgres-warehouse")
  const reader = new pg.Client({ connectionString: url, types })
  reader.on("error", () => undefined)
  await reader.connect()
  const under = (): WarehouseUnderTest => ({
    warehouse: openPostgresWarehouse({ url, layout: "schemas", stagingPath: join(folder, "staging") }),
    read: (database, table) => rowsOf(reader, database, table),
    makeOwn: (database, table) => makeOwn(reader, database, table),
    async asUser(database, table, statement) {
      await reader.query(statement(namesOf(placeIn("schemas", database)).live(table)))
    },
    async crash() {
      // What a server knows of a host that is gone: its sessions end.
      await reader.query(endOurs)
      return under()
    },
    async close() {
      await reader.query(endOurs)
      await reader.query(dropAll)
      await reader.end()
      await removeFolder(folder)
    },
  })
  return under()
}

async function makeOwn(
  reader: pg.Client,
  database: string,
  table: TableSchema,
): Promise<() => Promise<void>> {
  const live = namesOf(placeIn("schemas", database)).live(table)
  await reader.query(`CREATE TABLE ${live} (id int, a text, b text)`)
  await reader.query(`INSERT INTO ${live} VALUES (9, 'own', NULL)`)
  return async () => void (await reader.query(`DROP TABLE ${live}`))
}

const versions = ["_record_is_active", "_record_create_time", "_record_delete_time"]

/** By the columns' names: the engine puts a new column behind those that are there. */
async function rowsOf(reader: pg.Client, database: string, table: TableSchema): Promise<Shown[]> {
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
