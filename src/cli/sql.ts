import type pg from "pg"
import { readCredentials } from "../configuration/secrets/credentials.ts"
import type { Configuration } from "../domain/configuration.ts"
import { plainLine } from "../domain/text-forms/plain-text.ts"
import { configured } from "./configured.ts"
import { connectForText } from "./connect.ts"
import { complain, print } from "./output.ts"
import { textTable } from "./text-table.ts"

/** Runs one statement on the SQL port of the Millrace that runs here, and prints a table. */
export async function sql(
  statement: string,
  database: string | undefined,
  configPath: string | undefined,
): Promise<0 | 1 | 2> {
  const configuration = configured(configPath)
  if (configuration === undefined) return 2
  const login = await loginOf(configuration)
  if (login === undefined) {
    complain("there are no credentials yet: start `millrace serve` first.")
    return 1
  }
  const { host, port } = configuration.listen.sql
  let client: pg.Client | undefined
  try {
    client = await connectForText({
      host,
      port,
      ...login,
      database: database ?? "dev",
      // Not the certificate but the password proves the server, bound to this very connection.
      ssl: { rejectUnauthorized: false },
      enableChannelBinding: true,
    })
    const results: unknown = await client.query({ text: statement, rowMode: "array" })
    // Several statements in one text have several results.
    for (const result of [results].flat()) printResult(result as pg.QueryArrayResult<(string | null)[]>)
    return 0
  } catch (error) {
    complain(plainLine(messageOf(error, `${host}:${port}`)))
    return 1
  } finally {
    await client?.end().catch(() => undefined) // broken: nothing to end
  }
}

async function loginOf(
  configuration: Configuration,
): Promise<{ user: string; password: string } | undefined> {
  const [user] = configuration.sqlUsers
  if (user !== undefined) return { user: user.name, password: user.password }
  const generated = await readCredentials(configuration.dataDir)
  return generated && { user: generated.sqlUser, password: generated.sqlPassword }
}

function messageOf(error: unknown, place: string): string {
  const code = (error as { code?: string }).code
  if (code === "ECONNREFUSED") return `nothing answers on ${place}: is \`millrace serve\` running?`
  return error instanceof Error ? error.message : String(error)
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
