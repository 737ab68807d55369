import type pg from "pg"
import { SnapshotInvalidated } from "../../../replication/contracts/snapshot-invalidated.ts"
import { quoteIdentifier } from "../client.ts"
import type { PgTable } from "./catalog.ts"

/**
 * What must still be as the snapshot saw it. `identity`: its name; PostgreSQL finds a name by the newest catalog, whatever
 * the snapshot, and after a renaming it may be another table's. `storage`: its files, too. Chunks are told by where rows
 * lie, which VACUUM FULL and CLUSTER change; and to a snapshot from before, a table that ALTER or TRUNCATE gave new
 * files is empty.
 */
export type Sameness = "identity" | "storage"

/** From here to the end of the client's transaction it is and stays the table of the snapshot. Throws SnapshotInvalidated. */
export async function holdAsItWas(client: pg.Client, table: PgTable, sameness: Sameness): Promise<void> {
  const { schema, partitioned } = table
  const place = `${quoteIdentifier(schema.schema)}.${quoteIdentifier(schema.name)}`
  await client.query(`LOCK TABLE ${partitioned ? "" : "ONLY "}${place} IN ACCESS SHARE MODE`)
  const { rows } = await client.query<{ id: string | null; storage: string }>(
    `SELECT to_regclass($1)::oid::text AS id, coalesce(string_agg(oid || ':' || coalesce(pg_relation_filenode(oid), 0), ' ' ORDER BY oid), '') AS storage
     FROM unnest($2::oid[]) AS oid`,
    [place, storageOf(table).map(({ id }) => id)],
  )
  const now = rows[0]
  const what = `Table ${schema.schema}.${schema.name} was`
  const then = "while it was being copied; its copy begins again."
  if (now?.id !== schema.id) throw new SnapshotInvalidated(`${what} renamed ${then}`)
  if (sameness === "identity") return
  const before = storageOf(table).map(({ id, filenode }) => `${id}:${filenode}`)
  if (now.storage !== before.join(" ")) throw new SnapshotInvalidated(`${what} rewritten ${then}`)
}

/** Its own file, or those of its leaves, by their numbers. */
function storageOf({ schema, storage, partitioned }: PgTable): { id: string; filenode: string }[] {
  if (!partitioned) return [{ id: schema.id, filenode: storage }]
  const leaves = storage.split(" ").filter((leaf) => leaf !== "")
  return leaves.map((leaf) => {
    const [id = "", filenode = ""] = leaf.split(":")
    return { id, filenode }
  })
}
