import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type pg from "pg"
import { openPg, type PgOptions } from "../../connections/pg-client.ts"
import { textSettings } from "./types/canonical.ts"

/** What the server shows of our connections. */
export const applicationName = "millrace"

const connectTimeoutMs = 10_000

/** A role's, a database's or the url's own settings must not change what statements and texts mean here. */
const sessionSettings = {
  ...textSettings,
  // Whoever may create something in another schema must not have us run it.
  search_path: "pg_catalog,pg_temp",
  // Compiling statements takes longer than running most of them.
  jit: "off",
  // A batch's rows and keys fit; the server's own defaults would write them to disk.
  work_mem: "64MB",
  temp_buffers: "32MB",
  statement_timeout: "0",
  lock_timeout: "0",
  // A host that is gone in the middle of a transaction holds the next owner up no longer than this.
  idle_in_transaction_session_timeout: "60s",
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read\\ committed",
  default_transaction_deferrable: "off",
  // The source forgets what is acknowledged: a commit that is told of must outlast a crash.
  synchronous_commit: "on",
  client_min_messages: "warning",
  row_security: "off",
} as const

/** Rows of a statement, each an array of texts: the driver's own reading of types is left out. */
export interface Found {
  rows: (string | null)[][]
  /** Rows changed or found. */
  count: number
}

/** A session on one database of the server. Statements run one after another. */
export interface Session {
  /** Runs one statement or several; answers what each of them found. */
  run(sql: string): Promise<Found[]>
  /** As `run`, of the last statement. */
  rows(sql: string): Promise<(string | null)[][]>
  /** `sql`: a COPY … FROM STDIN. */
  copyIn(sql: string, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void>
  readonly processId: number
  /** Ends the session as it is; the server gives up what it was doing. */
  destroy(): void
  close(): Promise<void>
}

export function clientOptions(url: string, database: string | undefined): PgOptions {
  const address = new URL(url)
  if (database !== undefined) address.pathname = `/${encodeURIComponent(database)}`
  const settings = Object.entries(sessionSettings).map(([name, value]) => `-c ${name}=${value}`)
  // The driver lets what the url says win: its options go before ours, where ours win.
  const options = [...address.searchParams.getAll("options"), ...settings].join(" ")
  for (const name of ["options", "client_encoding"]) address.searchParams.delete(name)
  return {
    url: address.href,
    options,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

const asText = { getTypeParser: () => (value: unknown) => value }

/** Of the driver, what its types leave out. */
interface Driven {
  connection: { stream: Duplex }
  processID: number | null
}

/** Connections that are open, or being opened, and can be ended all at once. */
export type OpenSockets = Set<OpenSocket>

interface OpenSocket {
  readonly bytesRead: number
  destroy(): void
}

/** `database`: absent: the url's own. @throws what the driver throws */
export async function connect(
  url: string,
  database?: string,
  open: OpenSockets = new Set(),
): Promise<Session> {
  let opening: OpenSocket | undefined
  try {
    const client = await openPg(clientOptions(url, database), (begun) => {
      if (opening !== undefined) open.delete(opening)
      opening = socketOf(begun)
      open.add(opening)
    })
    const socket = opening
    client.on("end", () => socket && open.delete(socket))
    return sessionOf(client)
  } catch (error) {
    if (opening !== undefined) open.delete(opening)
    throw error
  }
}

function socketOf(client: pg.Client): OpenSocket {
  const { connection } = client as unknown as Driven
  return {
    // With TLS the driver puts another stream in the first one's place.
    get bytesRead() {
      return (connection.stream as Partial<Socket>).bytesRead ?? 0
    },
    destroy: () => void connection.stream.destroy(),
  }
}

function sessionOf(client: pg.Client): Session {
  const driven = client as unknown as Driven
  const run = async (text: string): Promise<Found[]> => {
    const found: unknown = await client.query({ text, rowMode: "array", types: asText as never })
    const results = (Array.isArray(found) ? found : [found]) as pg.QueryArrayResult<(string | null)[]>[]
    return results.map(({ rows, rowCount }) => ({ rows, count: rowCount ?? 0 }))
  }
  return {
    run,
    rows: async (sql) => (await run(sql)).at(-1)?.rows ?? [],
    copyIn: (sql, chunks) => copyIn(client, sql, chunks),
    processId: driven.processID ?? 0,
    destroy: () => driven.connection.stream.destroy(),
    async close() {
      if (driven.connection.stream.destroyed) return
      await client.end().catch(() => undefined)
    },
  }
}

/** What the driver calls of a query that copies. */
interface CopyConnection {
  query(text: string): void
  stream: Duplex
  endCopyFrom(): void
  sendCopyFail(reason: string): void
}

function copyIn(
  client: pg.Client,
  sql: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  const done = Promise.withResolvers<void>()
  let failure: unknown
  const copy = {
    submit: (connection: CopyConnection) => connection.query(sql),
    handleCopyInResponse(connection: CopyConnection) {
      sendAll(connection, chunks).then(
        () => connection.endCopyFrom(),
        (error: unknown) => {
          failure = error
          connection.sendCopyFail("the rows could not be read")
        },
      )
    },
    handleError(error: unknown) {
      failure ??= error
      done.reject(failure)
    },
    handleReadyForQuery() {
      if (failure === undefined) done.resolve()
      else done.reject(failure)
    },
    handleCommandComplete: () => undefined,
    handleRowDescription: () => undefined,
    handleDataRow: () => undefined,
    handleEmptyQuery: () => undefined,
    handlePortalSuspended: () => undefined,
  }
  client.query(copy as unknown as pg.Submittable)
  return done.promise
}

/** As CopyData messages, no faster than the server takes them. */
async function sendAll(
  { stream }: CopyConnection,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> {
  for await (const chunk of chunks) {
    const head = Buffer.allocUnsafe(5)
    head[0] = 0x64
    head.writeInt32BE(chunk.length + 4, 1)
    stream.cork()
    stream.write(head)
    const isTaken = stream.write(chunk)
    stream.uncork()
    if (!isTaken) await drained(stream)
  }
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off("drain", go)
      stream.off("close", go)
      resolve()
    }
    stream.on("drain", go)
    stream.on("close", go)
  })
}
