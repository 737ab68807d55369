import type { Duplex } from "node:stream"
import type { Connection, ConnectionOptions } from "mysql2"
import { startDeadline } from "../../concurrency/deadline.ts"
import { tlsOfUrl } from "../../configuration/tls/settings.ts"
import { openMysql } from "./connecting.ts"
import { problemOf } from "./errors.ts"
import { mysqlTls } from "./url.ts"

/** Where a server is, and as whom to go there. */
export interface Address {
  /** mysql://user:password@host:port/?ssl-mode=… (a database in it does not matter). */
  url: string
}

export type Row = Record<string, string | null>

/** An open connection that asks one thing at a time. */
export interface Client {
  readonly connection: Connection
  readonly threadId: number
  readonly flavor: "mariadb" | "mysql"
  /** As the server prints it. */
  readonly version: string
  /** Every value as text, as the server prints it. Throws the driver's error. */
  query(sql: string): Promise<Row[]>
}

const connectTimeoutMs = 10_000
/** The system's own two hours are long for a copy that waits for a network that swallows everything. */
const keepAliveAfterMs = 30_000
/** Statements of ours are short; the catalog of a server with very many tables is the longest. */
const answerLimitMs = 300_000
/** The server's longest: how long it waits for us while the warehouse is busy. */
const patienceSeconds = 2_147_483

// What the text forms and the snapshot rest on; the server's or the account's own settings must not change them.
const commonSettings = [
  "NAMES utf8mb4",
  "time_zone = '+00:00'",
  "sql_mode = 'NO_BACKSLASH_ESCAPES'",
  "autocommit = 1",
  "sql_select_limit = DEFAULT",
  "wait_timeout = 2147483",
  `net_write_timeout = ${patienceSeconds}`,
  `net_read_timeout = ${patienceSeconds}`,
]

const flavorSettings = {
  mariadb: ["max_statement_time = 0"],
  mysql: ["max_execution_time = 0"],
} as const

function optionsOf({ url: text }: Address): ConnectionOptions {
  const url = new URL(text)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: keepAliveAfterMs,
    charset: "utf8mb4",
    typeCast: (field) => field.string(),
    // The driver would answer LOAD DATA LOCAL: a server must not read our files. Query attributes: once negotiated,
    // every COM_QUERY begins with their count, also those that we send past the driver.
    flags: ["-LOCAL_FILES", "-CLIENT_QUERY_ATTRIBUTES"],
  }
}

/** The caller closes it. Throws Problem. */
export async function connect(address: Address): Promise<Client> {
  const options = optionsOf(address)
  try {
    return await prepared(await openMysql(options, tlsOfUrl(new URL(address.url), mysqlTls)))
  } catch (error) {
    throw problemOf(error, "connecting")
  }
}

async function prepared(connection: Connection): Promise<Client> {
  try {
    return await preparedClient(connection)
  } catch (error) {
    connection.destroy()
    throw error
  }
}

async function preparedClient(connection: Connection): Promise<Client> {
  const query = (sql: string) => asked(connection, sql)
  const [facts] = await query("SELECT VERSION() AS version, CONNECTION_ID() AS id")
  const version = facts?.version ?? ""
  const flavor = version.includes("MariaDB") ? "mariadb" : "mysql"
  await query(`SET ${[...commonSettings, ...flavorSettings[flavor]].join(", ")}`)
  return { connection, threadId: Number(facts?.id ?? 0), flavor, version, query }
}

/**
 * Rows of a statement. When a connection is destroyed, the driver tells nobody who waits on it, and its own timer keeps the
 * process alive: so both are ours. Throws the driver's error, or one that says that the connection is gone.
 */
function asked(connection: Connection, sql: string): Promise<Row[]> {
  const { stream } = connection as unknown as { stream: Duplex }
  const { promise, resolve, reject } = Promise.withResolvers<Row[]>()
  const closed = () => reject(new Error("the connection was closed"))
  const limit = startDeadline(answerLimitMs, () => {
    reject(new Error(`no answer within ${answerLimitMs / 1_000} s`))
    connection.destroy()
  })
  stream.once("close", closed)
  connection.query(sql, (error: Error | null, rows: unknown) =>
    error === null ? resolve(Array.isArray(rows) ? (rows as Row[]) : []) : reject(error),
  )
  if (stream.destroyed) closed()
  return promise.finally(() => {
    limit.end()
    stream.off("close", closed)
  })
}

/** Ends a connection that may be busy or broken. */
export function close(client: Client): void {
  client.connection.destroy()
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(
  address: Address,
  doing: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(address)
  try {
    return await work(client)
  } catch (error) {
    throw problemOf(error, doing)
  } finally {
    close(client)
  }
}

/** A connection whose bytes we read ourselves, from here on. */
export interface RawConnection {
  socket: Duplex
  /** Sends a command: its number and what belongs to it. */
  send(command: number, body: Buffer): void
  destroy(): void
}

/**
 * Takes a connection over from the driver, which has done the log-in and TLS: the driver makes an object per packet, we
 * read millions.
 */
export function takeOver(client: Client): RawConnection {
  const { stream: socket } = client.connection as unknown as { stream: Duplex }
  socket.removeAllListeners("data")
  socket.removeAllListeners("error")
  socket.on("error", () => undefined)
  return {
    socket,
    send(command, body) {
      const packet = Buffer.allocUnsafe(5 + body.length)
      packet.writeUIntLE(body.length + 1, 0, 3)
      packet[3] = 0
      packet[4] = command
      body.copy(packet, 5)
      socket.write(packet)
    },
    destroy: () => socket.destroy(),
  }
}

export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``
}

export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
