import { Problem } from "../../domain/problems.ts"
import { type Address, type Client, close, connect, takeOver, withClient } from "./client.ts"
import { problemOf } from "./errors.ts"
import { type Place, placeOfMariadb, placeOfMysql } from "./position.ts"
import { newRowSession, type RowSession } from "./query-rows.ts"

/** Sessions that all see the same moment of the server, and where in the log that moment lies. */
export interface ConsistentSessions {
  clients: Client[]
  place: Place
}

/** Two readers keep both the source and the loading busy. */
const wantedSessions = 2
/** Sessions that begin at once see the same moment unless something is committed between them. */
const mostAttempts = 20
/** Everybody who writes waits while we ask for a lock, so it is asked for only this long. */
const lockLimitSeconds = 2

const begin = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

export async function openSessions(address: Address): Promise<ConsistentSessions> {
  const clients: Client[] = []
  try {
    for (let i = 0; i < wantedSessions; i++) clients.push(await connect(address))
    const [first] = clients
    if (first === undefined) throw new Error("no session")
    return first.flavor === "mariadb"
      ? await withoutLock(address, clients)
      : await underLock(address, clients)
  } catch (error) {
    for (const client of clients) close(client)
    throw problemOf(error, "opening a snapshot")
  }
}

/**
 * MariaDB says for each snapshot where in the log it lies: sessions that say the same see the same. On a server that
 * never rests long enough, one session must do.
 */
async function withoutLock(address: Address, clients: Client[]): Promise<ConsistentSessions> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const moments = await Promise.all(clients.map(momentOf))
    if (new Set(moments).size === 1) return { clients, place: await mariadbPlace(address, moments[0] ?? "") }
  }
  const [first, ...rest] = clients
  if (first === undefined) throw new Error("no session")
  for (const client of rest) close(client)
  return { clients: [first], place: await mariadbPlace(address, await momentOf(first)) }
}

/** File and offset. */
async function momentOf(client: Client): Promise<string> {
  await client.query("ROLLBACK")
  await client.query(begin)
  const rows = await client.query(
    "SHOW STATUS WHERE Variable_name IN ('Binlog_snapshot_file', 'Binlog_snapshot_position')",
  )
  const values = new Map(rows.map((row) => [row.Variable_name?.toLowerCase(), row.Value]))
  return `${values.get("binlog_snapshot_file") ?? ""}:${values.get("binlog_snapshot_position") ?? ""}`
}

async function mariadbPlace(address: Address, moment: string): Promise<Place> {
  const colon = moment.lastIndexOf(":")
  const [file, offset] = [moment.slice(0, colon), moment.slice(colon + 1)]
  if (!/^[^'\\]+$/.test(file) || !/^\d+$/.test(offset))
    throw new Problem(
      "sourceSettings",
      "The source does not say where in its log a snapshot lies: is log_bin on?",
    )
  const [row] = await withClient(address, "reading the position", (client) =>
    client.query(`SELECT BINLOG_GTID_POS('${file}', ${offset}) AS place`),
  )
  if (row?.place === null || row?.place === undefined)
    throw new Problem(
      "sourceBusy",
      "The source threw away the log of the snapshot while it was being opened.",
    )
  return placeOfMariadb(row.place)
}

/** Elsewhere nothing may be committed while the sessions begin: for some milliseconds. */
async function underLock(address: Address, clients: Client[]): Promise<ConsistentSessions> {
  return await withClient(address, "opening a snapshot", async (holder) => {
    await holder.query(`SET lock_wait_timeout = ${lockLimitSeconds}`)
    await holder.query("FLUSH TABLES WITH READ LOCK")
    for (const client of clients) await client.query(begin)
    const place = await newestPlace(holder)
    await holder.query("UNLOCK TABLES")
    return { clients, place }
  })
}

/** Everything committed so far lies before it. */
export async function newestPlace(client: Client): Promise<Place> {
  if (client.flavor === "mariadb") {
    const [row] = await client.query("SELECT @@global.gtid_binlog_pos AS place")
    return placeOfMariadb(row?.place ?? "")
  }
  const [mode] = await client.query("SELECT @@global.gtid_mode AS mode, @@global.gtid_executed AS place")
  if (mode?.mode === "ON") return placeOfMysql(mode.place ?? "")
  const [status] = await masterStatus(client)
  if (status?.File === undefined || status.File === null)
    throw new Problem("sourceSettings", "The source says no place in its log: is log_bin on?")
  return { kind: "file", file: status.File, offset: Number(status.Position ?? 0) }
}

/** MySQL 8.4 knows only the new name. */
async function masterStatus(client: Client): Promise<Record<string, string | null>[]> {
  const [row] = await client.query("SELECT VERSION() AS version")
  const [major = 0, minor = 0] = (row?.version ?? "").split(".").map(Number)
  const isNew = major > 8 || (major === 8 && minor >= 2)
  return await client.query(isNew ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS")
}

/** From here on the sessions give rows as bytes. */
export function rowSessions(address: Address, clients: readonly Client[]): RowSession[] {
  return clients.map((client) =>
    newRowSession(takeOver(client), () =>
      withClient(address, "ending a statement", async (other) => {
        await other.query(`KILL QUERY ${client.threadId}`)
      }),
    ),
  )
}
