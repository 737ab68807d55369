import { type Address, withClient } from "../client.ts"
import { checksumBytes, headerBytes, types } from "../stream/events.ts"
import { eventAt } from "./log-file.ts"

/** A file of the log as the server lists it. */
export interface ListedFile {
  name: string
  bytes: number
}

/** With this value the server hands its engine's log to the system once a second: a crash of the server alone loses that. */
const losesCommits = "0"

/**
 * Whether the server has crashed since a file of its log (the first given) was begun, and its setting lets its tables then lack commits
 * that its log has. With the value 2, or without `sync_binlog`, only a crash of the machine does that, which no file tells
 * from one of the server.
 */
export async function mayLackCommits(address: Address, files: readonly ListedFile[]): Promise<boolean> {
  const [row] = await withClient(address, "checking settings", (client) =>
    client.query("SELECT @@global.innodb_flush_log_at_trx_commit AS setting"),
  )
  if (row?.setting !== losesCommits) return false
  for (const [index, next] of files.slice(1).entries()) {
    const file = files[index]
    if (file !== undefined && !(await isEnded(address, file, next.name))) return true
  }
  return false
}

/** Whether the server ended a file itself: it stopped, or went on to the next. After a crash that last event is missing. */
async function isEnded(address: Address, { name, bytes }: ListedFile, next: string): Promise<boolean> {
  const stop = headerBytes
  const rotate = headerBytes + 8 + Buffer.byteLength(next)
  for (const length of [stop, rotate].flatMap((length) => [length + checksumBytes, length])) {
    const found = await withClient(address, "looking at the log", (client) =>
      eventAt(client, name, bytes - length),
    )
    if (found?.length === length && (found.type === types.stop || found.type === types.rotate)) return true
  }
  return false
}
