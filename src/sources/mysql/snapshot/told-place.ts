/**
 * What MariaDB says of a snapshot's place is wrong in two cases, until the next transaction commits, which on an idle server
 * may be hours. A transaction's thread sets `last_commit_pos_offset` after it has let go of the log. If meanwhile another
 * thread writes a checkpoint, or begins a file of the log, the transaction's own end is said afterwards:
 *
 * - in the same file: an end before that checkpoint, which a stream has long passed;
 * - of the file before: the offset there, with the name of the new file.
 *
 * (Source: MariaDB, sql/log.cc, MYSQL_BIN_LOG::write and write_binlog_checkpoint_event_already_locked.)
 */
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, quoteLiteral, type Row, withClient } from "../client.ts"
import { errorNumber } from "../errors.ts"
import type { LogEnd } from "../log/log-file.ts"
import { type Place, placeOfMariadb } from "../log/position.ts"

/** Where in the log a snapshot lies that the server says lies at `said`. Throws Problem. */
export async function toldPlace(address: Address, said: LogEnd): Promise<{ place: Place; end: LogEnd }> {
  return await withClient(address, "reading the position", async (client) => {
    const end = (await behindIdleEvents(client, said)) ?? (await inFileBefore(client, said))
    const place = end && (await gtidPlace(client, end))
    if (end !== undefined && place !== undefined) return { place, end }
    throw new Problem(
      "sourceBusy",
      "The source threw away the log of the snapshot while it was being opened, or says a place for it that is not in its log.",
    )
  })
}

async function inFileBefore(client: Client, { file, offset }: LogEnd): Promise<LogEnd | undefined> {
  const files = await client.query("SHOW BINARY LOGS")
  const before = files[files.findIndex(({ Log_name }) => Log_name === file) - 1]?.Log_name
  return before ? await behindIdleEvents(client, { file: before, offset }) : undefined
}

async function gtidPlace(client: Client, { file, offset }: LogEnd): Promise<Place | undefined> {
  const [row] = await client.query(`SELECT BINLOG_GTID_POS(${quoteLiteral(file)}, ${offset}) AS place`)
  return typeof row?.place === "string" ? placeOfMariadb(row.place) : undefined
}

/** A server that nobody writes to begins few files before one of its places is right. */
const mostIdleEvents = 100
/** A place that is not in the log. */
const showingFailed = 1220

/**
 * The place behind the events at `end` that belong to no transaction: a snapshot sees as much there. `undefined`: no event begins
 * or ends at `end`.
 */
async function behindIdleEvents(client: Client, end: LogEnd): Promise<LogEnd | undefined> {
  let at = end
  try {
    for (let passed = 0; passed < mostIdleEvents; passed++) {
      const [event] = await client.query(
        `SHOW BINLOG EVENTS IN ${quoteLiteral(at.file)} FROM ${at.offset} LIMIT 1`,
      )
      const next = event && endOfIdleEvent(event, at)
      if (next === undefined) break
      at = next
    }
    return at
  } catch (error) {
    if (errorNumber(error) === showingFailed) return undefined
    throw error
  }
}

const idleEvents = new Set(["Format_desc", "Gtid_list", "Binlog_checkpoint", "Start_encryption"])
const nextFile = /^(.+);pos=(\d+)$/

/** `undefined`: the event belongs to a transaction, or nothing tells what comes behind it. */
function endOfIdleEvent(
  { Event_type, End_log_pos, Info }: Row,
  { file, offset }: LogEnd,
): LogEnd | undefined {
  if (Event_type === "Rotate") {
    const found = nextFile.exec(Info ?? "")
    return found?.[1] === undefined ? undefined : { file: found[1], offset: Number(found[2]) }
  }
  const end = Number(End_log_pos ?? 0)
  return idleEvents.has(Event_type ?? "") && end > offset ? { file, offset: end } : undefined
}
