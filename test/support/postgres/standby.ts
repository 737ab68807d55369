import { execFile } from "node:child_process"
import { rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"
import { startEmbeddedPostgres } from "../../../src/embedded-postgres/server.ts"
import { unsynced } from "../quick-servers.ts"
import { removeFolder, temporaryFolder } from "../temporary-folder.ts"
import { waitUntil } from "../wait-until.ts"

/** Node's own copy would not keep the owner, who is another account than root. */
const run = promisify(execFile)

export interface Standby {
  url(database?: string): string
  readonly port: number
  /** Replayed everything the primary has written until now. */
  caughtUp(): Promise<void>
  promote(): Promise<void>
  remove(): Promise<void>
}

/** The folder that a test server was started with. */
export async function folderOf(url: string): Promise<string> {
  const { rows } = await onServer(url, "SHOW data_directory")
  return dirname(dirname(String(rows[0]?.data_directory)))
}

/** A streaming standby from an online base backup, which takes failover slots along. `conninfo`: where to reach the primary. */
export async function standbyOf(
  primary: { url(): string; port: number },
  through = primary.port,
): Promise<Standby> {
  const folder = await temporaryFolder("standby")
  await onServer(primary.url(), "SELECT pg_create_physical_replication_slot('standby')")
  await copyOnline(primary.url(), folder)
  const { password } = new URL(primary.url())
  const settings = {
    ...unsynced,
    shared_buffers: "32MB",
    hot_standby: true,
    hot_standby_feedback: true,
    primary_slot_name: "standby",
    sync_replication_slots: true,
    wal_receiver_status_interval: 1,
    primary_conninfo: `host=127.0.0.1 port=${through} user=postgres password=${decodeURIComponent(password)} dbname=postgres`,
  }
  const server = await startEmbeddedPostgres({ folder, settings })
  return {
    url: (database) => server.url(database),
    port: server.port,
    async caughtUp() {
      const { rows } = await onServer(primary.url(), "SELECT pg_current_wal_flush_lsn()::text AS lsn")
      await waitUntil(
        async () => {
          const replayed = await onServer(
            server.url(),
            `SELECT pg_last_wal_replay_lsn() >= '${rows[0]?.lsn}'::pg_lsn AS done`,
          )
          return replayed.rows[0]?.done === true
        },
        { what: "the standby to catch up" },
      )
    },
    async promote() {
      await onServer(server.url(), "SELECT pg_promote(true, 60)")
    },
    async remove() {
      await server.stop()
      await removeFolder(folder)
    },
  }
}

/** Files as they are while the server writes, with what makes them whole. */
async function copyOnline(url: string, folder: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("SELECT pg_backup_start('standby', true)")
    await run("cp", ["-a", join(await folderOf(url), "cluster"), folder])
    const { rows } = await client.query("SELECT labelfile FROM pg_backup_stop(false)")
    const data = join(folder, "cluster", "data")
    await rm(join(data, "postmaster.pid"), { force: true })
    for (const [name, text] of [
      ["backup_label", String(rows[0]?.labelfile)],
      ["standby.signal", ""],
    ] as const) {
      await writeFile(join(data, name), text)
      await run("chown", ["--reference", join(data, "PG_VERSION"), join(data, name)])
    }
    // A copied slot would hold on to the primary's past.
    await run("sh", ["-c", 'rm -rf "$0"/pg_replslot/*', data])
  } finally {
    await client.end()
  }
}

export async function onServer(url: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}
