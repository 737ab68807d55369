import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import type { Cluster } from "./cluster.ts"
import { isRunning, wasStartedWith } from "./processes.ts"

const CONNECT_LIMIT_MS = 5_000
/** Above every possible process id. */
const NOBODYS_PID = 2_147_483_647

/** What a running server writes into its data folder about itself (postmaster.pid). */
export interface RunningServer {
  pid: number
  /** Absent until the server has chosen to listen. */
  port: number | undefined
}

/** The server that runs in this cluster: not one that died there, nor a stranger under its old process id. */
export async function findRunning(cluster: Pick<Cluster, "data">): Promise<RunningServer | undefined> {
  const named = await readPostmasterFile(cluster)
  if (!named || !(await isRunning(named.pid))) return undefined
  return (await wasStartedWith(named.pid, cluster.data)) ? named : undefined
}

async function readPostmasterFile(cluster: Pick<Cluster, "data">): Promise<RunningServer | undefined> {
  const lines = (await readPidFile(cluster))?.split("\n") ?? []
  // A crash of the machine may leave the file empty: it then names no server.
  const pid = Number.parseInt(lines[0] ?? "", 10)
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number.parseInt(lines[3] ?? "", 10) || undefined }
}

async function readPidFile({ data }: Pick<Cluster, "data">): Promise<string | undefined> {
  try {
    return await readFile(join(data, "postmaster.pid"), "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

/**
 * PostgreSQL refuses to start when the process id in postmaster.pid is taken, even by a stranger or a zombie. The id
 * is then replaced rather than the file removed: its other lines lead PostgreSQL to the old server's shared memory,
 * by which it notices backends that outlived their server.
 */
export async function disownStalePid(cluster: Cluster): Promise<void> {
  if (await findRunning(cluster)) return
  const text = await readPidFile(cluster)
  if (!text || !(await readPostmasterFile(cluster))) return
  const rest = text.slice(text.indexOf("\n"))
  await writeFile(join(cluster.data, "postmaster.pid"), `${NOBODYS_PID}${rest}`, { flag: "r+" })
}

export function urlOf(cluster: Cluster, port: number, database = "postgres"): string {
  return `postgres://postgres:${cluster.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`
}

/**
 * Whether the server on `port` is this cluster's and answers. The password is random and SCRAM proves both sides,
 * so nothing else that listens there can pass for it.
 * @throws when it is ours by its process but does not know our password
 */
export async function answers(cluster: Cluster, port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: urlOf(cluster, port),
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  })
  client.on("error", () => undefined) // a server that stops under us shows in the query
  try {
    await client.connect()
    const { rows } = await client.query("SELECT current_setting('data_directory') AS data")
    return rows[0]?.data === cluster.data
  } catch (error) {
    return answersInspite((error as { code?: string }).code, cluster)
  } finally {
    await client.end().catch(() => undefined) // never connected: nothing to end
  }
}

function answersInspite(code: string | undefined, cluster: Cluster): boolean {
  // Full of connections is up.
  if (code === "53300") return true
  if (code !== "28P01") return false
  throw new Error(
    `The PostgreSQL in ${cluster.data} does not accept the password that Millrace keeps beside it. ` +
      "Was the password of its user `postgres` changed? Set it back to the one in the file `password` there.",
  )
}
