import type pg from "pg"
import type { Configuration } from "../domain/configuration.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { engines } from "../server/registries.ts"
import { configured } from "./configured.ts"
import { connectForText, portClient } from "./connect.ts"
import { complain, print } from "./output.ts"
import { textTable } from "./text-table.ts"

export interface SqlOptions {
  database: string | undefined
  config: string | undefined
  /** On the SQL port, also where the warehouse is asked at its own server. */
  onPort: boolean
}

/** Where a statement goes. */
interface Asked {
  client: pg.ClientConfig
  /** As people write it. */
  address: string
  /** Said when nothing answers there. */
  question: string
  /** What the answer to an error is completed by, by its SQLSTATE. */
  hint(code: string | undefined): string
}

/** Runs one statement on the first warehouse, and prints a table. */
export async function sql(statement: string, { database, config, onPort }: SqlOptions): Promise<0 | 1 | 2> {
  const configuration = configured(config)
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
    for (const result of [results].flat()) printResult(result as pg.QueryArrayResult<(string | null)[]>)
    return 0
  } catch (error) {
    complain(plainLine(messageOf(error, asked)))
    return 1
  } finally {
    await client?.end().catch(() => undefined) // broken: nothing to end
  }
}

/** The server of a first warehouse that users ask themselves; `undefined`: the SQL port shows it. */
function direct({ warehouses }: Configuration, database: string | undefined): Asked | undefined {
  const [first] = warehouses
  const access = first && engines.warehouses.of(first).direct
  if (first === undefined || access === undefined) return undefined
  const { host, port } = access.addressOf(first)
  return {
    client: { connectionString: access.urlOf(first, database), application_name: "millrace sql" },
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

function printResult(result: pg.QueryArrayResult<(string | null)[]>): void {
  if (result.fields.length === 0)
    return print(`${result.command}${result.rowCount === null ? "" : ` ${result.rowCount}`}\n`)
  const table = textTable(
    result.fields.map((field) => field.name),
    result.rows,
  )
  print(`${table}(${result.rows.length} ${result.rows.length === 1 ? "row" : "rows"})\n`)
}
