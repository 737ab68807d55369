import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, quoteLiteral, type Row, withClient } from "../client.ts"
import { hidesChanges } from "../preflight.ts"
import { identityOf, resetCount, serverName } from "./log-file.ts"
import { type LogNote, noteOf } from "./log-note.ts"
import { hasGtids, newestPlace } from "./log-status.ts"
import { gtidSet, includes, type Place, placeOf, placeOfMariadb } from "./position.ts"
import { mayLackCommits } from "./unclean-end.ts"

/**
 * Whether the server's log still holds all that comes after a position, and is the log that the position is of. Throws
 * Problem `sourceRestored`: it is another one that gives out the same numbers.
 */
export async function logHistory(address: Address, from: Position): Promise<"kept" | "lost"> {
  return await withClient(address, "looking at the log", async (client) => {
    const files = await client.query("SHOW BINARY LOGS")
    const place = placeOf(from)
    if (!(await holds(client, place, files)) || (await hidesChanges(client))) return "lost"
    const note = noteOf(from)
    if (note === undefined) return "kept"
    if ((await serverName(client)) === note.server) {
      const history = await sameLog(client, note, files)
      if (history === "kept") await refuseLostCommits(address, note, files)
      return history
    }
    // Another server: GTIDs are the same everywhere, files are not.
    return place.kind === "file" ? "lost" : "kept"
  })
}

/** MySQL: in front of an encrypted file, and part of its size, but of no offset. */
const encryptionBytes = 512

async function refuseLostCommits(address: Address, note: LogNote, rows: readonly Row[]): Promise<void> {
  const files = rows.map(({ Log_name, File_size, Encrypted }) => ({
    name: Log_name ?? "",
    bytes: Number(File_size) - (Encrypted === "Yes" ? encryptionBytes : 0),
  }))
  const since = files.slice(files.findIndex(({ name }) => name === note.file))
  if (await mayLackCommits(address, since))
    throw new Problem(
      "sourceRestored",
      "The server has crashed with innodb_flush_log_at_trx_commit = 0: its tables may lack what its log has.",
    )
}

/** By the numbers alone. */
async function holds(client: Client, wanted: Place, files: readonly Row[]): Promise<boolean> {
  switch (wanted.kind) {
    case "mariadb": {
      if (client.flavor !== "mariadb") return false
      const first = quoteLiteral(files[0]?.Log_name ?? "")
      const [row] = await client.query(`SELECT BINLOG_GTID_POS(${first}, 4) AS oldest`)
      return (
        includes(wanted, placeOfMariadb(row?.oldest ?? "")) && includes(await newestPlace(client), wanted)
      )
    }
    case "mysql": {
      if (client.flavor !== "mysql" || !(await hasGtids(client))) return false
      const set = quoteLiteral(gtidSet(wanted))
      const [row] = await client.query(
        `SELECT GTID_SUBSET(@@global.gtid_purged, ${set}) AND GTID_SUBSET(${set}, @@global.gtid_executed) AS kept`,
      )
      return row?.kept === "1"
    }
    case "file": {
      const file = files.find((one) => one.Log_name === wanted.file)
      return file !== undefined && Number(file.File_size) >= wanted.offset
    }
  }
}

/**
 * Whether the server's log is the one that a note is of. Throws Problem: the server cannot be asked.
 */
export async function isSameLog(address: Address, note: LogNote): Promise<boolean> {
  try {
    const kept = await withClient(address, "looking at the log", async (client) =>
      sameLog(client, note, await client.query("SHOW BINARY LOGS")),
    )
    return kept === "kept"
  } catch (error) {
    if (error instanceof Problem && error.kind === "sourceRestored") return false
    throw error
  }
}

/**
 * A server that starts begins a new file, and so does one whose log is reset. A file that is gone proves nothing, so it
 * counts as lost.
 */
async function sameLog(client: Client, note: LogNote, files: readonly Row[]): Promise<"kept" | "lost"> {
  const file = files.find((one) => one.Log_name === note.file)
  if (file === undefined) return "lost"
  const isAsLong = Number(file.File_size) >= note.offset
  if (isAsLong && (await isSameFile(client, note, file === files[0]))) return "kept"
  throw anotherLog(note)
}

/**
 * By its second and its marking event. Without such an event a server that has reset anything since counts as another: but
 * for a file with others before it, which a log that was reset has only if it was rotated within that second, too.
 */
async function isSameFile(client: Client, note: LogNote, isFirst: boolean): Promise<boolean> {
  const { file, mark } = note
  // Before the file is read: one that is reset between the two would be missed.
  const resets = await resetCount(client)
  const part = mark === undefined ? { from: 4, before: 4 } : { from: mark.offset, before: mark.offset + 1 }
  const found = await identityOf(client, { file, ...part })
  if (found.createdAtSeconds !== note.createdAtSeconds) return false
  if (mark !== undefined) return found.mark?.checksum === mark.checksum
  return note.resets === undefined || note.resets === resets || !isFirst
}

export function anotherLog({ file, offset }: Pick<LogNote, "file" | "offset">): Problem {
  return new Problem(
    "sourceRestored",
    `The source's log is not the one that was read up to ${file}:${offset}: it was reset, or the server was put back to an earlier state.`,
  )
}
