import { setTimeout as sleep } from "node:timers/promises"
import type { PostgresBinaries } from "./binaries.ts"
import { type Cluster, existingData, openCluster } from "./cluster.ts"
import {
  choosePort,
  type Launch,
  launch,
  logTail,
  readSettings,
  rememberPort,
  writeSettings,
} from "./launch.ts"
import { becomes, isStillThere } from "./processes.ts"
import { answers, disownStalePid, findRunning, type RunningServer, urlOf } from "./running.ts"
import { type Settings, settingsFile } from "./settings.ts"

const START_LIMIT_MS = 120_000
const FAST_STOP_LIMIT_MS = 6_000
const IMMEDIATE_STOP_LIMIT_MS = 3_000
const POLL_INTERVAL_MS = 20

export interface EmbeddedPostgresOptions {
  /** Where the cluster lives; made when missing. Keeps data, password and log. */
  folder: string
  /** On top of Millrace's own settings, and stronger. A running server whose settings differ is restarted. */
  settings?: Settings
  /** Told in a few words what is done. Never given a secret. */
  log?: (line: string) => void
  /** Another installation than the one that npm brought. */
  binaries?: PostgresBinaries
  /** How long the server may take to accept connections, recovery after a crash included. */
  startLimitMs?: number
}

export interface EmbeddedPostgres {
  /** With the superuser's name and password. Without a database named: `postgres`. */
  url(database?: string): string
  port: number
  pid: number
  /** Ends the server and every connection to it; fine to repeat. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL of `folder` on 127.0.0.1, making it on first use; one that already runs there is adopted.
 * It runs in its own session: neither Ctrl-C nor the death of this process ends it, only `stop` does.
 * @throws with the end of the server's log when it does not come up
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(options.folder, options.log ?? (() => undefined), options.binaries)
  const settings = settingsFile(options.settings ?? {})
  const deadline = performance.now() + (options.startLimitMs ?? START_LIMIT_MS)
  await stopIfSettingsDiffer(cluster, settings)
  while (true) {
    const launched = (await findRunning(cluster)) ? undefined : await launchAnew(cluster, settings)
    const server = await waitUntilReady(cluster, launched, deadline)
    if (server) return handleOf(cluster, server)
    if (launched) await explainOrGoOn(cluster, launched, deadline)
  }
}

async function stopIfSettingsDiffer(cluster: Cluster, settings: string): Promise<void> {
  const running = await findRunning(cluster)
  if (!running || (await readSettings(cluster)) === settings) return
  cluster.log("restarting PostgreSQL: its settings have changed")
  await stopServer(cluster, running.pid)
}

async function launchAnew(cluster: Cluster, settings: string): Promise<Launch> {
  await disownStalePid(cluster)
  await writeSettings(cluster, settings)
  const port = await choosePort(cluster)
  cluster.log(`starting PostgreSQL on port ${port}`)
  return launch(cluster, port)
}

type ReadyServer = RunningServer & { port: number }

/** `undefined`: the server ended (ours, or the one that we wanted to adopt). */
async function waitUntilReady(
  cluster: Cluster,
  launched: Launch | undefined,
  deadline: number,
): Promise<ReadyServer | undefined> {
  while (performance.now() < deadline) {
    const exited = launched?.exited ?? true
    const server = await findRunning(cluster)
    if (!server && exited) return undefined
    const port = server?.port
    if (server && port && (await answers(cluster, port))) return { ...server, port }
    await sleep(POLL_INTERVAL_MS)
  }
  const tail = launched ? await logTail(cluster, launched) : `see ${cluster.logFile}`
  throw new Error(
    `PostgreSQL in ${cluster.data} did not accept connections in time. The end of its log: ${tail}`,
  )
}

/** Three failures pass when tried again: a port that was taken, a rival start, backends of a killed server. */
async function explainOrGoOn(cluster: Cluster, launched: Launch, deadline: number): Promise<void> {
  const tail = await logTail(cluster, launched)
  const passing = [
    "could not bind",
    "could not create any TCP/IP sockets",
    'lock file "',
    "pre-existing shared memory",
  ]
  if (!passing.some((text) => tail.includes(text)) || performance.now() >= deadline) {
    throw new Error(`PostgreSQL in ${cluster.data} did not start. The end of its log: ${tail || "(empty)"}`)
  }
  await sleep(POLL_INTERVAL_MS * 5)
}

async function handleOf(cluster: Cluster, { pid, port }: ReadyServer): Promise<EmbeddedPostgres> {
  await rememberPort(cluster, port)
  return {
    url: (database) => urlOf(cluster, port, database),
    port,
    pid,
    stop: () => stopServer(cluster, pid),
  }
}

/** Stops the server of `folder` if one still runs there, as a killed process leaves it. Makes and starts nothing. */
export async function stopEmbeddedPostgres(folder: string): Promise<void> {
  const data = await existingData(folder)
  const running = data === undefined ? undefined : await findRunning({ data })
  if (data !== undefined && running !== undefined) await stopServer({ data }, running.pid)
}

/** Fast (open transactions roll back), and if that takes too long immediate (the next start recovers). */
async function stopServer(cluster: Pick<Cluster, "data">, pid: number): Promise<void> {
  const stopped = async () => !(await isStillThere(pid, cluster.data))
  for (const [signal, limitMs] of [
    ["SIGINT", FAST_STOP_LIMIT_MS],
    ["SIGQUIT", IMMEDIATE_STOP_LIMIT_MS],
  ] as const) {
    if (await stopped()) return
    sendSignal(pid, signal)
    if (await becomes(stopped, limitMs)) return
  }
  throw new Error(`PostgreSQL in ${cluster.data} (process ${pid}) does not stop.`)
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It may have ended by itself just now.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
