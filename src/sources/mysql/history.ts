import type { Position } from "../../domain/position.ts"
import { type Client, quoteLiteral } from "./client.ts"
import { gtidSet, includes, placeOf, placeOfMariadb } from "./position.ts"
import { newestPlace } from "./sessions.ts"

/** Whether the server's log still holds all that comes after a position, and knows the position at all. */
export async function logHistory(client: Client, from: Position): Promise<"kept" | "lost"> {
  const wanted = placeOf(from)
  const files = await client.query("SHOW BINARY LOGS")
  switch (wanted.kind) {
    case "mariadb": {
      if (client.flavor !== "mariadb") return "lost"
      const first = quoteLiteral(files[0]?.Log_name ?? "")
      const [row] = await client.query(`SELECT BINLOG_GTID_POS(${first}, 4) AS oldest`)
      const isKept =
        includes(wanted, placeOfMariadb(row?.oldest ?? "")) && includes(await newestPlace(client), wanted)
      return isKept ? "kept" : "lost"
    }
    case "mysql": {
      if (client.flavor !== "mysql") return "lost"
      const set = quoteLiteral(gtidSet(wanted))
      const [row] = await client.query(
        `SELECT GTID_SUBSET(@@global.gtid_purged, ${set}) AND GTID_SUBSET(${set}, @@global.gtid_executed) AS kept`,
      )
      return row?.kept === "1" ? "kept" : "lost"
    }
    case "file": {
      const file = files.find((one) => one.Log_name === wanted.file)
      return file !== undefined && Number(file.File_size) >= wanted.offset ? "kept" : "lost"
    }
  }
}
