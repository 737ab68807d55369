import { type Position, positionFrom } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import type { DestinationView } from "../../../replication/contracts/warehouse.ts"
import type { Session } from "../client.ts"
import { problemOf } from "../errors.ts"
import { readPosition } from "../fence.ts"
import type { Names } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
import { keyValues } from "../render/keys.ts"
import { digestsQuery, rowsQuery } from "../types/canonical.ts"

export interface ViewOptions {
  names: Names
  pipeline: string
  /** A session of the view's own. */
  connect(): Promise<Session>
}

/** A read transaction: it sees this moment for as long as it is open, whatever is applied meanwhile. */
export async function openView({ names, pipeline, connect }: ViewOptions): Promise<DestinationView> {
  const session = await connect()
  const read = async (sql: string, doing: string): Promise<(string | null)[][]> => {
    try {
      return await session.rows(sql)
    } catch (error) {
      throw problemOf(error, doing)
    }
  }
  const whose = `WHERE pipeline = ${quoteLiteral(pipeline)}`
  let position: Position
  let definitions: (string | null)[][]
  let keepers: Set<string | null>
  try {
    // The other side of a comparison may take minutes over a table.
    await session.run(
      "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )
    // The engine fixes the moment with the first read of the database.
    const found = await readPosition(session, { names, pipeline })
    if (found === undefined) throw new Problem("internal", "The warehouse has no position to look at.")
    position = positionFrom(found)
    const kept = await session.rows(
      `SELECT table_id FROM ${names.books("versions")} ${whose} AND NOT dropped`,
    )
    keepers = new Set(kept.map(([id]) => id ?? null))
    definitions = await session.rows(`SELECT definition FROM ${names.books("tables")} ${whose} AND NOT stale`)
  } catch (error) {
    session.destroy()
    throw problemOf(error, "opening a view")
  }
  const rowsOf = (table: TableSchema) => {
    const live = names.live(table)
    return keepers.has(table.id) ? `(SELECT * FROM ${live} WHERE _record_is_active)` : live
  }
  const interrupt = () => session.destroy()
  const guarded = async (sql: string, table: TableSchema, signal: AbortSignal) => {
    signal.throwIfAborted()
    signal.addEventListener("abort", interrupt, { once: true })
    return await read(sql, `comparing ${table.schema}.${table.name}`).finally(() =>
      signal.removeEventListener("abort", interrupt),
    )
  }
  return {
    position,
    tables: definitions.map(([text]) => JSON.parse(text ?? "") as TableSchema),
    async countRows(table) {
      const [row] = await read(`SELECT count(*) FROM ${rowsOf(table)} AS t`, "counting rows")
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
      const keys = keyValues(table, "").join(", ")
      const repeated = `SELECT count(*) - 1 AS more FROM ${rowsOf(table)} AS t GROUP BY ${keys} HAVING count(*) > 1`
      const [row] = await guarded(`SELECT coalesce(sum(more), 0) FROM (${repeated}) AS d`, table, signal)
      return Number(row?.[0])
    },
    async close() {
      interrupt()
    },
  }
}
