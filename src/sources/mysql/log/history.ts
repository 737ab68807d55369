import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, quoteLiteral, type Row, withClient } from "../client.ts"
import { hidesChanges } from "../preflight.ts"
import { creationOf, serverName } from "./log-file.ts"
import { type LogNote, noteOf } from "./log-note.ts"
import { hasGtids, newestPlace } from "./log-status.ts"
import { gtidSet, includes, type Place, placeOf, placeOfMariadb } from "./position.ts"

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
    if ((await serverName(client)) === note.server) return await sameLog(client, note, files)
    // Another server: GTIDs are the same everywhere, files are not.
    return place.kind === "file" ? "lost" : "kept"
  })
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
 * A server that starts begins a new file, and so does one whose log is reset: a file of that name that was created at that
 * second and is as long is the one that we read. A file that is gone proves nothing, so it counts as lost.
 */
async function sameLog(client: Client, note: LogNote, files: readonly Row[]): Promise<"kept" | "lost"> {
  const file = files.find((one) => one.Log_name === note.file)
  if (file === undefined) return "lost"
  const isAsLong = Number(file.File_size) >= note.offset
  if (isAsLong && (await creationOf(client, note.file)) === note.createdAtSeconds) return "kept"
  throw anotherLog(note)
}

export function anotherLog({ file, offset }: Pick<LogNote, "file" | "offset">): Problem {
  return new Problem(
    "sourceRestored",
    `The source's log is not the one that was read up to ${file}:${offset}: it was reset, or the server was put back to an earlier state.`,
  )
}
