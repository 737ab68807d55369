import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { removeFolder, temporaryFolder } from "../../../../test/support/temporary-folder.ts"
import type { ColumnType } from "../../../domain/table.ts"
import {
  type ColumnBuffer,
  endRow,
  isNarrowDecimal,
  newRowBuffer,
  putBoolean,
  putBytes,
  putFloat32,
  putFloat64,
  putInt32,
  putInt64,
  putInt128,
  putNull,
  putText,
  type RowBuffer,
  reserve,
  resetRows,
} from "../../../replication/values/columns.ts"
import { duckDbType } from "../naming.ts"
import { encodeParquet } from "./parquet.ts"
import { newSeal } from "./parquet-seal.ts"
import { inlineRows } from "./values-list.ts"

type Value = bigint | number | string | boolean | Buffer | null

let folder = ""
let instance: DuckDBInstance
let connection: DuckDBConnection
let files = 0
const key = randomBytes(32)

before(async () => {
  folder = await temporaryFolder("parquet")
  instance = await DuckDBInstance.create(":memory:", { threads: "2" })
  connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run(`PRAGMA add_parquet_key('test', '${key.toString("base64")}')`)
})

after(async () => {
  connection.closeSync()
  instance.closeSync()
  await removeFolder(folder)
})

function put(column: ColumnBuffer, row: number, value: Value): void {
  const { type } = column
  if (value === null) putNull(column, row)
  else if (type.kind === "boolean") putBoolean(column, value as boolean)
  else if (type.kind === "float32") putFloat32(column, value as number)
  else if (type.kind === "float64") putFloat64(column, value as number)
  else if (type.kind === "bytes") putBytes(column, value as Buffer, 0, (value as Buffer).length)
  else if (type.kind === "text" || type.kind === "json") putText(column, value as string)
  else if (type.kind === "uuid") putUuid(column, value as string)
  else if (type.kind === "decimal" && !isNarrowDecimal(type)) putInt128(column, value as bigint)
  else if (["decimal", "int64", "timestamp", "timestamptz"].includes(type.kind))
    putInt64(column, value as bigint)
  else putInt32(column, value as number)
}

function putUuid(column: ColumnBuffer, text: string): void {
  reserve(column, 16)
  Buffer.from(text.replaceAll("-", ""), "hex").copy(column.bytes, column.usedBytes)
  column.usedBytes += 16
}

function rowsOf(types: ColumnType[], rows: readonly Value[][]): RowBuffer {
  const buffer = newRowBuffer(types)
  fill(buffer, rows)
  return buffer
}

function fill(buffer: RowBuffer, rows: readonly Value[][]): void {
  for (const row of rows) {
    row.forEach((value, index) => {
      put(buffer.columns[index] as ColumnBuffer, buffer.rows, value)
    })
    endRow(buffer)
  }
}

/** Written twice, plain and encrypted: what is read must be the same. */
async function written(buffer: RowBuffer, names: string[]): Promise<string> {
  const path = join(folder, `${++files}.parquet`)
  const sealed = `${path}.sealed`
  await writeFile(path, Buffer.concat(encodeParquet(names, buffer)))
  // Many rows are encrypted no otherwise than some.
  if (buffer.rows > 10_000) return `read_parquet('${path}')`
  await writeFile(sealed, Buffer.concat(encodeParquet(names, buffer, newSeal(key))))
  const opened = `read_parquet('${sealed}', encryption_config = {footer_key: 'test'})`
  const text = "SELECT list(t::VARCHAR) FROM"
  assert.deepEqual(await ask(`${text} ${opened} t`), await ask(`${text} read_parquet('${path}') t`))
  await assert.rejects(ask(`FROM read_parquet('${sealed}')`))
  return `read_parquet('${path}')`
}

async function ask(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson()
}

