import { Problem } from "../../../domain/problems.ts"
import type { TableName } from "../../../domain/table.ts"
import { type Address, type Client, close, connect, takeOver, withClient } from "../client.ts"
import { problemOf } from "../errors.ts"
import type { LogEnd } from "../log/log-file.ts"
import { atRestOrLocked, beginSnapshot, freeDefinitions } from "../log/moment.ts"
import type { Place } from "../log/position.ts"
import { newRowSession, type RowSession } from "./query-rows.ts"
import { toldPlace } from "./told-place.ts"

/** Sessions that all see the same moment of the server, and where in the log that moment lies. */
export interface ConsistentSessions {
  clients: Client[]
  place: Place
  /** The log has at least this of its file. */
  end: LogEnd
}

export interface WantedSessions {
  /** Of these the moment is told exactly. */
  tables: readonly TableName[]
  /** How the place is counted; absent: as the server counts now. */
  kind?: Place["kind"] | undefined
}

/** Two readers keep both the source and the loading busy. */
const wantedSessions = 2
/** In a row; each may be another session's with a probability of some hundredths, where many ask. */
const timesAlike = 5
const mostAsked = 200
/** Sessions that begin at once see the same moment unless something is committed between them. */
const mostAttempts = 20

/** Nobody at the source waits for these: see docs/decisions/0029-mysql-snapshots-without-a-global-lock.md. */
export async function openSessions(address: Address, wanted: WantedSessions): Promise<ConsistentSessions> {
  const clients: Client[] = []
  try {
    for (let i = 0; i < wantedSessions; i++) clients.push(await connect(address))
    const [first] = clients
    if (first === undefined) throw new Error("no session")
    if (first.flavor === "mariadb") return await ofOneMoment(address, clients)
    return { clients, ...(await atRestOrLocked(address, clients, wanted)) }
  } catch (error) {
    for (const client of clients) close(client)
    throw problemOf(error, "opening a snapshot")
  }
}

/**
 * MariaDB says for each snapshot where in the log it lies: sessions that say the same see the same. On a server that
 * never rests long enough, one session must do.
 */
async function ofOneMoment(address: Address, clients: Client[]): Promise<ConsistentSessions> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    await Promise.all(clients.map(beginSnapshot))
    const moments: LogEnd[] = []
    for (const client of clients) moments.push(await snapshotEnd(client))
    const [moment] = moments
    if (moment === undefined) throw new Error("no session")
    if (moments.every((one) => isSameEnd(one, moment)))
      return { clients, ...(await toldPlace(address, moment)) }
  }
  const [first, ...rest] = clients
  if (first === undefined) throw new Error("no session")
  for (const client of rest) close(client)
  await beginSnapshot(first)
  const moment = await snapshotEnd(first)
  return { clients: [first], ...(await toldPlace(address, moment)) }
}

/**
 * The server copies a session's place into variables of its own before it shows them, and another session that asks for its
 * status meanwhile puts its own place there: what is said once may be another's. (Source: MariaDB, sql/log.cc,
 * TC_LOG_BINLOG::set_status_variables.)
 */
async function snapshotEnd(client: Client): Promise<LogEnd> {
  let said = await saidEnd(client)
  let times = 1
  for (let asked = 1; asked < mostAsked; asked++) {
    if (times === timesAlike) return said
    const next = await saidEnd(client)
    times = isSameEnd(said, next) ? times + 1 : 1
    said = next
  }
  throw new Problem(
    "sourceBusy",
    "The source does not say the same place of its log for a snapshot several times: too many sessions ask for its status at once.",
  )
}

async function saidEnd(client: Client): Promise<LogEnd> {
  const rows = await client.query(
    "SHOW STATUS WHERE Variable_name IN ('Binlog_snapshot_file', 'Binlog_snapshot_position')",
  )
  const values = new Map(rows.map((row) => [row.Variable_name?.toLowerCase(), row.Value]))
  const file = values.get("binlog_snapshot_file") ?? ""
  if (file === "")
    throw new Problem(
      "sourceSettings",
      "The source does not say where in its log a snapshot lies: is log_bin on?",
    )
  return { file, offset: Number(values.get("binlog_snapshot_position") ?? 0) }
}

function isSameEnd(one: LogEnd, other: LogEnd): boolean {
  return one.file === other.file && one.offset === other.offset
}

/** From here on the sessions give rows as bytes. */
export function rowSessions(address: Address, clients: readonly Client[]): RowSession[] {
  return clients.map((client) =>
    newRowSession(
      takeOver(client),
      () =>
        withClient(address, "ending a statement", async (other) => {
          await other.query(`KILL QUERY ${client.threadId}`)
        }),
      freeDefinitions,
    ),
  )
}
