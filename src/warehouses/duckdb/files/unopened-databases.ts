import { basename } from "node:path"
import type { UnopenedDatabase } from "../../../engines/warehouse-engine.ts"

/** `file`: the path of the database's file. */
export function unopenedDatabase(name: string, file: string, error: Error): UnopenedDatabase {
  const [first = ""] = error.message.split("\n", 1)
  return {
    name,
    reason: first.replaceAll(file, basename(file)),
    remedy: remedyFor(error.message, basename(file)),
  }
}

/** What to do about an engine's error at opening `file` (a name without folders). */
export function remedyFor(message: string, file: string): string {
  if (/lock on file/i.test(message))
    return `Another process has ${file} open: end it. Millrace then opens the database by itself.`
  if (/only in case/.test(message)) return `Rename ${file}, then restart Millrace.`
  if (/permission denied/i.test(message))
    return `Let Millrace's user read and write ${file} and its log ${file}.wal.`
  return `Put ${file} and its log ${file}.wal back from a backup, both of the same moment, or move both away: a destination database is then filled anew by its integration, another one is empty. Millrace opens it by itself within 30 seconds.`
}
