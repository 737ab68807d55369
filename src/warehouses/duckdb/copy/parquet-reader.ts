import { createWriteStream } from "node:fs"
import { rm } from "node:fs/promises"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { loadErrorCodes } from "../../../domain/copy.ts"
import { Problem } from "../../../domain/problems.ts"
import type { ParquetReader } from "../../../loading/parquet-file.ts"
import { LoadFailure } from "../../../loading/record-reader.ts"
import { problemOf } from "../errors.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"

/** What one file's reading may take, whatever its size: row groups are read one after another. */
const memoryLimitMb = 256

/**
 * Reads Parquet for warehouses whose engine does not, by a DuckDB of its own for each file. `newPath`: where a file may be put
 * meanwhile.
 */
export function newParquetReader(newPath: () => string): ParquetReader {
  return async (body, isJson, work) => {
    const path = newPath()
    try {
      await download(body, path)
      return await withEngine(async (connection) => {
        const columns = await describe(connection, path)
        const values = columns.map((column, index) => (isJson(index) ? jsonOf(column) : textOf(column)))
        const sql = `SELECT ${values.join(", ")} FROM read_parquet(${quoteLiteral(path)})`
        const names = columns.map(({ name }) => name)
        return await work({ width: columns.length, names, pieces: pieces(connection, sql) })
      })
    } finally {
      await rm(path, { force: true })
    }
  }
}

/** Puts an object where the engine can read it. @throws Problem */
export async function download(body: AsyncIterable<Buffer>, path: string): Promise<void> {
  try {
    await pipeline(Readable.from(body), createWriteStream(path, { flags: "wx", mode: 0o600 }))
  } catch (error) {
    throw error instanceof Problem ? error : problemOf(error, "staging an object")
  }
}

async function withEngine<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    memory_limit: `${memoryLimitMb}MiB`,
  })
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    return await work(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

interface ParquetColumn {
  name: string
  type: string
}

async function describe(connection: DuckDBConnection, path: string): Promise<ParquetColumn[]> {
  try {
    const found = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${quoteLiteral(path)})`)
    return found.getRowsJson().map(([name, type]) => ({ name: String(name), type: String(type) }))
  } catch (error) {
    throw notParquet(error)
  }
}

/** What the engine says of a file that is none, or damaged. */
export function notParquet(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ""
  if (!/parquet|magic|thrift|too small/i.test(message)) return error
  return new LoadFailure(loadErrorCodes.unknown, "The file is not Parquet, or is damaged")
}

function jsonOf({ name }: ParquetColumn): string {
  return `CAST(to_json(${quoteIdentifier(name)}) AS VARCHAR)`
}

function textOf(column: ParquetColumn): string {
  const name = quoteIdentifier(column.name)
  if (/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(column.type)) return jsonOf(column)
  return column.type === "BLOB" ? `lower(hex(${name}))` : `CAST(${name} AS VARCHAR)`
}

async function* pieces(
  connection: DuckDBConnection,
  sql: string,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  try {
    const found = await connection.stream(sql)
    for (;;) {
      const chunk = await found.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return
      yield chunk.getRows() as (string | null)[][]
    }
  } catch (error) {
    throw notParquet(error)
  }
}
