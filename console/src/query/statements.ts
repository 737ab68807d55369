import { call } from "../api/client.ts"
import type { Catalog, SqlAnswer } from "../api/types.ts"

const rowsAtMost = 1_000

/** @throws ApiError @throws DOMException AbortError: it was cancelled, at the server too */
export async function runSql(database: string, sql: string, signal: AbortSignal): Promise<SqlAnswer> {
  return await call<SqlAnswer>("sql", { method: "POST", body: { database, sql, limit: rowsAtMost }, signal })
}

/** @param database null: the first one with tables @throws ApiError */
export async function catalogOf(database: string | null): Promise<Catalog> {
  return await call<Catalog>(
    database === null ? "catalog" : `catalog?database=${encodeURIComponent(database)}`,
  )
}

const key = "millrace-statements"
const keptStatements = 30

/** Newest first, of this browser. */
export function statementsBefore(): string[] {
  const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "[]")
  return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : []
}

export function keepStatement(sql: string): string[] {
  const all = [sql, ...statementsBefore().filter((one) => one !== sql)].slice(0, keptStatements)
  localStorage.setItem(key, JSON.stringify(all))
  return all
}

/** RFC 4180; NULL is an empty field, an empty text is quoted. */
export function csvOf({ columns, rows }: SqlAnswer): string {
  const field = (value: string | null) => {
    if (value === null) return ""
    return value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
  }
  return [columns.map(({ name }) => name), ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("")
}

/** As `schema.table`, quoted where it is needed. */
export function tableText({ schema, name }: { schema: string; name: string }): string {
  const quoted = (one: string) => (/^[a-z_][a-z0-9_]*$/.test(one) ? one : `"${one.replaceAll('"', '""')}"`)
  return `${quoted(schema)}.${quoted(name)}`
}
