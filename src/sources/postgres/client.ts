import type { Duplex } from "node:stream"
import type pg from "pg"
import { startDeadline } from "../../concurrency/deadline.ts"
import { openPg, type PgOptions } from "../../connections/pg-client.ts"
import { problemOf } from "./errors.ts"

/** Where a source's database is, and as whom to go there. */
export interface Address {
  /** A postgres:// URL; its database is replaced. */
  url: string
  database: string
  /** Slots that a standby takes along (PostgreSQL 17 and later; nothing before). */
  failoverSlots?: boolean
  /** Text of a database whose encoding is SQL_ASCII is taken as it is, UTF-8 or not; otherwise it keeps its table out. */
  acceptInvalidText?: boolean
  /** The destination has PostgreSQL's types: columns name theirs, and what has no exact partner elsewhere comes as printed. */
  nativeTypes?: boolean
}

/** What the server shows of our connections. */
export const applicationName = "millrace"

const connectTimeoutMs = 10_000
/** The system's own two hours are long for a copy that waits for a network that swallows everything. */
const keepAliveAfterMs = 30_000

// The text forms that decode-text.ts reads; a role's, a database's or the url's own settings must not change them.
const sessionSettings = {
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  extra_float_digits: "3",
  bytea_output: "hex",
  lc_monetary: "C",
  client_encoding: "UTF8",
  // Whoever may create something in another schema must not have us run it: a function or an operator whose arguments
  // fit better than those of the server's own would be taken, wherever in the path it stands.
  search_path: "pg_catalog,pg_temp",
  // A table with row-level security is refused, not copied in part.
  row_security: "off",
  // Compiling the catalog's queries takes many times as long as running them.
  jit: "off",
  statement_timeout: "0",
  lock_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  // A host that is gone keeps its slot in use, and its snapshot open, no longer than this.
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  // Publication and slot are made and altered; each statement is to see what is committed by then.
  default_transaction_read_only: "off",
  default_transaction_isolation: "read\\ committed",
  default_transaction_deferrable: "off",
  // What we write at a source is made anew where it is lost: a standby that is away must not hold it up.
  synchronous_commit: "local",
  // Literals are quoted for this form.
  standard_conforming_strings: "on",
  // Names of types are compared with those read before.
  quote_all_identifiers: "off",
}

/**
 * As above, for settings that older servers do not know: they would refuse the connection. Asked one by one: pg_settings lists
 * all there are, for some milliseconds.
 */
const newerSettings = `SELECT set_config(name, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'transaction_timeout']) name
WHERE current_setting(name, true) <> '0'`

function clientOptions(address: Address): PgOptions {
  const url = new URL(address.url)
  url.pathname = `/${encodeURIComponent(address.database)}`
  const settings = Object.entries(sessionSettings).map(([name, value]) => `-c ${name}=${value}`)
  // The driver lets what the url says win: its options go before ours, where ours win.
  const options = [...url.searchParams.getAll("options"), ...settings].join(" ")
  for (const name of ["options", "client_encoding"]) url.searchParams.delete(name)
  return {
    url: url.href,
    options,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
  }
}

/** An ordinary connection; the caller ends it. Throws Problem. */
export async function connect(address: Address): Promise<pg.Client> {
  const client = await opened(clientOptions(address))
  if (address.nativeTypes === true) forNativeTypes.add(client)
  return client
}

/** A connection that speaks the replication protocol for one database. */
export async function connectForReplication(address: Address): Promise<pg.Client> {
  // `replication` is understood by the driver but missing from its types.
  const options: PgOptions & { replication: string } = {
    ...clientOptions(address),
    replication: "database",
  }
  return await opened(options)
}

/** To a client that wants UTF-8, a server without an encoding refuses a whole statement, or stream, for one bad byte. */
const takeBytesAsTheyAre = "SELECT set_config('client_encoding', 'SQL_ASCII', false)"

const unencoded = new WeakSet<pg.Client>()

