import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from "kysely"
import pg from "pg"
import { ConnectionFault } from "../connections/connection-fault.ts"
import { driverConfig } from "../connections/pg-client.ts"
import { Fault } from "../domain/faults.ts"
import type { StateSchema } from "./schema.ts"

const poolSize = 5
const connectTimeoutMs = 5_000
const statementTimeoutMs = 15_000
/** A host that is cut off in a transaction holds rows locked, its leases among them: others wait little longer than for a lease. */
const idleInTransactionTimeoutMs = 6_000

export interface ConnectionOptions {
  /** Told when an idle connection breaks; the next call opens a new one by itself. */
  onIdleError: (error: Error) => void
  /** How long to wait for a server that went silent. */
  answerTimeoutMs: number
}

/**
 * Opens a pool on the state database. Nothing is sent yet. Every failure to reach the server becomes the Fault
 * `unavailable`; what the server refuses is thrown as the driver gives it.
 */
export function connectState(
  url: string,
  { onIdleError, answerTimeoutMs }: ConnectionOptions,
): Kysely<StateSchema> {
  const pool = new pg.Pool({
    Client: clientFor(url),
    application_name: "millrace state",
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: answerTimeoutMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    keepAlive: true,
  })
  pool.on("error", onIdleError)
  // The pool listens only while a connection is idle; one that breaks inside a transaction would end the process.
  pool.on("connect", (client) => client.on("error", onIdleError))
  return new Kysely<StateSchema>({ dialect: new PostgresDialect({ pool: translating(pool) }) }).withSchema(
    "millrace",
  )
}

/**
 * Reads the files of certificates anew for each connection: they are renewed while a process runs. While they cannot be read,
 * connections are opened by what was read before.
 *
 * @throws ConnectionFault when they cannot be read now
 */
function clientFor(url: string): typeof pg.Client {
  let known = driverConfig({ url })
  return class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      try {
        known = driverConfig({ url })
      } catch (error) {
        if (!(error instanceof ConnectionFault)) throw error
      }
      super({ ...(typeof config === "object" && config), ...known })
    }
  }
}

function translating(pool: pg.Pool): PostgresPool {
  return {
    connect: async () => translatingClient(await reached(pool.connect())),
    end: () => pool.end(),
  }
}

/** A connection that has failed once answers no more and is closed, not handed to the next: its answer may still come. */
function translatingClient(client: pg.PoolClient): PostgresPoolClient {
  let failure: Fault | undefined
  const ask = async (text: string, parameters: readonly unknown[]) => {
    if (failure !== undefined) throw failure
    try {
      return await reached(client.query(text, [...parameters]))
    } catch (error) {
      if (error instanceof Fault) failure = error
      throw error
    }
  }
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof text !== "string") throw new Error("the state store reads no cursors")
    return ask(text, parameters)
  }
  return { query, release: () => client.release(failure !== undefined) }
}

async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isUnavailable(error)) throw error
    throw new Fault("unavailable", "The state database does not answer. Try again shortly.", String(error))
  }
}

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
])
/** Shutting down, starting up, crashed; took too long, waited too long for a lock, in a deadlock with another, idle for too long. */
const passingStates = new Set(["57P01", "57P02", "57P03", "57014", "55P03", "40P01", "25P03"])
/** The classes of broken connections and of missing resources (connections, disk, memory). */
const passingClasses = ["08", "53"]
/** What the driver says without a code. */
const driverMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired|Query read timeout)/

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (driverMessages.test(error.message)) return true
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  if (!(error instanceof pg.DatabaseError)) return networkCodes.has(code)
  return passingStates.has(code) || passingClasses.includes(code.slice(0, 2))
}

/** Restrict (its own code since PostgreSQL 18), foreign key, unique. */
const constraintStates = new Set(["23001", "23503", "23505"])

/** The name of the unique or foreign-key constraint that refused a write, if that is what the error is. */
export function brokenConstraint(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined
  return constraintStates.has(error.code ?? "") ? error.constraint : undefined
}
