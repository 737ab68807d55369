import { type Position, positionFrom } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import type { DestinationView } from "../../../replication/contracts/warehouse.ts"
import { problemOf } from "../errors.ts"
import { readPosition } from "../fence.ts"
import type { DuckDbInstance } from "../files/instance.ts"
import { bookkeepingTable, liveTable } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
import { keyNames } from "../staging/staged-rows.ts"
import { digestsQuery, rowsQuery } from "./canonical.ts"

/** A read transaction: it sees this moment for as long as it is open, whatever is applied meanwhile. */
export async function openView(
  instance: DuckDbInstance,
  database: string,
  pipeline: string,
): Promise<DestinationView> {
  const connection = await instance.connect()
  const read = async (sql: string, doing: string): Promise<(string | null)[][]> => {
    try {
      return (await connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][]
    } catch (error) {
      throw problemOf(error, doing)
    }
  }
  const whose = `WHERE pipeline = ${quoteLiteral(pipeline)}`
  let position: Position
  let definitions: (string | null)[][]
  let keepers: Set<string | null>
  try {
    await read("BEGIN TRANSACTION READ ONLY", "opening a view")
    // The engine fixes the moment with the first read of the database.
    const found = await readPosition(connection, { database, pipeline })
    if (found === undefined) throw new Problem("internal", "The warehouse has no position to look at.")
    position = positionFrom(found)
    const tables = bookkeepingTable(database, "tables")
    const versions = bookkeepingTable(database, "versions")
    const kept = await read(`SELECT table_id FROM ${versions} ${whose} AND NOT dropped`, "opening a view")
    keepers = new Set(kept.map(([id]) => id ?? null))
    definitions = await read(`SELECT definition FROM ${tables} ${whose} AND NOT stale`, "opening a view")
  } catch (error) {
    connection.closeSync()
    throw problemOf(error, "opening a view")
  }
  const rowsOf = (table: TableSchema) => {
    const live = liveTable(database, table)
    return keepers.has(table.id) ? `(SELECT * FROM ${live} WHERE _record_is_active)` : live
  }
  const interrupt = () => connection.interrupt()
  let running: Promise<unknown> = Promise.resolve()
  const guarded = (sql: string, table: TableSchema, signal: AbortSignal) => {
    signal.throwIfAborted()
    signal.addEventListener("abort", interrupt, { once: true })
    const rows = read(sql, `comparing ${table.schema}.${table.name}`).finally(() =>
      signal.removeEventListener("abort", interrupt),
    )
    running = rows.catch(() => undefined)
    return rows
  }
  return {
    position,
    tables: definitions.map(([text]) => JSON.parse(text ?? "") as TableSchema),
    async countRows(table) {
      const [row] = await read(`SELECT count(*)::VARCHAR FROM ${rowsOf(table)}`, "counting rows")
      return Number(row?.[0])
    },
    async digests(table, digits, signal) {
      const rows = await guarded(digestsQuery(rowsOf(table), table, digits), table, signal)
      return new Map(
        rows.map(([chunk, count, sum]) => [chunk ?? "", { rows: Number(count), sum: sum ?? "" }]),
      )
    },
    async rows(table, chunks, signal) {
      const rows = await guarded(rowsQuery(rowsOf(table), table, chunks), table, signal)
      return rows.map(([hash, key]) => ({ hash: hash ?? "", key: JSON.parse(key ?? "[]") as RowKey }))
    },
    async duplicates(table, signal) {
      const keys = keyNames(table, table.key ?? []).join(", ")
      const repeated = `SELECT count(*) - 1 AS more FROM ${rowsOf(table)} GROUP BY ${keys} HAVING count(*) > 1`
      const [row] = await guarded(`SELECT coalesce(sum(more), 0)::VARCHAR FROM (${repeated})`, table, signal)
      return Number(row?.[0])
    },
    // The engine must not lose a connection on which it is at work, as after the other side has failed.
    async close() {
      interrupt()
      await running
      connection.closeSync()
    },
  }
}
