import type pg from "pg"
import { type Position, positionFrom } from "../../../domain/position.ts"

/**
 * A position after every commit before this call, which the stream soon reaches. pg_current_wal_flush_lsn may end inside a
 * record; pg_current_wal_insert_lsn may be unflushed, and so not streamed, for a long time while the server is idle. So a
 * message of some bytes is committed, which no subscriber is sent.
 */
export async function committedPosition(client: pg.Client): Promise<Position> {
  // The commit is to be flushed here, whatever the role's settings; standbys need not have it.
  await client.query("SET synchronous_commit = local")
  const { rows } = await client.query<{ position: string }>(
    "SELECT pg_logical_emit_message(true, 'millrace', '')::text AS position",
  )
  return positionFrom(rows[0]?.position ?? "0/0")
}
