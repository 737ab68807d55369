import { randomBytes } from "node:crypto"
import type pg from "pg"
import type { Problem } from "../../../domain/problems.ts"
import { tableKey } from "../../../domain/table.ts"
import type { Snapshot, TableSelection } from "../../../replication/contracts/source.ts"
import type { TextColumns } from "../../../replication/contracts/text-columns.ts"
import { type Catalog, keptAsText, readCatalog } from "../catalog/catalog.ts"
import { type Address, connectForReplication, destroy, quoteLiteral, withClient } from "../client.ts"
import { problemOf } from "../errors.ts"
import { createPublication, publishWhole } from "../publication/publication.ts"
import { lsnOf, withOrigin } from "../slot/position.ts"
import { createSlot, dropSlotAndPublication } from "../slot/slot.ts"
import { waitForSlot } from "../slot/slot-wait.ts"
import { identifyServer } from "../slot/timeline-check.ts"
import { openExportedSnapshot } from "./snapshot.ts"

/** The first that hands slots on to a standby. */
const failoverVersion = 170_000

/** What is made here is named by the handle alone, so an attempt that broke anywhere is cleaned up by the next. */
export async function openSnapshot(
  address: Address,
  handle: string,
  select: TableSelection,
  texts: TextColumns,
  onWaiting: ((problem: Problem) => void) | undefined,
): Promise<Snapshot> {
  const version = await withClient(address, "preparing the publication", async (client) => {
    await dropSlotAndPublication(client, handle)
    const { tables } = await readCatalog(client, select)
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    )
    const version = rows[0]?.version ?? 0
    // One that is locked is copied later, beside the stream.
    await createPublication(client, handle, tables)
    return version
  })
  const isFailover = address.failoverSlots === true && version >= failoverVersion
  const holder = await connectForReplication(address)
  try {
    const server = await identifyServer(holder)
    const making = createSlot(holder, handle, isFailover ? "failover" : "lasting")
    const slot = await waitForSlot({ address, holder, slot: making, limitMs: slotLimitsMs.first, onWaiting })
    const base = lsnOf(slot.position)
    const catalog = await withClient(address, "reading the catalog", (client) =>
      catalogOfSnapshot(client, handle, slot.snapshot, select, texts),
    )
    return openExportedSnapshot({
      address,
      holder,
      exported: slot.snapshot,
      position: withOrigin(base, { ...server, base, witness: undefined }),
      isLate: false,
      ...catalog,
    })
  } catch (error) {
    destroy(holder)
    throw problemOf(error, "making the slot")
  }
}

/** The catalog as the snapshot sees it, without tables that came after the publication was made. */
async function catalogOfSnapshot(
  client: pg.Client,
  publication: string,
  exported: string,
  select: TableSelection,
  texts: TextColumns,
): Promise<Catalog> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
  await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(exported)}`)
  const catalog = await readCatalog(client, select, undefined, true)
  const { rows } = await client.query<{ id: string }>(
    "SELECT prrelid::oid::text AS id FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = $1",
    [publication],
  )
  await client.query("COMMIT")
  const published = new Set(rows.map((row) => row.id))
  const tables = catalog.tables
    .filter(({ schema }) => published.has(schema.id))
    .map((table) => keptAsText(table, texts.get(table.schema.id)))
  return { tables, refused: catalog.refused }
}

/** A slot waits for every transaction that is open when it is made; a stream that stands still for it must not wait long. */
const slotLimitsMs = { first: 600_000, copy: 10_000, comparison: 5_000 } as const

export interface LateSnapshot {
  snapshot: Snapshot
  tables: Catalog["tables"]
}

/** For a comparison nothing is altered. */
export type Purpose = "copy" | "comparison"

/** A snapshot of a few tables beside a running stream, on a slot that goes with its connection. */
export async function openLateSnapshot(
  address: Address,
  handle: string,
  ids: ReadonlySet<string>,
  texts: TextColumns,
  purpose: Purpose,
): Promise<LateSnapshot> {
  const known = await withClient(address, "extending the publication", async (client) => {
    const { tables } = await readCatalog(client, () => true)
    const wanted = tables.filter((table) => ids.has(table.schema.id))
    const locked =
      purpose === "copy" ? await publishWhole(client, handle, wanted) : new Map<string, Problem>()
    const free = wanted.filter(({ schema }) => !locked.has(schema.id))
    const [first] = locked.values()
    if (first !== undefined && free.length === 0) throw first
    return new Set(free.map((table) => tableKey(table.schema)))
  })
  const holder = await connectForReplication(address)
  try {
    const name = `${handle}_${randomBytes(3).toString("hex")}`
    const making = createSlot(holder, name, "temporary")
    const slot = await waitForSlot({ address, holder, slot: making, limitMs: slotLimitsMs[purpose] })
    const isWanted: TableSelection = (table) => known.has(tableKey(table))
    const { tables } = await withClient(address, "reading the catalog", (client) =>
      catalogOfSnapshot(client, handle, slot.snapshot, isWanted, texts),
    )
    const snapshot = openExportedSnapshot({
      address,
      holder,
      exported: slot.snapshot,
      position: slot.position,
      tables,
      refused: [],
      isLate: true,
    })
    return { snapshot, tables }
  } catch (error) {
    destroy(holder)
    throw problemOf(error, "making a snapshot")
  }
}
