import { Problem } from "../../../domain/problems.ts"
import type { Client } from "../client.ts"
import { errorNumber } from "../errors.ts"
import type { LogEnd } from "./log-file.ts"
import { type Place, placeOfMariadb, placeOfMysql } from "./position.ts"

/** How far the server's log goes. */
export interface LogStatus {
  end: LogEnd
  /** MySQL: the GTIDs that are committed, as the server prints them. */
  executed: string
}

export async function logStatus(client: Client): Promise<LogStatus> {
  const [row] = await client.query(await statusStatement(client))
  if (row?.File === undefined || row.File === null)
    throw new Problem("sourceSettings", "The source says no place in its log: is log_bin on?")
  return {
    end: { file: row.File, offset: Number(row.Position ?? 0) },
    executed: (row.Executed_Gtid_Set ?? "").replaceAll("\n", ""),
  }
}

/** Why the log holds no changes of a database; `undefined`: it holds them. */
export type LogFilter = (database: string) => string | undefined

// No log (1381, or an error of the syntax where the statement went with it), or no right to ask: findings of their own.
const untold = new Set([1064, 1227, 1381])

/** The databases that the server was told to leave out of its log (binlog_do_db, binlog_ignore_db). */
export async function readLogFilter(client: Client): Promise<LogFilter> {
  const [row] = await client.query(await statusStatement(client)).catch((error: unknown) => {
    if (untold.has(errorNumber(error))) return []
    throw error
  })
  const [names] = await client.query("SELECT @@global.lower_case_table_names AS folding")
  const fold = (name: string) => (names?.folding === "0" ? name : name.toLowerCase())
  const listed = (list: string | null | undefined) =>
    new Set((list ?? "").split(",").flatMap((name) => (name === "" ? [] : fold(name))))
  const [only, ignored] = [listed(row?.Binlog_Do_DB), listed(row?.Binlog_Ignore_DB)]
  return (database) => {
    const setting =
      only.size > 0 && !only.has(fold(database))
        ? "binlog_do_db"
        : ignored.has(fold(database))
          ? "binlog_ignore_db"
          : undefined
    return (
      setting &&
      `The server leaves database ${database} out of its log (${setting}): its changes would never come. Start the server without that setting.`
    )
  }
}

/** MySQL 8.4 knows only the new name. */
async function statusStatement(client: Client): Promise<string> {
  if (client.flavor === "mariadb") return "SHOW MASTER STATUS"
  const [row] = await client.query("SELECT VERSION() AS version")
  const [major = 0, minor = 0] = (row?.version ?? "").split(".").map(Number)
  return major > 8 || (major === 8 && minor >= 2) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"
}

/** Whether GTIDs tell every transaction of a MySQL; while they are being turned on or off, only the file's places do. */
export async function hasGtids(client: Client): Promise<boolean> {
  if (client.flavor === "mariadb") return true
  const [row] = await client.query("SELECT @@global.gtid_mode AS mode")
  return row?.mode === "ON"
}

/**
 * Everything committed so far lies before it. `kind`: as a stream counts that began when the server counted otherwise;
 * absent: as the server counts now.
 */
export async function newestPlace(client: Client, kind?: Place["kind"]): Promise<Place> {
  if (client.flavor === "mariadb" && kind !== "file") {
    const [row] = await client.query("SELECT @@global.gtid_binlog_pos AS place")
    return placeOfMariadb(row?.place ?? "")
  }
  const wanted = kind ?? ((await hasGtids(client)) ? "mysql" : "file")
  const { end, executed } = await logStatus(client)
  return wanted === "mysql" ? placeOfMysql(executed) : { kind: "file", ...end }
}
