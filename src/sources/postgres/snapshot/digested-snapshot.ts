import type pg from "pg"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { DigestedSide, RowKey } from "../../../replication/contracts/comparison.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { type Address, connect, destroy, isUnencoded, quoteLiteral } from "../client.ts"
import { problemOf } from "../errors.ts"
import { digestsQuery, type LengthOf, rowsQuery } from "../types/canonical.ts"
import { placeOf } from "../types/query-forms.ts"
import type { LockYield } from "./lock-yield.ts"

/** The digests of an exported snapshot's tables, computed by the server: only they travel, and the rows that differ. */
export function digestedSnapshot(
  parts: ExportedSnapshot,
  tables: ReadonlyMap<string, PgTable>,
): DigestedSide {
  const ask = async (
    schema: TableSchema,
    query: (place: string, table: PgTable, lengthOf: LengthOf) => string,
    signal: AbortSignal,
  ) => {
    const table = tables.get(schema.id)
    if (table === undefined) throw new Error(`not in this snapshot: table ${schema.id}`)
    const sql = (lengthOf: LengthOf) => query(placeOf(table), table, lengthOf)
    return await askSnapshot(parts, sql, schema, signal)
  }
  return {
    async digests(schema, digits, signal) {
      const rows = await ask(
        schema,
        (place, table, lengthOf) => digestsQuery(place, table, digits, lengthOf),
        signal,
      )
      return new Map(
        rows.map(([chunk, count, sum]) => [chunk ?? "", { rows: Number(count), sum: sum ?? "" }]),
      )
    },
    async rows(schema, chunks, signal) {
      const rows = await ask(
        schema,
        (place, table, lengthOf) => rowsQuery(place, table, chunks, lengthOf),
        signal,
      )
      return rows.map(([hash, key]) => ({ hash: hash ?? "", key: JSON.parse(key ?? "[]") as RowKey }))
    },
  }
}

/** Without an encoding the server counts bytes, where it is to count characters. */
function lengthIn(client: pg.Client): LengthOf {
  return isUnencoded(client)
    ? (text) => `length(convert_to(${text}, 'UTF8'), 'UTF8')`
    : (text) => `length(${text})`
}

/** A snapshot that the server has exported under a name. */
export interface ExportedSnapshot {
  address: Address
  exported: string
  lockYield: LockYield
}

async function askSnapshot(
  { address, exported, lockYield }: ExportedSnapshot,
  sql: (lengthOf: LengthOf) => string,
  { schema, name }: TableSchema,
  signal: AbortSignal,
): Promise<(string | null)[][]> {
  const doing = `comparing ${schema}.${name}`
  const client: pg.Client = await connect(address)
  const watched = lockYield.watch(client)
  const abort = () => destroy(client)
  signal.addEventListener("abort", abort, { once: true })
  try {
    if (signal.aborted)
      throw new Problem("sourceUnreachable", `The comparison of ${schema}.${name} was given up.`)
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(exported)}`)
    // One process is enough: what the source has is its users'.
    await client.query("SET LOCAL max_parallel_workers_per_gather = 0")
    return (await client.query<(string | null)[]>({ text: sql(lengthIn(client)), rowMode: "array" })).rows
  } catch (error) {
    if (watched.hasYielded)
      throw new Problem(
        "sourceBusy",
        `Somebody waits to alter ${schema}.${name}, so its comparison gave way.`,
      )
    throw problemOf(error, doing)
  } finally {
    watched.done()
    signal.removeEventListener("abort", abort)
    destroy(client)
  }
}
