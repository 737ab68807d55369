import type pg from "pg"
import type { PgOptions } from "../../connections/pg-client.ts"
import type { Configuration } from "../../domain/configuration.ts"
import { plainLine } from "../../domain/text-forms/plain-text.ts"
import { engines } from "../../server/registries.ts"
import { configured } from "../configured.ts"
import { connectForText, portClient } from "../connect.ts"
import { type ExitCode, misused } from "../operate.ts"
import { complain } from "../output.ts"
import { isResultFormat, printResult, resultFormats } from "./sql-output.ts"

export interface SqlOptions {
  database: string | undefined
  config: string | undefined
  /** On the SQL port, also where the warehouse is asked at its own server. */
  onPort: boolean
  /** One of `resultFormats`; usual: a table. */
  format: string | undefined
}

/** Where a statement goes. */
interface Asked {
  client: PgOptions
  /** As people write it. */
  address: string
  /** Said when nothing answers there. */
  question: string
  /** What the answer to an error is completed by, by its SQLSTATE. */
  hint(code: string | undefined): string
}

/** Statements from standard input; more of it is surely no statement. */
const inputBytesAtMost = 16 * 2 ** 20

/** Runs the statements given, or those of standard input, on the first warehouse, and prints each result. */
export async function sql(given: string | undefined, options: SqlOptions): Promise<ExitCode> {
  const { database, config, onPort, format = "table" } = options
  if (!isResultFormat(format)) return misused(`--format is one of ${resultFormats.join(", ")}.`)
  const statement = given ?? (await statementOfInput())
  if (statement === undefined)
    return misused("sql takes one statement in quotes, or statements on standard input (at most 16 MiB).")
  const configuration = configured(config, onPort ? "ask-sql-port" : "ask-warehouse")
  if (configuration === undefined) return 2
  const asked =
    (onPort ? undefined : direct(configuration, database)) ?? (await port(configuration, database))
  if (asked === undefined) {
    complain("there are no credentials yet: start `millrace serve` first.")
    return 1
  }
  let client: pg.Client | undefined
  try {
    client = await connectForText(asked.client)
    const results: unknown = await client.query({ text: statement, rowMode: "array" })
    // Several statements in one text have several results.
    for (const result of [results].flat())
      printResult(result as pg.QueryArrayResult<(string | null)[]>, format)
    return 0
  } catch (error) {
    complain(plainLine(messageOf(error, asked)))
    return 1
  } finally {
    await client?.end().catch(() => undefined) // broken: nothing to end
  }
}

/** `undefined`: there is none, or too much. */
async function statementOfInput(): Promise<string | undefined> {
  if (process.stdin.isTTY) return undefined
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk)
    length += chunk.length
    if (length > inputBytesAtMost) return undefined
  }
  const text = Buffer.concat(chunks).toString("utf8")
  return text.trim() === "" ? undefined : text
}

/** The server of a first warehouse that users ask themselves; `undefined`: the SQL port shows it. */
function direct({ warehouses }: Configuration, database: string | undefined): Asked | undefined {
  const [first] = warehouses
  const access = first && engines.warehouses.of(first).direct
  if (first === undefined || access === undefined) return undefined
  const { host, port } = access.addressOf(first)
  return {
    client: { url: access.urlOf(first, database), application_name: "millrace sql" },
    address: `${host}:${port}`,
    question: `is the ${access.title} of the configuration's first warehouse running?`,
    hint: (code) => (code !== undefined && notOfTheServer.has(code) ? onPortHint : ""),
  }
}

/** No such table; a syntax error. */
const notOfTheServer: ReadonlySet<string> = new Set(["42P01", "42601"])
const onPortHint =
  " (System views, and statements such as CREATE DATABASE … FROM INTEGRATION, are on the SQL port: add --sql-port.)"

async function port(configuration: Configuration, database: string | undefined): Promise<Asked | undefined> {
  const client = await portClient(configuration, { database })
  if (client === undefined) return undefined
  return {
    client,
    address: `${client.host}:${client.port}`,
    question: "is `millrace serve` running?",
    hint: () => "",
  }
}

function messageOf(error: unknown, { address, question, hint }: Asked): string {
  const code = (error as { code?: string }).code
  if (code === "ECONNREFUSED") return `nothing answers on ${address}: ${question}`
  return error instanceof Error ? error.message + hint(code) : String(error)
}
