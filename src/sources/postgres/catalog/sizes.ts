import pg from "pg"
import type { TableSelection, TableSize } from "../../../replication/contracts/source.ts"
import { type PgTable, readCatalog } from "./catalog.ts"

/** A partitioned table is as large as its leaves. Never analysed, a table has -1 rows in the catalog. */
const sizesQuery = `
select c.oid::text as id, sum(greatest(part.reltuples, 0))::float8 as rows, sum(pg_table_size(part.oid))::float8 as bytes
from pg_class c
  left join lateral pg_partition_tree(c.oid) leaf on c.relkind = 'p' and leaf.isleaf
  join pg_class part on part.oid = coalesce(leaf.relid, c.oid)
where c.oid = any($1::oid[])
group by c.oid`

/** For whoever alters a table that is asked about; and nobody must wait behind us for long. */
const lockLimitMs = 2_000
const lockNotAvailable = "55P03"

/**
 * The selected tables that can be replicated, with their sizes: values stored out of line are counted, indexes are not.
 * @returns undefined: a table is being altered, and its size cannot be read meanwhile
 */
export async function readSizes(client: pg.Client, select: TableSelection): Promise<TableSize[] | undefined> {
  const { tables } = await readCatalog(client, select)
  await client.query(`SET lock_timeout = ${lockLimitMs}`)
  try {
    return await sizesOf(client, tables)
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === lockNotAvailable) return undefined
    throw error
  } finally {
    await client.query("RESET lock_timeout")
  }
}

async function sizesOf(client: pg.Client, tables: readonly PgTable[]): Promise<TableSize[]> {
  const { rows } = await client.query<{ id: string; rows: number; bytes: number }>(sizesQuery, [
    tables.map(({ schema }) => schema.id),
  ])
  const byId = new Map(rows.map((row) => [row.id, row]))
  return tables.map(({ schema: { id, schema, name, key } }) => {
    const { rows: estimatedRows = 0, bytes = 0 } = byId.get(id) ?? {}
    return { schema, name, hasKey: key !== undefined, estimatedRows, bytes }
  })
}
