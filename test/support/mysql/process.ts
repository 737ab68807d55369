import { type ChildProcess, spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { type Connection, createConnection } from "mysql2"
import { waitUntil } from "../wait-until.ts"

/** A server's process, and the end of what it said. */
export interface Watched {
  readonly child: ChildProcess
  log: string
  /** It was told to end. */
  isStopped: boolean
}

/** Every value as text, as the server prints it. */
export type Ask = (sql: string) => Promise<(string | null)[][]>

const keptLogCharacters = 8_000

/** Returns when the server answers. */
export async function startServer(command: string, args: string[], port: number): Promise<Watched> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] })
  const watched: Watched = { child, log: "", isStopped: false }
  child.stderr?.on("data", (chunk: Buffer) => {
    watched.log = `${watched.log}${chunk}`.slice(-keptLogCharacters)
  })
  await untilReady(watched, port)
  return watched
}

async function untilReady(watched: Watched, port: number): Promise<void> {
  await waitUntil(
    async () => {
      if (hasEnded(watched.child)) throw new Error(`the server ended: ${watched.log}`)
      await withConnection(port, (ask) => ask("SELECT 1"))
      return true
    },
    { what: "the server to be ready", timeoutMs: 60_000 },
  )
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** What fails because the server died says so, with the server's last words. */
export async function tellingDeath<T>(server: () => Watched, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { child, log, isStopped } = server()
    if (isStopped || !hasEnded(child)) throw error
    throw new Error(`the server died (${child.signalCode ?? child.exitCode}): ${log}`, { cause: error })
  }
}

export async function stopServer(server: Watched, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const { child } = server
  server.isStopped = true
  if (hasEnded(child)) return
  const exited = new Promise((resolve) => child.once("exit", resolve))
  child.kill(signal)
  await exited
}

export async function withConnection<T>(port: number, work: (ask: Ask) => Promise<T>): Promise<T> {
  const connection = await opened(port)
  try {
    return await work(asking(connection))
  } finally {
    connection.destroy()
  }
}

/** As root, whose times are UTC. `charset`: of the statements, by the name of one of its collations. */
export async function opened(port: number, charset = "utf8mb4"): Promise<Connection> {
  const connection = createConnection({
    host: "127.0.0.1",
    port,
    user: "root",
    charset,
    rowsAsArray: true,
    typeCast: (field) => field.string(),
  })
  connection.on("error", () => undefined)
  await new Promise<void>((resolve, reject) =>
    connection.connect((error) => (error === null ? resolve() : reject(error))),
  )
  await asking(connection)("SET time_zone = '+00:00'")
  return connection
}

export function asking(connection: Connection): Ask {
  return (sql) =>
    new Promise((resolve, reject) =>
      connection.query(sql, (error: Error | null, rows: unknown) =>
        error === null ? resolve(Array.isArray(rows) ? (rows as (string | null)[][]) : []) : reject(error),
      ),
    )
}

/** The account that a program should run as when we are root; undefined: as we are. */
export async function accountOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((one) => one.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(":") ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
