import { setTimeout as delay } from "node:timers/promises"
import { startDeadline } from "../../../concurrency/deadline.ts"
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, close, connect, quoteIdentifier } from "../client.ts"
import { errorNumber } from "../errors.ts"
import type { WantedSessions } from "../snapshot/sessions.ts"
import type { LogEnd } from "./log-file.ts"
import { hasGtids, type LogStatus, logStatus } from "./log-status.ts"
import { type Place, placeOfMysql } from "./position.ts"

/** A moment that sessions see, and where in the log it lies. */
export interface Moment {
  place: Place
  /** The log has at least this of its file. */
  end: LogEnd
}

/** For so long nothing but moments of rest is looked for, before tables are locked. */
const restLimitMs = 250
/** Others' writes to the tables wait at most this long for us. */
const lockLimitMs = 300
/** Between two locks, so that those who waited get on. */
const pauseMs = 700
const limitMs = 5_000
/** The server ends a session that holds locks and says nothing, in seconds: we may have come to a standstill. */
const holderPatienceSeconds = 1
/** What the savepoint's release frees: the locks on the definitions of the tables read since. */
const savepoint = "millrace_begin"

// Error numbers of MySQL's manual ("Server Error Message Reference").
const gaveUpLocking = new Set([1205, 1213, 1317, 1146, 3572])
const mayNotLock = new Set([1044, 1045, 1142, 1143, 1227])

export async function beginSnapshot(client: Client): Promise<void> {
  await client.query("ROLLBACK")
  await client.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
  await client.query(`SAVEPOINT ${savepoint}`)
}

/** Goes on seeing the same, and no longer keeps others from changing the definitions of what it has read. */
export const freeDefinitions = `ROLLBACK TO SAVEPOINT ${savepoint}`

/**
 * MySQL does not say where in its log a snapshot lies. So the sessions begin while nothing is being committed, or, if that
 * never happens, while the wanted tables are locked against writes for some milliseconds.
 */
export async function atRestOrLocked(
  address: Address,
  clients: readonly Client[],
  wanted: WantedSessions,
): Promise<Moment> {
  const watcher = await connect(address)
  try {
    const gtids = await hasGtids(watcher)
    const kind = wanted.kind ?? (gtids ? "mysql" : "file")
    const deadlineMs = performance.now() + limitMs
    for (;;) {
      if (gtids) {
        const status = await atRest(watcher, clients)
        if (status !== undefined) return momentAt(status, kind)
      }
      const status = await underTableLocks({ address, watcher, clients, wanted })
      if (status !== undefined) return momentAt(status, kind)
      if (performance.now() > deadlineMs) throw await neverAtRest(watcher)
      if (!gtids) await delay(pauseMs)
    }
  } finally {
    close(watcher)
  }
}

function momentAt({ end, executed }: LogStatus, kind: Place["kind"]): Moment {
  return { place: kind === "mysql" ? placeOfMysql(executed) : { kind: "file", ...end }, end }
}

/**
 * A transaction owns its GTID from before it is written to the log until after the engine has committed it. So what was
 * executed before the sessions began, is all that was executed after that, with no GTID owned in between, is what they see.
 */
async function atRest(watcher: Client, clients: readonly Client[]): Promise<LogStatus | undefined> {
  const deadlineMs = performance.now() + restLimitMs
  do {
    const before = await logStatus(watcher)
    await Promise.all(clients.map(beginSnapshot))
    // Before the status: a transaction that ends in between shows there.
    const [owned] = await watcher.query("SELECT @@global.gtid_owned AS gtids")
    if (owned?.gtids !== "") continue
    const after = await logStatus(watcher)
    const { file, offset } = before.end
    if (after.executed === before.executed && after.end.file === file && after.end.offset === offset)
      return before
  } while (performance.now() < deadlineMs)
  return undefined
}

interface Locking {
  address: Address
  watcher: Client
  clients: readonly Client[]
  wanted: WantedSessions
}

/**
 * A lock for reading waits for open transactions that have written to the table, never for those that read it, and goes
 * without a trace when it is given up. While it is held, everything that ever changed the tables is committed as a whole.
 */
async function underTableLocks({
  address,
  watcher,
  clients,
  wanted,
}: Locking): Promise<LogStatus | undefined> {
  const { tables } = wanted
  const holder = await connect(address)
  const limit = startDeadline(lockLimitMs, () => {
    watcher.query(`KILL QUERY ${holder.threadId}`).catch(() => close(holder))
  })
  try {
    await holder.query(`SET lock_wait_timeout = 1, wait_timeout = ${holderPatienceSeconds}`)
    const list = tables.map(({ schema, name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)} READ`)
    if (list.length > 0) await holder.query(`LOCK TABLES ${list.join(", ")}`)
    const status = await logStatus(holder)
    await Promise.all(clients.map(beginSnapshot))
    // It fails if the lock is gone: then what the sessions see is not known to be of one moment.
    await holder.query("UNLOCK TABLES")
    return status
  } catch (error) {
    const errno = errorNumber(error)
    if (mayNotLock.has(errno)) throw await lockRefused(watcher)
    if (gaveUpLocking.has(errno)) return undefined
    throw error
  } finally {
    limit.end()
    close(holder)
  }
}

async function lockRefused(client: Client): Promise<Problem> {
  const [who] = await client.query("SELECT CURRENT_USER() AS account")
  return new Problem(
    "sourcePrivileges",
    `The source is never at rest, and user ${who?.account ?? ""} may not lock tables for the milliseconds that a copy needs to begin. GRANT LOCK TABLES ON *.* TO that user.`,
  )
}

/** Says who is in the way, as far as our user may know. */
async function neverAtRest(client: Client): Promise<Problem> {
  const waits = `A copy waits for a moment at which no transaction that has written to its tables is open: none of at most ${lockLimitMs} ms was had in ${limitMs / 1000} s.`
  const oldest = await client
    .query(
      "SELECT trx_mysql_thread_id AS id, timestampdiff(SECOND, trx_started, now()) AS age FROM information_schema.innodb_trx WHERE trx_rows_modified > 0 ORDER BY trx_started LIMIT 1",
    )
    .catch(() => [])
  const [{ id, age } = {}] = oldest
  const whose = id === undefined ? "" : ` Session ${id} has had one open for ${age} s.`
  return new Problem("sourceBusy", waits + whose)
}
