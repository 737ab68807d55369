import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlServer } from "../support/mysql.ts"
import { mysqlPipeline } from "../support/mysql-pipeline.ts"
import { mariaDbProduct } from "../support/mysql-products.ts"
import type { MysqlServer } from "../support/mysql-server.ts"
import { type RandomType, randomTypes } from "./mysql-random-types.ts"
import { type Random, randomFrom } from "./random.ts"

const skip = mariaDbProduct.missing() ?? false
const rowsEach = 60
/** Columns of one table; with the key. */
const columnsEach = 13
const valuesPerInsert = 30

const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1_000_000_000)

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

function sqlValue({ value }: RandomType, random: Random): string {
  return random.chance(0.15) ? "NULL" : value(random)
}

interface RandomTable {
  name: string
  types: RandomType[]
  hasKey: boolean
}

function createStatement({ name, types, hasKey }: RandomTable): string {
  const columns = types.map(({ type }, index) => `c${index} ${type}`)
  return `CREATE TABLE types.${name} (id int NOT NULL, ${columns.join(", ")}${hasKey ? ", PRIMARY KEY (id)" : ""})`
}

function insertStatements({ name, types }: RandomTable, random: Random, first: number): string[] {
  const rows = Array.from({ length: rowsEach }, (_, i) => {
    const values = types.map((type) => sqlValue(type, random))
    return `(${first + i}, ${values.join(", ")})`
  })
  return chunksOf(rows, valuesPerInsert).map((part) => `INSERT INTO types.${name} VALUES ${part.join(", ")}`)
}

/** Updates of one column, of the key, of nothing; deletes. */
function changeStatements({ name, types }: RandomTable, random: Random): string[] {
  return Array.from({ length: rowsEach / 2 }, () => {
    const where = `id = ${random.below(rowsEach * 2)}`
    if (random.chance(0.2)) return `DELETE FROM types.${name} WHERE ${where}`
    if (random.chance(0.1)) return `UPDATE types.${name} SET id = id + 10000 WHERE ${where}`
    const index = random.below(types.length)
    return `UPDATE types.${name} SET c${index} = ${sqlValue(types[index] as RandomType, random)} WHERE ${where}`
  })
}

async function changed(server: MysqlServer, tables: RandomTable[], random: Random): Promise<void> {
  for (const table of tables)
    await server.sql(
      "BEGIN",
      ...insertStatements(table, random, rowsEach),
      "COMMIT",
      ...changeStatements(table, random),
    )
}

test(`every type, random values, by snapshot and by stream (seed ${seed})`, { skip }, async () => {
  const random = randomFrom(seed)
  const server = await mysqlServer(mariaDbProduct, { "sql-mode": "" })
  const tables = chunksOf(randomTypes, columnsEach).map(
    (types, index): RandomTable => ({ name: `t${index}`, types, hasKey: index % 3 !== 2 }),
  )
  await server.sql("CREATE DATABASE types", ...tables.map(createStatement))
  for (const table of tables) await server.sql(...insertStatements(table, random, 0))
  const pipeline = await mysqlPipeline({ server, select: ({ schema }) => schema === "types" })
  assert.deepEqual([...pipeline.reports.failed, ...pipeline.reports.refused], [])
  assert.deepEqual(await pipeline.differences(["types"]), [], "by snapshot")
  await changed(server, tables, random)
  assert.deepEqual(await pipeline.differences(["types"]), [], "by stream")
  assert.deepEqual([...pipeline.reports.failed], [])
  await pipeline.stop()
})
