import type { TableSchema } from "../../domain/table.ts"

/**
 * One consistent moment of a database, asked for digests of its rows. Source and warehouse each compute them, from a
 * canonical text of each value that is the same on both sides for equal values:
 * - boolean `true`/`false`; integers, decimals (every digit of the scale) and uuid as usual;
 * - floats as C prints them with `%.16e`, `NaN`, `inf`, `-inf`; float32 as the float64 it equals;
 * - dates and times in ISO form, UTC, ` BC` at the very end, `infinity`, `-infinity`; bytes in lower-case hexadecimal;
 * - text and json as they are held.
 * A row's text is, column by column: `<length in code points>:<text>`, or `~` for null, where the type is text or json;
 * `<text>;`, or `~;` for null, where it is any other (no text of those holds a `;`). Its hash is that text's MD5 in
 * lower-case hexadecimal, computed over UTF-8.
 */
export interface DigestedSide {
  /** Rows by chunk: the first `digits` characters of their hashes. Chunks without rows are left out. */
  digests(table: TableSchema, digits: number, signal: AbortSignal): Promise<Map<string, ChunkDigest>>
  /** Hash and name of every row of some chunks, all of them `digits` long. */
  rows(table: TableSchema, chunks: readonly string[], signal: AbortSignal): Promise<HashedRow[]>
}

export interface ChunkDigest {
  rows: number
  /** Sum of the rows' hashes' last 60 bits, in decimal. */
  sum: string
}

export interface HashedRow {
  hash: string
  /** Canonical texts of the key's columns; of all columns where there is no key. */
  key: RowKey
}

export type RowKey = (string | null)[]

export interface Difference {
  /** `missing`: only at the source; `surplus`: only in the warehouse; `different`: in both, not equal. */
  kind: "missing" | "surplus" | "different"
  key: RowKey
}

export interface TableComparison {
  /** Rows of the source and of the warehouse. */
  sourceRows: number
  warehouseRows: number
  differences: Difference[]
  /** Rows of the warehouse that are copies of others, by their key or, where there is none, by all they hold. */
  duplicates: number
  /** There are more differences than these. */
  isPartial: boolean
}

/** Chunks are made about this large. */
const chunkRows = 2_048
/** Rows looked at one by one: their hashes and keys, of both sides, are held in memory. */
const maxSuspectRows = 250_000
const maxDigits = 6

/** The side that may hold what it should not. */
export interface WarehouseSide extends DigestedSide {
  /** Rows of a table with a key, beyond the first of each key. */
  duplicates(table: TableSchema, signal: AbortSignal): Promise<number>
}

/** `expectedRows` only sets the size of chunks. */
export async function compareTable(
  source: DigestedSide,
  warehouse: WarehouseSide,
  table: TableSchema,
  expectedRows: number,
  signal: AbortSignal,
): Promise<TableComparison> {
  const digits = Math.min(maxDigits, Math.max(0, Math.ceil(Math.log2(expectedRows / chunkRows) / 4)))
  const [here, there] = await Promise.all([
    source.digests(table, digits, signal),
    warehouse.digests(table, digits, signal),
  ])
  const suspects = [...new Set([...here.keys(), ...there.keys()])].filter(
    (chunk) => !isEqual(here, there, chunk),
  )
  const counts = { sourceRows: rowsOf(here), warehouseRows: rowsOf(there) }
  if (suspects.length === 0) return { ...counts, differences: [], duplicates: 0, isPartial: false }
  const chunks = affordable(suspects.sort(), here, there)
  const [atSource, inWarehouse] = await Promise.all([
    source.rows(table, chunks, signal),
    warehouse.rows(table, chunks, signal),
  ])
  const missing = leftover(atSource, inWarehouse)
  const surplus = leftover(inWarehouse, atSource)
  const isPartial = chunks.length < suspects.length
  const differences = pairUp(missing.map(keyOf), surplus.map(keyOf), table.key !== undefined, isPartial)
  const duplicates = surplus.length === 0 ? 0 : await duplicatesOf()
  return { ...counts, differences, duplicates, isPartial }

  async function duplicatesOf(): Promise<number> {
    if (table.key !== undefined) return await warehouse.duplicates(table, signal)
    const known = new Set(atSource.map(({ hash }) => hash))
    return surplus.filter(({ hash }) => known.has(hash)).length
  }
}

function keyOf({ key }: HashedRow): RowKey {
  return key
}

function isEqual(a: Map<string, ChunkDigest>, b: Map<string, ChunkDigest>, chunk: string): boolean {
  const [here, there] = [a.get(chunk), b.get(chunk)]
  return here?.rows === there?.rows && here?.sum === there?.sum
}

/** As many of the chunks as fit, at least one. */
function affordable(
  chunks: readonly string[],
  here: Map<string, ChunkDigest>,
  there: Map<string, ChunkDigest>,
): string[] {
  let rows = 0
  return chunks.filter((chunk, index) => {
    rows += Math.max(here.get(chunk)?.rows ?? 0, there.get(chunk)?.rows ?? 0)
    return index === 0 || rows <= maxSuspectRows
  })
}

const sumMask = (1n << 60n) - 1n

/** The digests of rows that are at hand. */
export function digestsOf(rows: readonly HashedRow[], digits: number): Map<string, ChunkDigest> {
  const sums = new Map<string, { rows: number; sum: bigint }>()
  for (const { hash } of rows) {
    const chunk = hash.slice(0, digits)
    const digest = sums.get(chunk) ?? { rows: 0, sum: 0n }
    digest.rows++
    digest.sum += BigInt(`0x${hash}`) & sumMask
    sums.set(chunk, digest)
  }
  return new Map([...sums].map(([chunk, { rows, sum }]) => [chunk, { rows, sum: sum.toString() }]))
}

function rowsOf(digests: Map<string, ChunkDigest>): number {
  return [...digests.values()].reduce((sum, { rows }) => sum + rows, 0)
}

/** Rows of `some` that `others` lack, as often as they lack them. */
function leftover(some: readonly HashedRow[], others: readonly HashedRow[]): HashedRow[] {
  const counts = new Map<string, number>()
  for (const { hash } of others) counts.set(hash, (counts.get(hash) ?? 0) + 1)
  return some.filter(({ hash }) => {
    const left = counts.get(hash) ?? 0
    counts.set(hash, left - 1)
    return left <= 0
  })
}

/** A row that differs lies in two chunks; when not all were looked at, its other half may not have been seen. */
function pairUp(missing: RowKey[], surplus: RowKey[], hasKey: boolean, isPartial: boolean): Difference[] {
  if (!hasKey)
    return [
      ...missing.map((key): Difference => ({ kind: "missing", key })),
      ...surplus.map((key): Difference => ({ kind: "surplus", key })),
    ]
  const found = new Map<string, Difference>()
  for (const key of missing)
    found.set(JSON.stringify(key), { kind: isPartial ? "different" : "missing", key })
  for (const key of surplus) {
    const text = JSON.stringify(key)
    const isOnBoth = isPartial || found.get(text)?.kind === "missing"
    if (found.get(text)?.kind !== "different")
      found.set(text, { kind: isOnBoth ? "different" : "surplus", key })
  }
  return [...found.values()]
}

/** SQL that joins texts, nested by halves: a table may have more columns than an engine lets expressions be deep. */
export function concatenation(texts: readonly string[]): string {
  if (texts.length <= 8) return texts.join(" || ")
  const half = Math.ceil(texts.length / 2)
  return `(${concatenation(texts.slice(0, half))}) || (${concatenation(texts.slice(half))})`
}
