import type pg from "pg"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import type { DigestedSide, RowKey } from "../../replication/comparison.ts"
import { digestsQuery, rowsQuery } from "./canonical.ts"
import type { PgTable } from "./catalog.ts"
import { type Address, connect, destroy, quoteLiteral } from "./client.ts"
import { problemOf } from "./errors.ts"
import { placeOf } from "./query-forms.ts"

/** The digests of an exported snapshot's tables, computed by the server: only they travel, and the rows that differ. */
export function digestedSnapshot(
  address: Address,
  exported: string,
  tables: ReadonlyMap<string, PgTable>,
): DigestedSide {
  const ask = async (
    schema: TableSchema,
    query: (place: string, table: PgTable) => string,
    signal: AbortSignal,
  ) => {
    const table = tables.get(schema.id)
    if (table === undefined) throw new Error(`not in this snapshot: table ${schema.id}`)
    return await askSnapshot(address, exported, query(placeOf(table), table), schema, signal)
  }
  return {
    async digests(schema, digits, signal) {
      const rows = await ask(schema, (place, table) => digestsQuery(place, table, digits), signal)
      return new Map(
        rows.map(([chunk, count, sum]) => [chunk ?? "", { rows: Number(count), sum: sum ?? "" }]),
      )
    },
    async rows(schema, chunks, signal) {
      const rows = await ask(schema, (place, table) => rowsQuery(place, table, chunks), signal)
      return rows.map(([hash, key]) => ({ hash: hash ?? "", key: JSON.parse(key ?? "[]") as RowKey }))
    },
  }
}

async function askSnapshot(
  address: Address,
  exported: string,
  sql: string,
  { schema, name }: TableSchema,
  signal: AbortSignal,
): Promise<(string | null)[][]> {
  const doing = `comparing ${schema}.${name}`
  const client: pg.Client = await connect(address)
  const abort = () => destroy(client)
  signal.addEventListener("abort", abort, { once: true })
  try {
    if (signal.aborted)
      throw new Problem("sourceUnreachable", `The comparison of ${schema}.${name} was given up.`)
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(exported)}`)
    // One process is enough: what the source has is its users'.
    await client.query("SET LOCAL max_parallel_workers_per_gather = 0")
    return (await client.query<(string | null)[]>({ text: sql, rowMode: "array" })).rows
  } catch (error) {
    throw problemOf(error, doing)
  } finally {
    signal.removeEventListener("abort", abort)
    destroy(client)
  }
}
