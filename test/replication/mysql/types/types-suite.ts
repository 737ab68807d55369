import assert from "node:assert/strict"
import { test } from "node:test"
import { mysqlServer } from "../../../support/mysql/fixtures.ts"
import { type MysqlPipeline, mysqlPipeline } from "../../../support/mysql/pipeline.ts"
import type { MysqlProduct } from "../../../support/mysql/products.ts"
import type { MysqlServer } from "../../../support/mysql/server.ts"
import type { TestHome } from "../../../support/pipeline.ts"
import { testSeed } from "../../../support/seed.ts"
import { type Random, randomFrom } from "../../random.ts"
import { type RandomType, randomTypesOf } from "./random-types.ts"

const rowsEach = 60
/** Columns of one table; with the key. */
const columnsEach = 13
const valuesPerInsert = 30

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

/** A warehouse that all types go into. */
export interface TypesTarget {
  /** As people call it. */
  warehouse: string
  /** Absent: a DuckDB of its own. */
  home?: () => Promise<TestHome>
  /** Its text cannot hold a zero byte: there is a blank instead. */
  hasNoZeroBytes?: boolean
}

/** Pairs of digits of the literals of text. */
function withoutZeroBytes(value: string): string {
  return value.replace(
    /_utf8mb4 X'([0-9a-f]*)'/g,
    (_, digits: string) => `_utf8mb4 X'${digits.replace(/../g, (byte) => (byte === "00" ? "20" : byte))}'`,
  )
}

function typesFor(product: MysqlProduct, { hasNoZeroBytes = false }: TypesTarget): readonly RandomType[] {
  const types = randomTypesOf(product)
  if (!hasNoZeroBytes) return types
  return types.map(({ type, value }) => ({ type, value: (random) => withoutZeroBytes(value(random)) }))
}

function sqlValue({ type, value }: RandomType, random: Random): string {
  return random.chance(0.15) && !type.includes("not null") ? "NULL" : value(random)
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

export function testTypes(product: MysqlProduct, target: TypesTarget): void {
  test(`${product.name} into ${target.warehouse}: every type, random values, by snapshot and by stream`, {
    skip: product.missing() ?? false,
  }, async () => {
    const random = randomFrom(testSeed)
    const server = await mysqlServer(product, { "sql-mode": "" })
    const tables = chunksOf(typesFor(product, target), columnsEach).map(
      (types, index): RandomTable => ({ name: `t${index}`, types, hasKey: index % 3 !== 2 }),
    )
    await server.sql("CREATE DATABASE types", ...tables.map(createStatement))
    for (const table of tables) await server.sql(...insertStatements(table, random, 0))
    const pipeline = await mysqlPipeline({
      server,
      select: ({ schema }) => schema === "types",
      ...(target.home && { home: await target.home() }),
    })
    assert.deepEqual([...pipeline.reports.failed, ...pipeline.reports.refused], [])
    assert.deepEqual(await pipeline.differences(["types"]), [], "by snapshot")
    const copies = pipeline.reports.copied.length
    await changed(server, tables, random)
    assert.deepEqual(await pipeline.differences(["types"]), [], "by stream")
    assert.deepEqual([...pipeline.reports.failed], [])
    assert.equal(pipeline.reports.copied.length, copies, "not by copies")
    assert.deepEqual(await verified(pipeline), [])
    await pipeline.stop()
  })
}

/** What a comparison of all tables by content finds: nothing where all is equal. */
async function verified(pipeline: MysqlPipeline): Promise<string[]> {
  const found: string[] = []
  const tables = await pipeline.source.tables(({ schema }) => schema === "types")
  await pipeline.streaming()?.verify(
    new Set(tables.tables.map(({ id }) => id)),
    (id, verdict) => {
      if (verdict.kind !== "compared") found.push(`${id}: ${verdict.reason}`)
      else if (verdict.differences.length > 0) found.push(`${id}: ${JSON.stringify(verdict.differences[0])}`)
    },
    AbortSignal.timeout(60_000),
  )
  return found
}
