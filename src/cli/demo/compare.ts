import type pg from "pg"
import { canonical, quote, rowName, rowText, type SideName, type SourceTable } from "./columns.ts"
import { readSourceTables } from "./source-tables.ts"

/** One of the two databases, asked for rows of texts. */
export type Ask = (sql: string) => Promise<(string | null)[][]>

/** `client` must hand values over as texts (see connectForText). */
export function askThrough(client: pg.Client): Ask {
  return async (sql) => (await client.query<(string | null)[]>({ text: sql, rowMode: "array" })).rows
}

export interface Sides {
  source: Ask
  warehouse: Ask
}

export interface Difference {
  table: string
  /** `missing`: only at the source; `surplus`: only in the warehouse. */
  kind: "missing" | "surplus" | "different"
  /** The row's key, or all of it where it has none. */
  row: string
  /** Where both sides have the row: what differs in it. */
  columns: string[]
}

export interface Comparison {
  tables: number
  /** Rows of the source. */
  rows: number
  /** The first of them, up to the limit; empty: everything is equal. */
  differences: Difference[]
}

/** Rows that are held in memory per differing chunk. */
const chunkRows = 2_048
const longestNameLength = 300

/**
 * Compares every table of the source with the warehouse's by full content. Both sides turn each row into one canonical
 * text and chunk by its hash, so that only hashes of chunks travel, and rows only of chunks that differ.
 */
export async function compareTables(sides: Sides, limit = 20): Promise<Comparison> {
  const tables = await readSourceTables(sides.source)
  const comparison: Comparison = { tables: tables.length, rows: 0, differences: [] }
  for (const table of tables) {
    const found = await compareTable(sides, table, limit - comparison.differences.length)
    comparison.rows += found.rows
    comparison.differences.push(...found.differences)
  }
  return comparison
}

async function compareTable(
  sides: Sides,
  table: SourceTable,
  limit: number,
): Promise<{ rows: number; differences: Difference[] }> {
  const [[count] = []] = await sides.source(`SELECT count(*)::text FROM ${place(table)}`)
  const rows = Number(count)
  const digits = Math.max(0, Math.ceil(Math.log2(rows / chunkRows) / 4))
  if (limit <= 0) return { rows, differences: [] }
  const [atSource, inWarehouse] = await Promise.all([
    chunkHashes(sides, table, "source", digits),
    chunkHashes(sides, table, "warehouse", digits),
  ])
  if (inWarehouse === undefined || atSource === undefined)
    return {
      rows,
      differences: [{ table: label(table), kind: "missing", row: "the whole table", columns: [] }],
    }
  const suspects = [...new Set([...atSource.keys(), ...inWarehouse.keys()])]
    .filter((chunk) => atSource.get(chunk) !== inWarehouse.get(chunk))
    .sort()
  return { rows, differences: await differencesIn(sides, table, suspects, limit) }
}

function place(table: SourceTable): string {
  return `${quote(table.schema)}.${quote(table.name)}`
}

function label(table: SourceTable): string {
  return `${table.schema}.${table.name}`
}

/** 60 bits of a row's hash, at a place in its 32 digits, as a number. */
const bitsOfHash: Record<SideName, (from: number) => string> = {
  source: (from) => `('x' || substr(h, ${from}, 15))::bit(60)::bigint`,
  warehouse: (from) => `('0x' || substr(h, ${from}, 15))::BIGINT`,
}

/**
 * By chunk, how many rows it has and sums over their hashes: no order is needed (sorting would take longer than all the
 * rest), and rows that repeat count. `undefined`: no such table.
 */
async function chunkHashes(
  sides: Sides,
  table: SourceTable,
  side: SideName,
  digits: number,
): Promise<Map<string, string> | undefined> {
  const sums = [1, 16].map((from) => `sum(${bitsOfHash[side](from)})`)
  const sql = `SELECT left(h, ${digits}) AS chunk, concat_ws(' ', count(*), ${sums.join(", ")}) FROM ${hashed(table, side)} GROUP BY 1`
  try {
    return new Map((await sides[side](sql)).map(([chunk, hash]) => [chunk ?? "", hash ?? ""]))
  } catch (error) {
    if (["42P01", "42703", "3F000"].includes((error as { code?: string }).code ?? "")) return undefined
    throw error
  }
}

