import { type ChildProcess, spawn } from "node:child_process"
import { chown, type FileHandle, open, readFile, rename, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { dirname, join } from "node:path"
import { type Cluster, serverEnvironment } from "./cluster.ts"

const LOG_LIMIT_BYTES = 8 * 1024 * 1024
const LOG_TAIL_BYTES = 2_000

/** A server process that was started and is not yet known to be up. */
export interface Launch {
  exited: boolean
  /** Where this launch's lines begin in the log. */
  logStartBytes: number
}

/** Starts the server in a session of its own, so that a terminal's Ctrl-C reaches us and not it. */
export async function launch(cluster: Cluster, port: number): Promise<Launch> {
  const log = await openLog(cluster)
  try {
    const state: Launch = { exited: false, logStartBytes: (await log.stat()).size }
    const child = spawnServer(cluster, port, log)
    child.on("exit", () => {
      state.exited = true
    })
    child.on("error", (error) => {
      state.exited = true
      cluster.log(`cannot run ${cluster.binaries.postgres}: ${error.message}`)
    })
    child.unref()
    return state
  } finally {
    await log.close()
  }
}

function spawnServer(cluster: Cluster, port: number, log: FileHandle): ChildProcess {
  const { binaries, launcher, data } = cluster
  const [program = "", ...rest] = [...launcher.prefix, binaries.postgres]
  return spawn(program, [...rest, "-D", data, "-p", String(port)], {
    ...launcher.ids,
    detached: true,
    cwd: "/",
    env: serverEnvironment(binaries),
    stdio: ["ignore", log.fd, log.fd],
  })
}

async function openLog({ logFile }: Cluster): Promise<FileHandle> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  )
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.old`)
  return open(logFile, "a", 0o600)
}

/** The end of what the server logged since it was launched. */
export async function logTail({ logFile }: Cluster, { logStartBytes }: Launch): Promise<string> {
  const bytes = (await readFile(logFile)).subarray(logStartBytes)
  return bytes.subarray(-LOG_TAIL_BYTES).toString().trim()
}

/** Our part of the configuration, replaced in one step. */
export async function writeSettings(cluster: Cluster, text: string): Promise<void> {
  const draft = join(cluster.data, `millrace.conf.${process.pid}`)
  await writeFile(draft, text, { mode: 0o600 })
  if (cluster.account) await chown(draft, cluster.account.uid, cluster.account.gid)
  await rename(draft, settingsPath(cluster))
}

/** `undefined`: never started. */
export async function readSettings(cluster: Cluster): Promise<string | undefined> {
  return readFile(settingsPath(cluster), "utf8").catch(absent)
}

function settingsPath({ data }: Cluster): string {
  return join(data, "millrace.conf")
}

/** The port that this cluster had before, so that what people noted stays right, or else a free one. */
export async function choosePort(cluster: Cluster): Promise<number> {
  const remembered = Number.parseInt((await readFile(portPath(cluster), "utf8").catch(absent)) ?? "", 10)
  if (remembered > 0 && remembered < 65_536 && (await freePort(remembered)) === remembered) return remembered
  const port = await freePort(0)
  if (port === undefined) throw new Error("No free TCP port on 127.0.0.1.")
  return port
}

export async function rememberPort(cluster: Cluster, port: number): Promise<void> {
  await writeFile(portPath(cluster), `${port}\n`, { mode: 0o600 })
}

function portPath({ data }: Cluster): string {
  return join(dirname(dirname(data)), "port")
}

function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(undefined))
    probe.listen(port, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" ? address?.port : undefined))
    })
  })
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined
  throw error
}
