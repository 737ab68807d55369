import type pg from "pg"
import type { TlsSettings } from "../../../configuration/tls/settings.ts"
import { ConnectionFault } from "../../../connections/connection-fault.ts"
import { openPg } from "../../../connections/pg-client.ts"
import { ownNamesOnly } from "../../../governance/setup/names.ts"

export interface ServerAddress {
  host: string
  port: number
}

export interface ServerLogin extends ServerAddress {
  database: string
  user: string
  password: string
  tls: TlsSettings
}

/** A session on a governed server. Its errors are ServerRefusal. */
export interface ServerSession {
  /** The rows of one statement. */
  ask(statement: string): Promise<Record<string, unknown>[]>
  /** All of them, or none. */
  transaction(statements: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** What a server or the way to it refused, in words without secrets. */
export class ServerRefusal extends Error {
  /** SQLSTATE, or the system's code; of a password that is wrong `28P01`. */
  readonly code: string

  /** @param secrets what is taken out of the message, wherever it came from */
  constructor({ message, code }: { message: string; code: string }, secrets: readonly string[]) {
    super(secrets.reduce((left, one) => left.replaceAll(one, "…"), message).slice(0, messageLimit))
    this.name = "ServerRefusal"
    this.code = code
  }

  /** The server was reached and did not let the account in: there is no such account, or not with this password. */
  get isLoginRefused(): boolean {
    return this.code === "28P01" || this.code === "28000"
  }
}

const connectLimitMs = 10_000
const statementLimitMs = 60_000
const messageLimit = 500

/** Opens a session. No password is sent before the certificate is judged, as `tls` says. @throws ServerRefusal */
export async function connectServer(login: ServerLogin): Promise<ServerSession> {
  try {
    return await connected(login)
  } catch (error) {
    throw refusal(error, login)
  }
}

async function connected(login: ServerLogin): Promise<ServerSession> {
  const client = await openPg({
    ...login,
    application_name: "millrace governance",
    connectionTimeoutMillis: connectLimitMs,
    query_timeout: statementLimitMs,
    keepAlive: true,
  })
  try {
    await client.query(ownNamesOnly)
  } catch (error) {
    await client.end().catch(() => undefined) // It never began.
    throw error
  }
  return sessionOf(client, login)
}

function sessionOf(client: pg.Client, login: ServerLogin): ServerSession {
  const ask = async (statement: string): Promise<Record<string, unknown>[]> => {
    try {
      return (await client.query(statement)).rows as Record<string, unknown>[]
    } catch (error) {
      throw refusal(error, login)
    }
  }
  return {
    ask,
    async transaction(statements) {
      await ask("BEGIN")
      try {
        for (const statement of statements) await ask(statement)
        await ask("COMMIT")
      } catch (error) {
        // A broken connection has ended its transaction already.
        await ask("ROLLBACK").catch(() => undefined)
        throw error
      }
    },
    close: async () => {
      await client.end().catch(() => undefined) // Broken: nothing to end.
    },
  }
}

/** The API has no member for TLS: who reads the refusal of a call must know where its settings are. */
function whereTls(error: unknown): string {
  return error instanceof ConnectionFault && error.kind === "tls"
    ? " (TLS to governed servers is configured by `governance.tls`, or for one host by `governance.servers`.)"
    : ""
}

/** Statements hold no password, and messages repeat parts of statements at most; a login's secrets are taken out all the same. */
function refusal(error: unknown, { password, user }: ServerLogin): ServerRefusal {
  const { message, code, detail } = error as { message?: unknown; code?: unknown; detail?: unknown }
  const told = typeof message === "string" && message !== "" ? message : String(code ?? "no answer")
  // Which objects they are stands there.
  const text = code === "2BP01" && typeof detail === "string" ? `${told}: ${detail}` : told + whereTls(error)
  return new ServerRefusal({ message: text, code: typeof code === "string" ? code : "" }, [password, user])
}