const max64 = 2n ** 63n - 1n
const nines = 10n ** 38n - 1n
/** Values as packed, and as DuckDB's cast to text shows them. */
const cases: { type: ColumnType; values: [Exclude<Value, null>, string][] }[] = [
  {
    type: { kind: "boolean" },
    values: [
      [true, "true"],
      [false, "false"],
    ],
  },
  {
    type: { kind: "int16" },
    values: [
      [-32768, "-32768"],
      [32767, "32767"],
      [0, "0"],
    ],
  },
  {
    type: { kind: "int32" },
    values: [
      [-2147483648, "-2147483648"],
      [2147483647, "2147483647"],
    ],
  },
  {
    type: { kind: "int64" },
    values: [
      [-max64 - 1n, "-9223372036854775808"],
      [max64, "9223372036854775807"],
    ],
  },
  {
    type: { kind: "float32" },
    values: [
      [1.5, "1.5"],
      [Number.NaN, "nan"],
      [Number.NEGATIVE_INFINITY, "-inf"],
      [-0, "-0.0"],
    ],
  },
  {
    type: { kind: "float64" },
    values: [
      [0.1, "0.1"],
      [Number.NaN, "nan"],
      [5e-324, "5e-324"],
      [-0, "-0.0"],
    ],
  },
  {
    type: { kind: "decimal", precision: 3, scale: 1 },
    values: [
      [-999n, "-99.9"],
      [5n, "0.5"],
    ],
  },
  { type: { kind: "decimal", precision: 9, scale: 0 }, values: [[999999999n, "999999999"]] },
  { type: { kind: "decimal", precision: 18, scale: 18 }, values: [[-1n, "-.000000000000000001"]] },
  {
    type: { kind: "decimal", precision: 19, scale: 4 },
    values: [
      [-1n, "-0.0001"],
      [max64, "922337203685477.5807"],
    ],
  },
  {
    type: { kind: "decimal", precision: 38, scale: 0 },
    values: [
      [nines, String(nines)],
      [-nines, String(-nines)],
    ],
  },
  {
    type: { kind: "date" },
    values: [
      [0, "1970-01-01"],
      [-719528, "0001-01-01 (BC)"],
      [2147483647, "infinity"],
      [-2147483647, "-infinity"],
    ],
  },
  {
    type: { kind: "timestamp" },
    values: [
      [1n, "1970-01-01 00:00:00.000001"],
      [max64, "infinity"],
      [-max64, "-infinity"],
    ],
  },
  {
    type: { kind: "timestamptz" },
    values: [
      [-1n, "1969-12-31 23:59:59.999999+00"],
      [max64, "infinity"],
    ],
  },
  {
    type: { kind: "uuid" },
    values: [
      ["00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"],
      ["ffffffff-ffff-4fff-8fff-ffffffffffff", "ffffffff-ffff-4fff-8fff-ffffffffffff"],
      ["80000000-0000-0000-0000-000000000001", "80000000-0000-0000-0000-000000000001"],
    ],
  },
  {
    type: { kind: "text" },
    values: [
      ["", ""],
      ["ä🚰\u0001'\"\n", "ä🚰\u0001'\"\n"],
    ],
  },
  { type: { kind: "json" }, values: [['{"a" : 1e400}', '{"a" : 1e400}']] },
  {
    type: { kind: "bytes" },
    values: [
      [Buffer.from([0, 255, 92]), "\\x00\\xFF\\x5C"],
      [Buffer.alloc(0), ""],
    ],
  },
]

describe("each type comes back as its own DuckDB type, with nulls anywhere", () => {
  for (const { type, values } of cases) {
    test(duckDbType(type), async () => {
      const column = [null, ...values.flatMap(([value]) => [value, null, value])]
      const shown = [null, ...values.flatMap(([, text]) => [text, null, text])]
      const from = await written(
        rowsOf(
          [type],
          column.map((value) => [value]),
        ),
        ["c"],
      )
      const found = await ask(`SELECT typeof(c), c::VARCHAR FROM ${from}`)
      const typeName = duckDbType(type)
        .replace(", ", ",")
        .replace("REAL", "FLOAT")
        .replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
      assert.deepEqual(
        found,
        shown.map((text) => [typeName, text]),
      )
      let constants = 0
      for (const [value, text] of values) {
        const inline = inlineRows(["c"], rowsOf([type], [[null], [value]]))
        if (inline === undefined) continue
        constants++
        const found = await ask(`SELECT typeof(c), c::VARCHAR FROM ${inline} OFFSET 1`)
        assert.deepEqual(found[0], [typeName, text])
      }
      assert.ok(constants > 0 || type.kind === "json")
    })
  }
})

