import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import { type Deadline, startDeadline } from "../../../concurrency/deadline.ts"
import { Problem } from "../../../domain/problems.ts"
import type { RefusedTable } from "../../../replication/contracts/source.ts"
import { type Address, closeQuietly, connect } from "../client.ts"
import { problemOf } from "../errors.ts"
import type { CurrentTable } from "../stream/evolve.ts"
import type { Question } from "../stream/table-evolutions.ts"
import { xidDistance } from "../stream/xid.ts"
import { readCatalog } from "./catalog.ts"

/** What the catalog says of a table now. */
export type CurrentState =
  | { kind: "gone" }
  | { kind: "refused"; table: RefusedTable }
  | { kind: "there"; current: CurrentTable }

export interface CurrentTables {
  /** By id. `after`: as of the end of this transaction or later. Throws Problem. */
  read(ids: readonly string[], after?: number): Promise<Map<string, CurrentState>>
  /** Reads until all is answered: one question may lead to another. */
  answer(question: Question): Promise<void>
  close(): void
}

/** A stream is told of a commit a moment before others see it; with a standby that is waited for, some moments. */
const visibleLimitMs = 30_000
const firstLookMs = 2
const lastLookMs = 100
/** Nobody's connection is held for long: definitions change seldom, but then several together. */
const idleLimitMs = 10_000

/** Reads the catalog for a stream, on a connection that is opened when needed. One reader at a time. */
export function newCurrentTables(address: Address): CurrentTables {
  let client: Promise<pg.Client> | undefined
  let idle: Deadline | undefined

  function close(): void {
    idle?.end()
    // It may be the opening that fails; whoever reads is told.
    client?.then(closeQuietly).catch(() => undefined)
    client = undefined
  }

  async function read(ids: readonly string[], after?: number): Promise<Map<string, CurrentState>> {
    idle?.end()
    try {
      client ??= connect(address)
      const states = await readVisible(await client, ids, after)
      idle = startDeadline(idleLimitMs, close, { keepsAlive: false })
      return states
    } catch (error) {
      close()
      throw problemOf(error, "reading what became of a table")
    }
  }

  return {
    read,
    async answer(first) {
      for (let question: Question | undefined = first; question !== undefined; )
        question = question.answer(await read(question.ids, question.after))
    },
    close,
  }
}

async function readVisible(
  client: pg.Client,
  ids: readonly string[],
  after: number | undefined,
): Promise<Map<string, CurrentState>> {
  const deadline = performance.now() + visibleLimitMs
  for (let waitMs = firstLookMs; ; waitMs = Math.min(waitMs * 2, lastLookMs)) {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    const { rows } = await client.query<{ snapshot: string }>(
      "SELECT pg_current_snapshot()::text AS snapshot",
    )
    if (after === undefined || sees(rows[0]?.snapshot ?? "", after)) {
      const states = await readStates(client, ids)
      await client.query("COMMIT")
      return states
    }
    await client.query("COMMIT")
    if (performance.now() > deadline)
      throw new Problem("sourceBusy", "The source sent a transaction that it does not show yet.")
    await delay(waitMs)
  }
}

/** All transactions before this one have ended. */
export async function oldestRunning(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ xmin: string }>(
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin",
  )
  return Number(BigInt(rows[0]?.xmin ?? "0") & 0xffffffffn)
}

/** `xmin:xmax:running,…`, in 64 bits; transactions in the stream are told in 32. */
function sees(snapshot: string, xid: number): boolean {
  const [, xmax = "0", running = ""] = snapshot.split(":")
  const limit = BigInt(xmax)
  const ahead = xidDistance(xid, Number(limit & 0xffffffffn))
  return ahead < 0 && !running.split(",").includes(String(limit + BigInt(ahead)))
}

/** All as of one moment. */
export async function readStatesNow(
  client: pg.Client,
  ids: readonly string[],
): Promise<Map<string, CurrentState>> {
  return await readVisible(client, ids, undefined)
}

async function readStates(client: pg.Client, ids: readonly string[]): Promise<Map<string, CurrentState>> {
  const states = new Map<string, CurrentState>(ids.map((id) => [id, { kind: "gone" }]))
  const { tables, refused } = await readCatalog(client, () => true, ids)
  const missing = await readMissing(client, ids)
  for (const table of refused) states.set(table.id, { kind: "refused", table })
  for (const table of tables) {
    const { id } = table.schema
    states.set(id, { kind: "there", current: { table, missing: missing.get(id) ?? new Map() } })
  }
  return states
}

/** What rows hold in columns that came after them, by table and attribute number. */
async function readMissing(
  client: pg.Client,
  ids: readonly string[],
): Promise<Map<string, Map<number, string | undefined>>> {
  // It is stored as an array of one; arrays of types with a delimiter of their own are left to the copy.
  const { rows } = await client.query<{ id: string; number: number; value: string | null }>(
    `SELECT attrelid::oid::text AS id, attnum::int AS number, CASE WHEN typdelim = ',' THEN (attmissingval::text::text[])[1] END AS value
     FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
     WHERE attrelid = ANY($1::oid[]) AND atthasmissing AND attnum > 0 AND NOT attisdropped`,
    [ids],
  )
  const missing = new Map<string, Map<number, string | undefined>>()
  for (const { id, number, value } of rows) {
    const ofTable = missing.get(id) ?? new Map<number, string | undefined>()
    missing.set(id, ofTable.set(number, value ?? undefined))
  }
  return missing
}
