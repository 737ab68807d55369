import assert from "node:assert/strict"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { testWarehouse } from "../../../test/support/pipeline.ts"
import type { TableSchema } from "../../domain/table.ts"
import { namingRefusal } from "./naming.ts"

function tableOf(schema: string, name: string, column: string): TableSchema {
  return {
    id: `${schema}.${name}`,
    schema,
    name,
    columns: [{ name: column, type: { kind: "int32" }, sourceType: "int" }],
    key: [0],
  }
}

test("what the engine cannot hold under its name is refused before, and nothing else is", async () => {
  const { warehouse } = await testWarehouse()
  const destination = await warehouse.open({ database: "shop", pipeline: "p", generation: 1 })
  const schemas = [
    "main",
    "temp",
    "system",
    "shop",
    "pg_temp_1",
    ".",
    '"',
    "a\nb",
    "Pg_Catalog",
    "information_schema",
  ]
  const tables = ["tables", "duckdb_tables", "sqlite_master", "pg_class", "x\u0001y", "'; DROP TABLE x; --"]
  const columns = [
    "rowid",
    "filename",
    "file_row_number",
    "position",
    "*",
    "$1",
    "?",
    "a'b",
    "struct_pack(a := 1)",
  ]
  for (const table of [
    ...schemas.map((schema) => tableOf(schema, "t", "id")),
    ...tables.map((name) => tableOf("public", name, "id")),
    ...columns.map((column, index) => tableOf("public", `c${index}`, column)),
  ]) {
    const load = destination.copies.begin(table, undefined).then((begun) => begun.finish())
    if (namingRefusal(table) === undefined) await load
    else await assert.rejects(load, { kind: "tableFailed" }, `${table.schema}.${table.name}`)
  }
  assert.match(namingRefusal(tableOf("Pg_Catalog", "t", "id")) ?? "", /warehouse engine's own/)
  await destination.close()
})

test("a database whose name leads out of the staging folder takes nothing away", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "millrace-naming-"))
  t.after(() => rm(home, { recursive: true, force: true }))
  const { warehouse } = await testWarehouse(home)
  await writeFile(join(home, "kept"), "")
  for (const name of ["..", ".", ""]) {
    await assert.rejects(warehouse.open({ database: name, pipeline: "p", generation: 1 }))
    await assert.rejects(warehouse.drop(name))
  }
  assert.deepEqual((await readdir(home)).sort(), ["kept", "staging", "warehouse"])
})
