import type { Duplex } from "node:stream"
import type pg from "pg"
import type { TlsSettings } from "../../../configuration/tls/settings.ts"
import { openPg } from "../../../connections/pg-client.ts"

/** What the warehouse shows of our connections. */
export const applicationName = "millrace"

const connectTimeoutMs = 30_000

/** Settings of ours: what statements and texts mean must not hang on those of a user, a database or a parameter group. */
export const sessionSettings = [
  "SET enable_case_sensitive_identifier TO true",
  "SET timezone TO 'UTC'",
  "SET datestyle TO 'ISO'",
  "SET statement_timeout TO 0",
  "SET extra_float_digits TO 2",
  "SET query_group TO 'millrace'",
] as const

/** Rows of a statement, each an array of texts: the driver's own reading of types is left out. */
export interface Found {
  rows: (string | null)[][]
  /** Rows changed or found. */
  count: number
}

/** A session on one database of the warehouse. Statements run one after another. */
export interface Session {
  /** Runs one statement or several; answers what each of them found. */
  run(sql: string): Promise<Found[]>
  /** As `run`, of the last statement. */
  rows(sql: string): Promise<(string | null)[][]>
  readonly processId: number
  /** Ends the session as it is; the warehouse gives up what it was doing. */
  destroy(): void
  close(): Promise<void>
}

/** As whom a session signs in. */
export interface Login {
  user: string
  password: string
}

/** How the warehouse is reached. */
export interface Address {
  host: string
  port: number
  /** The one to begin from. */
  database: string
  /** `off`: at this host only. */
  tls: TlsSettings
  /** Asked for each session: temporary passwords run out. */
  signIn(): Promise<Login>
}

const asText = { getTypeParser: () => (value: unknown) => value }

/** Of the driver, what its types leave out. */
interface Driven {
  connection: { stream: Duplex }
  processID: number | null
}

/** `database`: absent: the address's own. @throws what the driver or the sign-in throws */
export async function connect(address: Address, database = address.database): Promise<Session> {
  const { host, port, tls } = address
  const login = await address.signIn()
  const client = await openPg({
    host,
    port,
    database,
    ...login,
    tls,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  try {
    await client.query(sessionSettings.join("; "))
  } catch (error) {
    ;(client as unknown as Driven).connection.stream.destroy()
    throw error
  }
  return sessionOf(client)
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
    processId: driven.processID ?? 0,
    destroy: () => driven.connection.stream.destroy(),
    async close() {
      if (driven.connection.stream.destroyed) return
      await client.end().catch(() => undefined)
    },
  }
}
