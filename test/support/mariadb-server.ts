import { type ChildProcess, execFile, spawn } from "node:child_process"
import { chmod, chown, mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { type Connection, createConnection } from "mysql2"
import { freePort } from "./free-port.ts"
import { removeFolder, temporaryFolder } from "./temporary-folder.ts"
import { waitUntil } from "./wait-until.ts"

const run = promisify(execFile)
export const mariaDbProgram = "/usr/sbin/mariadbd"

export interface MariaDb {
  readonly port: number
  /** Of root, who has no password. */
  readonly url: string
  /** The folder with its files. */
  readonly folder: string
  /** Runs statements one after another, on a connection of their own. */
  sql(...statements: string[]): Promise<void>
  /** Every value as text, as the server prints it. */
  rows(statement: string): Promise<(string | null)[][]>
  /** The same work; when it fails and the server has died meanwhile, the server's last words say why. */
  orDeath<T>(work: Promise<T>): Promise<T>
  /** A connection that stays open until it is closed. */
  session(): Promise<MariaDbSession>
  kill9(): Promise<void>
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

export interface MariaDbSession {
  run(sql: string): Promise<void>
  close(): void
}

/** What a source must be set to, and quick: tests kill servers, never machines. */
const usual: Record<string, string> = {
  "log-bin": "bin",
  "server-id": "1",
  "binlog-format": "ROW",
  "binlog-row-image": "FULL",
  "binlog-row-metadata": "FULL",
  "gtid-strict-mode": "ON",
  "innodb-flush-log-at-trx-commit": "2",
  "innodb-buffer-pool-size": "24M",
  "innodb-log-file-size": "16M",
  "character-set-server": "utf8mb4",
}

/** A server of Debian's package, on a port and in a folder of its own. */
export async function startMariaDb(settings: Record<string, string> = {}): Promise<MariaDb> {
  const folder = await temporaryFolder("mariadb")
  const data = join(folder, "data")
  // Of its own: a server that starts removes every server's temporary tables from there, and those die of it.
  const temporary = join(folder, "tmp")
  for (const path of [data, temporary]) await mkdir(path)
  await chmod(folder, 0o755)
  const user = await accountOf("mysql")
  if (user !== undefined) for (const path of [folder, data, temporary]) await chown(path, user.uid, user.gid)
  const asUser = user === undefined ? [] : ["--user=mysql"]
  const folders = [`--datadir=${data}`, `--tmpdir=${temporary}`]
  await run("mariadb-install-db", [
    "--no-defaults",
    ...asUser,
    ...folders,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    "--skip-name-resolve",
  ])
  const port = await freePort()
  const start = async () => {
    const all = Object.entries({ ...usual, ...settings }).map(([name, value]) => `--${name}=${value}`)
    const place = [...folders, `--port=${port}`, `--socket=${join(folder, "socket")}`]
    const child = spawn(
      mariaDbProgram,
      ["--no-defaults", ...asUser, ...place, "--bind-address=127.0.0.1", "--skip-name-resolve", ...all],
      { stdio: ["ignore", "ignore", "pipe"] },
    )
    const watched = watch(child)
    await untilReady(watched, port)
    return watched
  }
  let server = await start()
  const orDeath = <T>(work: Promise<T>) => tellingDeath(() => server, work)
  const url = `mysql://root@127.0.0.1:${port}/`
  return {
    port,
    url,
    folder,
    orDeath,
    sql: (...statements) =>
      orDeath(
        withConnection(port, async (ask) => {
          for (const statement of statements) await ask(statement)
        }),
      ),
    rows: (statement) => orDeath(withConnection(port, (ask) => ask(statement))),
    async session() {
      const connection = await orDeath(opened(port))
      return {
        run: async (sql) => void (await orDeath(asking(connection)(sql))),
        close: () => connection.destroy(),
      }
    },
    kill9: () => stop(server, "SIGKILL"),
    async restart() {
      await stop(server, "SIGTERM")
      server = await start()
    },
    async remove() {
      await stop(server, "SIGKILL")
      await removeFolder(folder)
    },
  }
}

async function accountOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((one) => one.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(":") ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** A server's process, and the end of what it said. */
interface Watched {
  readonly child: ChildProcess
  log: string
  /** It was told to end. */
  isStopped: boolean
}

const keptLogCharacters = 8_000

function watch(child: ChildProcess): Watched {
  const watched = { child, log: "", isStopped: false }
  child.stderr?.on("data", (chunk: Buffer) => {
    watched.log = `${watched.log}${chunk}`.slice(-keptLogCharacters)
  })
  return watched
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** What fails because the server died says so, with the server's last words. */
async function tellingDeath<T>(server: () => Watched, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { child, log, isStopped } = server()
    if (isStopped || !hasEnded(child)) throw error
    throw new Error(`mariadbd died (${child.signalCode ?? child.exitCode}): ${log}`, { cause: error })
  }
}

async function untilReady(watched: Watched, port: number): Promise<void> {
  await waitUntil(
    async () => {
      if (hasEnded(watched.child)) throw new Error(`mariadbd ended: ${watched.log}`)
      await withConnection(port, (ask) => ask("SELECT 1"))
      return true
    },
    { what: "MariaDB to be ready", timeoutMs: 60_000 },
  )
}

async function stop(server: Watched, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const { child } = server
  server.isStopped = true
  if (hasEnded(child)) return
  const exited = new Promise((resolve) => child.once("exit", resolve))
  child.kill(signal)
  await exited
}

type Ask = (sql: string) => Promise<(string | null)[][]>

async function withConnection<T>(port: number, work: (ask: Ask) => Promise<T>): Promise<T> {
  const connection = await opened(port)
  try {
    return await work(asking(connection))
  } finally {
    connection.destroy()
  }
}

async function opened(port: number): Promise<Connection> {
  const connection = createConnection({
    host: "127.0.0.1",
    port,
    user: "root",
    charset: "utf8mb4",
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

function asking(connection: Connection): Ask {
  return (sql) =>
    new Promise((resolve, reject) =>
      connection.query(sql, (error: Error | null, rows: unknown) =>
        error === null ? resolve(Array.isArray(rows) ? (rows as (string | null)[][]) : []) : reject(error),
      ),
    )
}