/** Keeps PostgreSQL from computing a row's hash anew at each mention. */
const computedOnce: Record<SideName, string> = { source: "OFFSET 0", warehouse: "" }

function hashed(table: SourceTable, side: SideName, columns = ""): string {
  return `(SELECT md5(${rowText(table, side)}) AS h${columns} FROM ${place(table)} ${computedOnce[side]}) AS r`
}

async function differencesIn(
  sides: Sides,
  table: SourceTable,
  chunks: string[],
  limit: number,
): Promise<Difference[]> {
  const differences = new Map<string, Difference>()
  for (const chunk of chunks) {
    const source = await rowsOf(sides, table, "source", chunk)
    const warehouse = await rowsOf(sides, table, "warehouse", chunk)
    for (const row of leftover(source, warehouse)) add(differences, table, "missing", row)
    for (const row of leftover(warehouse, source)) add(differences, table, "surplus", row)
    // A row that differs lies in two chunks: a few more are looked through, to see both sides of it.
    if (differences.size >= limit * 2) break
  }
  const first = [...differences.values()].slice(0, limit)
  return table.key.length === 0 ? first : await lookUp(sides, table, first)
}

function add(
  found: Map<string, Difference>,
  table: SourceTable,
  kind: "missing" | "surplus",
  row: string,
): void {
  const key = table.key.length === 0 ? `${found.size} ${row}` : row
  found.set(key, {
    table: label(table),
    kind,
    columns: [],
    row: row.length > longestNameLength ? `${row.slice(0, longestNameLength)}…` : row,
  })
}

interface HashedRow {
  hash: string
  name: string
}

async function rowsOf(sides: Sides, table: SourceTable, side: SideName, chunk: string): Promise<HashedRow[]> {
  const rows = await sides[side](
    `SELECT h, name FROM ${hashed(table, side, `, ${rowName(table, side)} AS name`)} WHERE left(h, ${chunk.length}) = '${chunk}'`,
  )
  return rows.map(([hash, name]) => ({ hash: hash ?? "", name: name ?? "" }))
}

/** Names of the rows of `some` that `others` lacks, as often as it lacks them. */
function leftover(some: HashedRow[], others: HashedRow[]): string[] {
  const counts = new Map<string, number>()
  for (const { hash } of others) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return some.flatMap(({ hash, name }) => {
    const left = counts.get(hash) ?? 0
    counts.set(hash, left - 1)
    return left > 0 ? [] : [name]
  })
}

/** Says of each row that differs on which sides there is one with its key, and in which columns they differ. */
async function lookUp(sides: Sides, table: SourceTable, differences: Difference[]): Promise<Difference[]> {
  if (differences.length === 0) return differences
  const names = differences.map(({ row }) => row)
  const source = await named(sides, table, "source", names)
  const warehouse = await named(sides, table, "warehouse", names)
  return differences.map((one) => {
    const [here, there] = [source.get(one.row), warehouse.get(one.row)]
    if (here === undefined || there === undefined) return one
    const columns = table.columns.filter((_, index) => here[index] !== there[index]).map(({ name }) => name)
    return { ...one, kind: "different", columns }
  })
}

async function named(
  sides: Sides,
  table: SourceTable,
  side: SideName,
  names: string[],
): Promise<Map<string, (string | null)[]>> {
  const wanted = names.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ")
  const texts = table.columns.map((column) => canonical(column)[side])
  const rows = await sides[side](
    `SELECT * FROM (SELECT ${[rowName(table, side), ...texts].map((text, index) => `${text} AS c${index}`).join(", ")} FROM ${place(table)}) AS r WHERE c0 IN (${wanted})`,
  )
  return new Map(rows.map(([name, ...values]) => [name ?? "", values]))
}
