import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import type { Position } from "../../../domain/position.ts"
import { positionFrom, shownPosition } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import { applicationName, quoteIdentifier, quoteLiteral } from "../client.ts"
import { lsnOf } from "./position.ts"

/** What CREATE_REPLICATION_SLOT answers: decoding starts at `position`, and `snapshot` sees everything before it. */
export interface NewSlot {
  position: Position
  snapshot: string
}

/**
 * `client` speaks the replication protocol and must stay open and silent until the snapshot is no longer needed. A
 * temporary slot goes with its connection.
 */
export async function createSlot(
  client: pg.Client,
  name: string,
  kind: "lasting" | "failover" | "temporary",
): Promise<NewSlot> {
  const { rows } = await client.query<{ consistent_point: string; snapshot_name: string }>(
    `CREATE_REPLICATION_SLOT ${quoteIdentifier(name)} ${slotOptions[kind]}`,
  )
  const [slot] = rows
  if (slot === undefined)
    throw new Problem("sourceProtocol", "The source made a slot but did not say where it starts.")
  return { position: positionFrom(slot.consistent_point), snapshot: slot.snapshot_name }
}

// Servers before 15 know only the old form.
const slotOptions = {
  lasting: "LOGICAL pgoutput EXPORT_SNAPSHOT",
  failover: "LOGICAL pgoutput (SNAPSHOT 'export', FAILOVER)",
  temporary: "TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT",
} as const

/** Drops publication and slot, ending a connection of an earlier process of ours that still holds the slot. */
export async function dropSlotAndPublication(client: pg.Client, name: string): Promise<void> {
  await client.query(`DROP PUBLICATION IF EXISTS ${quoteIdentifier(name)}`)
  const literal = quoteLiteral(name)
  for (let attempt = 1; ; attempt++) {
    await client.query(
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ${literal} AND active_pid IS NOT NULL`,
    )
    try {
      await client.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${literal}`,
      )
      return
    } catch (error) {
      // 55006: the ended connection has not let go of the slot yet.
      if ((error as { code?: string }).code !== "55006" || attempt >= maxDropAttempts) throw error
      await delay(dropRetryMs)
    }
  }
}

/**
 * Ends the connection by which an earlier process of ours reads a slot, and waits until the slot is free, at most 5 s. A client
 * of another name, or of a role whose connections ours may not end, is left alone: the stream waits for it and tells of it.
 */
export async function endReader(client: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; attempt <= maxDropAttempts; attempt++) {
    if ((await readersOf(client, name)) === "none") return
    await delay(dropRetryMs)
  }
}

async function readersOf(client: pg.Client, name: string): Promise<"none" | "ending"> {
  try {
    const { rows } = await client.query(
      `SELECT pg_terminate_backend(a.pid) FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
       WHERE s.slot_name = $1 AND a.application_name = $2`,
      [name, applicationName],
    )
    return rows.length === 0 ? "none" : "ending"
  } catch (error) {
    // 42501: insufficient privilege.
    if ((error as { code?: string }).code === "42501") return "none"
    throw error
  }
}

/** What `dropSlotAndPublication` does, for a person. */
export function removalStatements(database: string, name: string, hasSlot = true): string {
  const slot = hasSlot ? `SELECT pg_drop_replication_slot(${quoteLiteral(name)}); ` : ""
  const publication = `DROP PUBLICATION IF EXISTS ${quoteIdentifier(name)};`
  return `In its database ${quoteIdentifier(database)}: ${slot}${publication}`
}

const maxDropAttempts = 50
const dropRetryMs = 100

/**
 * Whether the slot still holds what comes after our position. Not so when it is gone or invalidated, when somebody has
 * moved it past us, or when the server's own log ends before our position (it was restored to an earlier time).
 * Nor when the publication is gone: what happened meanwhile was published to nobody.
 */
export async function slotHistory(client: pg.Client, name: string, from: Position): Promise<"kept" | "lost"> {
  await refuseStandby(client)
  const { rows } = await client.query<{ usable: boolean }>(
    `SELECT coalesce(wal_status, 'reserved') <> 'lost' AND confirmed_flush_lsn <= $2::pg_lsn
            AND pg_current_wal_insert_lsn() >= $2::pg_lsn
            AND EXISTS (SELECT FROM pg_publication WHERE pubname = $1) AS usable
     FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()`,
    [name, shownPosition(from)],
  )
  return rows[0]?.usable === true ? "kept" : "lost"
}

/** A standby has no slots of ours to show; once promoted, it may. */
async function refuseStandby(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby")
  if (rows[0]?.standby === true)
    throw new Problem("sourceUnreachable", "The server is a standby that has not been promoted.")
}

/**
 * Up to where the slot knows that its client has everything. While another connection (perhaps an earlier one of
 * ours, whose last word is still on its way) holds the slot, that may change.
 */
export async function confirmedBySlot(client: pg.Client, name: string): Promise<bigint> {
  const { rows } = await client.query<{ confirmed: string; active: boolean }>(
    "SELECT confirmed_flush_lsn::text AS confirmed, active FROM pg_replication_slots WHERE slot_name = $1",
    [name],
  )
  const [slot] = rows
  if (slot === undefined) throw new Problem("sourceHistoryLost", "The slot at the source is gone.")
  if (slot.active) throw new Problem("sourceInUse", "The slot at the source is in use.")
  return lsnOf(positionFrom(slot.confirmed))
}
