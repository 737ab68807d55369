import { stat, statfs } from "node:fs/promises"
import { isLoopback } from "../../../domain/loopback.ts"
import type { Finding } from "../../../replication/contracts/source.ts"
import type { Session } from "../client.ts"

/** A snapshot of a small database, its WAL and its copy beside the live tables fit. */
const wantedBytes = 2 ** 30

/** Whether the role may know where the data are: a superuser may. Rights on functions are looked at before any is called. */
const mayKnowQuery = `SELECT pg_has_role('pg_read_all_settings', 'MEMBER') AND has_function_privilege('pg_stat_file(text)', 'EXECUTE')`

/**
 * The folder of the server's data, and when it was last changed, in seconds since 1970: by that a folder of this host is known to
 * be that one, and not another server's, at the other end of a tunnel.
 */
const folderQuery = `SELECT current_setting('data_directory'), extract(epoch FROM (pg_stat_file('.')).modification)::bigint`

/** SQL has no question for free space. Where the server runs on this host, and its role may know where, the file system is asked. */
export async function spaceFindings(session: Pick<Session, "rows">, url: string): Promise<Finding[]> {
  const [[mayKnow] = []] = await session.rows(mayKnowQuery)
  if (mayKnow !== "t") return [unknown("only a superuser may ask where its data are")]
  if (!isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""))) return [unknown("it is on another host")]
  const [[folder, changed] = []] = await session.rows(folderQuery)
  const freeBytes = await freeBytesIn(folder ?? "", Number(changed))
  if (freeBytes === undefined) return [unknown("its data are not on this host")]
  if (freeBytes >= wantedBytes) return []
  return [
    {
      severity: "warning",
      concerns: "source",
      what: `${Math.floor(freeBytes / 2 ** 20)} MiB are free where the server's data are, ${folder}; a snapshot needs the source's size and its WAL.`,
      remedy: "Make room there, or enlarge the file system.",
    },
  ]
}

/** `undefined`: it is not on this host, or this process may not look. */
async function freeBytesIn(folder: string, changedAtSeconds: number): Promise<number | undefined> {
  try {
    if (Math.floor((await stat(folder)).mtimeMs / 1_000) !== changedAtSeconds) return undefined
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (error instanceof Error && /ENOENT|EACCES|ENOTDIR/.test(error.message)) return undefined
    throw error
  }
}

function unknown(why: string): Finding {
  return {
    severity: "note",
    concerns: "source",
    what: `The server's free disk space is not known: ${why}.`,
    remedy: "Look on the server's host: df -h in its data directory.",
  }
}
