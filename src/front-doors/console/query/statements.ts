import pg from "pg"
import {
  type Acting,
  actingOptions,
  consoleLogin,
  consolePassword,
} from "../../../control-plane/console/sql-login.ts"
import type { HostPort } from "../../../domain/configuration.ts"
import { Fault } from "../../../domain/faults.ts"
import { typeName } from "./type-names.ts"

export interface StatementSources {
  /** Where the SQL port listens; `undefined`: nobody knows. */
  sqlPort(): HostPort | undefined
  /** Of the logins of the SQL port. */
  loginSecret(): Promise<Uint8Array>
}

export interface Statement extends Acting {
  database: string
  sql: string
  /** Of rows. */
  limit: number
  /** Ends the statement. */
  signal: AbortSignal | undefined
}

export interface StatementAnswer {
  columns: { name: string; type: string }[]
  /** As PostgreSQL's text. */
  rows: (string | null)[][]
  /** There were more rows, or more bytes than an answer takes. */
  truncated: boolean
  elapsedMs: number
}

/** A statement that the SQL port refused, in its words. */
export class StatementRefused extends Error {
  /** SQLSTATE. */
  readonly code: string
  readonly hint: string | undefined
  /** Of the mistake in the text, in characters from 1. */
  readonly position: number | undefined

  constructor(message: string, { code, hint, position }: { code: string; hint?: string; position?: number }) {
    super(message)
    this.code = code
    this.hint = hint
    this.position = position
  }
}

/** Shorter than the HTTP port waits for a connection on which nothing moves. */
const statementTimeoutMs = 50_000
const connectTimeoutMs = 10_000
const answerBytesAtMost = 8_000_000
/** Fetched at once: the rest is not made before it is asked for. */
const rowsAtOnce = 1_000

/** Runs one statement on a connection of its own. @throws StatementRefused; Fault unavailable */
export async function runStatement(
  sources: StatementSources,
  statement: Statement,
): Promise<StatementAnswer> {
  const { signal } = statement
  const client = new pg.Client(await clientConfig(sources, statement))
  // What breaks the connection fails the statement at hand; one that breaks besides has nobody to tell.
  client.on("error", () => undefined)
  const end = () => void client.end().catch(() => undefined)
  signal?.addEventListener("abort", () => cut(client), { once: true })
  try {
    await client.connect()
    // One statement follows: what ends this transaction has nothing behind it.
    if (statement.mode === "read") await client.query("BEGIN READ ONLY")
    const startedMs = performance.now()
    const { columns, rows, truncated } = await fetched(client, statement)
    return { columns, rows, truncated, elapsedMs: Math.round((performance.now() - startedMs) * 10) / 10 }
  } catch (error) {
    throw told(error)
  } finally {
    end()
  }
}

async function clientConfig(
  { sqlPort, loginSecret }: StatementSources,
  { user, mode, database }: Statement,
): Promise<pg.ClientConfig> {
  const listen = sqlPort()
  if (listen === undefined)
    throw new Fault(
      "unavailable",
      "The SQL port is another process's, and it is not known where: set listen.sql to a port.",
    )
  const { host, port } = listen
  return {
    host: host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host,
    port,
    user: consoleLogin,
    password: consolePassword(await loginSecret()),
    database,
    application_name: "millrace console",
    connectionTimeoutMillis: connectTimeoutMs,
    options: `-c statement_timeout=${statementTimeoutMs} ${actingOptions({ user, mode })}`,
    // Not the certificate but the password proves the server, bound to this very connection.
    ssl: { rejectUnauthorized: false },
    enableChannelBinding: true,
    types: { getTypeParser: () => (text: string) => text },
  }
}

/** The port ends what a connection that is gone was running. */
function cut(client: pg.Client): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

type Fetched = Pick<StatementAnswer, "columns" | "rows" | "truncated">

/** Stops reading at the limit; what is left is not made. */
async function fetched(client: pg.Client, { sql, limit }: Statement): Promise<Fetched> {
  // `rows` has the driver use the extended protocol, which takes one statement, and fetch in parts.
  const config: pg.QueryArrayConfig & { rows: number } = { text: sql, rowMode: "array", rows: rowsAtOnce }
  const query = new pg.Query<(string | null)[]>(config)
  const rows: (string | null)[][] = []
  let bytes = 0
  let columns: StatementAnswer["columns"] = []
  const done = Promise.withResolvers<Fetched>()
  query.on("row", (row, result) => {
    columns = columnsOf(result?.fields)
    bytes += row.reduce((sum, value) => sum + 4 + (value === null ? 0 : Buffer.byteLength(value)), 0)
    if (rows.length < limit && (bytes <= answerBytesAtMost || rows.length === 0)) return void rows.push(row)
    done.resolve({ columns, rows, truncated: true })
    cut(client)
  })
  query.on("end", (result) =>
    done.resolve({
      columns: columns.length > 0 ? columns : columnsOf(result.fields),
      rows,
      truncated: false,
    }),
  )
  query.on("error", done.reject)
  client.query(query)
  return await done.promise
}

function columnsOf(fields: readonly pg.FieldDef[] | undefined): StatementAnswer["columns"] {
  return (fields ?? []).map(({ name, dataTypeID }) => ({ name, type: typeName(dataTypeID) }))
}

function told(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const { message, code = "XX000", hint, position } = error
    return new StatementRefused(message, {
      code,
      ...(hint !== undefined && { hint }),
      ...(position !== undefined && { position: Number(position) }),
    })
  }
  if (error instanceof Fault) return error
  const detail = error instanceof Error ? error.message : String(error)
  return new Fault("unavailable", "The SQL port does not answer, or has ended the connection.", detail)
}
