import pg from "pg"
import { openPg } from "../../connections/pg-client.ts"
import { problemOf } from "./errors.ts"

/** Where rows are asked for by SQL, one state of them at a time. */
export interface RowServerOptions {
  /** With user and password. */
  url: string
  /** Default true: nothing can be written. A server that knows no such setting is told `false`. */
  isReadOnly?: boolean
  /** The server's certificate is our own, at this host. */
  trustsAnyCertificate?: boolean
}

const connectTimeoutMs = 10_000
const answerTimeoutMs = 600_000

/** A server that speaks PostgreSQL's protocol; `connect` and `rows` throw Problem. */
export function openRowServer(options: RowServerOptions) {
  return { connect: () => connect(options) }
}

async function connect({ url, isReadOnly = true, trustsAnyCertificate = false }: RowServerOptions) {
  const client = await openPg({
    url,
    application_name: "millrace flows",
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
    ...(isReadOnly && { options: "-c default_transaction_read_only=on -c timezone=UTC" }),
    ...(trustsAnyCertificate && { tls: { mode: "require" } }),
  }).catch((error: unknown) => {
    throw problemOf(error, "connecting for a flow")
  })
  return {
    async rows(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
      try {
        // Extended: one statement, whatever a query of a person's has in it.
        const query: pg.QueryConfig & { queryMode: "extended" } = {
          text,
          values: [...values],
          queryMode: "extended",
        }
        const { rows } = await client.query<Record<string, unknown>>(query)
        return rows
      } catch (error) {
        throw problemOf(error, "reading rows for a flow")
      }
    },
    close: () => client.end().catch(() => undefined),
  }
}

const asText = (text: string) => text
const asNumber = (text: string) => {
  const number = Number(text)
  return String(number) === text ? number : text
}
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.BOOL, (text) => text === "t" || text === "true"],
  [pg.types.builtins.INT2, asNumber],
  [pg.types.builtins.INT4, asNumber],
  [pg.types.builtins.INT8, asNumber],
  [pg.types.builtins.FLOAT4, asNumber],
  [pg.types.builtins.FLOAT8, asNumber],
  [pg.types.builtins.JSON, (text) => JSON.parse(text)],
  [pg.types.builtins.JSONB, (text) => JSON.parse(text)],
])

/** Values as JSON has them; what JSON has not is the server's text of it. */
function getTypeParser(oid: number): (text: string) => unknown {
  return parsers.get(oid) ?? asText
}
