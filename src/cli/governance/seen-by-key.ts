import type { Configuration } from "../../domain/configuration.ts"
import { engines } from "../../server/registries.ts"
import { connectForText, portClient } from "../connect.ts"
import type { ToldExplanation } from "./explain.ts"

/** A row of the table as the person sees it. `missing`: the table has no such row. */
export type SeenByKey =
  | { kind: "hidden" }
  | { kind: "missing" }
  | { kind: "shown"; values: Record<string, string | null> }

/** Reads a row of the table on the SQL port, as the person sees it; in words what keeps us from it. */
export async function seenByKey(
  configuration: Configuration,
  { user, table, columnNames }: ToldExplanation,
  { column, value }: { column: string; value: string },
): Promise<SeenByKey | string> {
  if (user === undefined) return { kind: "hidden" }
  if (!columnNames.includes(column)) return `the table has no column ${column}.`
  const [first] = configuration.warehouses
  if (first !== undefined && engines.warehouses.of(first).direct !== undefined)
    return "rows are looked up on the SQL port, which does not show this warehouse: give the row as JSON."
  const login = await portClient(configuration, {
    database: table.database,
    of: ({ role }) => role === "admin",
  })
  if (login === undefined) return "this takes an administrator of the SQL port in the configuration."
  const client = await connectForText(login)
  try {
    const from = [table.database, table.schema, table.name].map(quoted).join(".")
    const where = `WHERE CAST(${quoted(column)} AS VARCHAR) = $1 LIMIT 1`
    const { rowCount } = await client.query(`SELECT 1 FROM ${from} ${where}`, [value])
    if (rowCount === 0) return { kind: "missing" }
    await client.query(`CALL immuta_procedures.impersonate_user(${literal(user.account)})`)
    const { rows } = await client.query<Record<string, string | null>>(
      `SELECT ${columnNames.map(quoted).join(", ")} FROM ${from} ${where}`,
      [value],
    )
    const [row] = rows
    return row === undefined ? { kind: "hidden" } : { kind: "shown", values: row }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await client.end().catch(() => undefined) // broken: nothing to end
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