test("a decimal fits the column of its type without a cast in between", async () => {
  const type: ColumnType = { kind: "decimal", precision: 12, scale: 2 }
  const from = await written(rowsOf([type], [[123n], [null]]), ["c"])
  await connection.run("CREATE OR REPLACE TABLE d (c DECIMAL(12, 2))")
  await connection.run(`INSERT INTO d FROM ${from}`)
  assert.deepEqual(await ask("SELECT c::VARCHAR FROM d"), [["1.23"], [null]])
})

describe("rows by count", () => {
  const types: ColumnType[] = [{ kind: "int32" }, { kind: "boolean" }, { kind: "text" }]
  for (const rows of [0, 1, 7, 8, 9, 63, 64, 65, 2047, 2048, 2049, 122_879, 122_880, 122_881, 300_000]) {
    test(`${rows}`, async () => {
      const buffer = newRowBuffer(types)
      for (let row = 0; row < rows; row++)
        fill(buffer, [[row, row % 3 === 0 ? null : row % 2 === 0, row % 5 === 0 ? null : `row ${row}`]])
      const from = await written(buffer, ["i", "b", "t"])
      const [found] =
        await ask(`SELECT count(*)::INT, count(b)::INT, (count(*) FILTER (WHERE b))::INT, count(t)::INT,
        (count(*) FILTER (WHERE i % 3 <> 0 AND b <> (i % 2 = 0) OR i % 5 <> 0 AND t <> 'row ' || i))::INT FROM ${from}`)
      const count = (is: (row: number) => boolean) =>
        Array.from({ length: rows }, (_, row) => row).filter(is).length
      assert.deepEqual(found, [
        rows,
        count((row) => row % 3 !== 0),
        count((row) => row % 3 !== 0 && row % 2 === 0),
        count((row) => row % 5 !== 0),
        0,
      ])
    })
  }
})

test("all nulls, and one value among many nulls", async () => {
  for (const { type, values } of cases) {
    const [first] = values
    if (first === undefined) continue
    const column = Array.from({ length: 100 }, (_, row) => [row === 77 ? first[0] : null])
    const from = await written(
      rowsOf(
        [type, type],
        column.map(([value]) => [value ?? null, null]),
      ),
      ["c", "n"],
    )
    const found = await ask(`SELECT count(c)::INT, max(c)::VARCHAR, count(n)::INT FROM ${from}`)
    assert.deepEqual(found, [[1, first[1], 0]], type.kind)
  }
})

test("huge values, and names of any kind", async () => {
  const names = ['quote " here', "ж🚰", "x".repeat(63), "select"]
  const big = "🚰".repeat(4_000_000)
  const types: ColumnType[] = [{ kind: "text" }, { kind: "bytes" }, { kind: "int32" }, { kind: "json" }]
  const from = await written(rowsOf(types, [[big, Buffer.alloc(20_000_000, 7), 1, '"x"']]), names)
  const columns = names.map((name) => `"${name.replaceAll('"', '""')}"`)
  const [found] = await ask(
    `SELECT length(${columns[0]})::INT, octet_length(${columns[1]})::INT, ${columns[2]}, ${columns[3]}::VARCHAR, (${columns[0]} = repeat('🚰', 4000000)) FROM ${from}`,
  )
  assert.deepEqual(found, [4_000_000, 20_000_000, 1, '"x"', true])
})

test("as many columns as a table can have", async () => {
  const types: ColumnType[] = Array.from({ length: 1603 }, () => ({ kind: "int32" }))
  const names = types.map((_, index) => `column ${index}`)
  const from = await written(rowsOf(types, [types.map((_, index) => index)]), names)
  assert.deepEqual(await ask(`SELECT "column 0", "column 1602" FROM ${from}`), [[0, 1602]])
})

test("a buffer used again holds nothing of its former rows", async () => {
  const types: ColumnType[] = [{ kind: "int32" }, { kind: "text" }]
  const buffer = rowsOf(
    types,
    Array.from({ length: 500 }, (_, row) => [row % 2 ? null : row, null]),
  )
  resetRows(buffer)
  fill(buffer, [
    [1, "x"],
    [2, null],
  ])
  assert.deepEqual(await ask(`FROM ${await written(buffer, ["a", "b"])}`), [
    [1, "x"],
    [2, null],
  ])
})
