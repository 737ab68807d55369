import type { DuckDBConnection } from "@duckdb/node-api"
import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"

/** What memory is used for now, the engine's and that of the process around it. */
export interface MemoryUse {
  /** Counted by the engine, and only given back when a statement ends: no other can have it in the meantime. */
  fixedBytes: number
  /** All that the engine counts: tables it has read, too, and what it can set aside on disk. */
  countedBytes: number
  /** Of the process, without what JavaScript holds: counted or not. */
  nativeBytes: number
  /** On disk, because there was no room in memory. */
  spilledBytes: number
}

export interface MemoryUseReader {
  read(): Promise<MemoryUse>
  close(): void
}

/** Lists, texts and the like that aggregates gather; sorted rows and hash tables can be set aside on disk. */
const fixedTags = new Set(["ALLOCATOR"])

export async function openMemoryUse(instance: DuckDbInstance): Promise<MemoryUseReader> {
  const connection: DuckDBConnection = await instance.connect()
  const statement = await connection.prepare("FROM duckdb_memory()")

  async function read(): Promise<MemoryUse> {
    const rows = await (await statement.run()).getRows()
    const sum = (column: number, of = rows) => of.reduce((total, row) => total + Number(row[column]), 0)
    const { rss, heapTotal, external } = process.memoryUsage()
    return {
      fixedBytes: sum(
        1,
        rows.filter(([tag]) => fixedTags.has(String(tag))),
      ),
      countedBytes: sum(1),
      nativeBytes: rss - heapTotal - external,
      spilledBytes: sum(2),
    }
  }

  return {
    read,
    close: () => {
      statement.destroySync()
      connection.closeSync()
    },
  }
}
