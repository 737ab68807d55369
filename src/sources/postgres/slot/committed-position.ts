import type pg from "pg"
import { type Position, positionFrom } from "../../../domain/position.ts"

/**
 * A place that every commit before this call lies before, and that the stream soon reaches. The server's own words
 * would not do: what is flushed may end inside a record, and what is inserted lies unflushed, and so unstreamed, for
 * a long time while the server is idle. So a message of some bytes is committed, which nobody is sent.
 */
export async function committedPosition(client: pg.Client): Promise<Position> {
  // The commit is to be flushed here, whatever the role's settings; standbys need not have it.
  await client.query("SET synchronous_commit = local")
  const { rows } = await client.query<{ position: string }>(
    "SELECT pg_logical_emit_message(true, 'millrace', '')::text AS position",
  )
  return positionFrom(rows[0]?.position ?? "0/0")
}