/** Whether the database's encoding is SQL_ASCII: text comes as its bytes are, in UTF-8 or not. */
export function isUnencoded(client: pg.Client): boolean {
  return unencoded.has(client)
}

const forNativeTypes = new WeakSet<pg.Client>()

/** Whether rows go where PostgreSQL's types are. */
export function isForNativeTypes(client: pg.Client): boolean {
  return forNativeTypes.has(client)
}

async function opened(options: PgOptions): Promise<pg.Client> {
  const client = await openPg(options, noteEncoding).catch((error: unknown) => {
    throw problemOf(error, "connecting")
  })
  try {
    await client.query(newerSettings)
    if (isUnencoded(client)) await client.query(takeBytesAsTheyAre)
  } catch (error) {
    await closeQuietly(client)
    throw problemOf(error, "connecting")
  }
  return client
}

function noteEncoding(client: pg.Client): void {
  const { connection } = client as unknown as Driven
  connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
    if (parameterName === "server_encoding" && parameterValue === "SQL_ASCII") unencoded.add(client)
  })
}

/** Ends a connection that may already be broken. */
export async function closeQuietly(client: pg.Client): Promise<void> {
  const { connection } = client as unknown as Driven
  if (connection.stream.destroyed) return
  await client.end().catch(() => undefined)
}

/** Ends a connection that may be busy: the server notices and gives up what it was doing. */
export function destroy(client: pg.Client): void {
  const { connection } = client as unknown as Driven
  connection.stream.destroy()
}

/** A network that swallows everything must not hold up for ever whoever waits for an answer. */
const answerLimitMs = 60_000

/** Runs `work`, some short statements, on a connection of its own. */
export async function withClient<T>(
  address: Address,
  doing: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withinLimit(await connect(address), doing, work)
}

/** The same on a connection that speaks the replication protocol. */
export async function withReplicationClient<T>(
  address: Address,
  doing: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withinLimit(await connectForReplication(address), doing, work)
}

async function withinLimit<T>(
  client: pg.Client,
  doing: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  let isLate = false
  const limit = startDeadline(answerLimitMs, () => {
    isLate = true
    destroy(client)
  })
  try {
    return await work(client)
  } catch (error) {
    if (!isLate) throw problemOf(error, doing)
    throw problemOf(new Error(`no answer within ${answerLimitMs / 1_000} s`), doing)
  } finally {
    await closeQuietly(client)
    limit.end()
  }
}

/** The part of the driver's client that its types leave out. */
interface Driven {
  connection: {
    stream: Duplex
    on(
      event: "parameterStatus",
      told: (status: { parameterName: string; parameterValue: string }) => void,
    ): void
  }
}

/** A connection whose bytes we read ourselves, from here on. */
export interface RawConnection {
  socket: Duplex
  /** Sends a statement in the simple protocol. */
  query(sql: string): void
  /** Sends a CopyData message. */
  send(body: Buffer): void
  /** Ends copying and the session, as the protocol wants it; the server then closes. */
  end(): void
  destroy(): void
}

/**
 * Takes a connection over from the driver, which has done the log-in and TLS: the driver makes an object per message,
 * we read millions.
 */
export function takeOver(client: pg.Client): RawConnection {
  const { connection } = client as unknown as Driven
  const socket = connection.stream
  socket.removeAllListeners("data")
  return {
    socket,
    query: (sql) => socket.write(message(0x51, Buffer.from(`${sql}\0`))),
    send: (body) => socket.write(message(0x64, body)),
    end() {
      if (!socket.writable) return
      socket.write(message(0x63, Buffer.alloc(0)))
      socket.write(message(0x58, Buffer.alloc(0)))
    },
    destroy: () => socket.destroy(),
  }
}

function message(type: number, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(5 + body.length)
  bytes[0] = type
  bytes.writeInt32BE(body.length + 4, 1)
  body.copy(bytes, 5)
  return bytes
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
