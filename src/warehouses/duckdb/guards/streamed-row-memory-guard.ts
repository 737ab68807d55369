import type { DuckDBConnection } from "@duckdb/node-api"
import type { TableSchema } from "../../../domain/table.ts"
import { OversizedTable } from "../../../replication/contracts/oversized.ts"
import type { Batch, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { isTooLittleMemory } from "../errors.ts"
import { liveTable } from "../naming.ts"
import { keyNames, names } from "../staging/staged-rows.ts"
import { readStaged } from "../staging/staging.ts"
import { bytesTogether, newVectorMemoryLimit, rowsAtOnce, tooLarge } from "./vector-memory-limit.ts"

/**
 * As `VectorMemoryLimit`, for what the stream brings: rows land beside the newest ones that are there. Sums are kept of what
 * was staged; only where those are large is the table itself asked, for updates take rows away, too.
 */
export interface StreamedRowMemoryGuard {
  /** Before a batch is applied. Throws `OversizedTable`. */
  admit(batch: Batch): Promise<void>
}

/**
 * Below this share of the engine's memory the size of the table's own rows is not queried: what they add does not matter.
 */
const quietShare = 1 / 64

interface Tail {
  neighbours: ReturnType<typeof newVectorMemoryLimit>
  /** What lay there already is among them. */
  isKnown: boolean
}

export function newStreamedRowMemoryGuard(
  connection: DuckDBConnection,
  database: string,
  memoryLimitBytes: number,
): StreamedRowMemoryGuard {
  const tails = new Map<string, Tail>()

  async function admit(changes: TableChanges): Promise<void> {
    const { table, parts } = changes
    const sizes = sizesOf(table)
    if (sizes === undefined) return
    const tail = tails.get(table.id) ?? { neighbours: newVectorMemoryLimit(memoryLimitBytes), isKnown: false }
    tails.set(table.id, tail)
    for (const part of parts) tail.neighbours.note(part)
    const { bytes, limitBytes } = tail.neighbours
    if (bytes() <= (tail.isKnown ? limitBytes : memoryLimitBytes * quietShare)) return
    const largest = Math.max(...parts.map(bytesTogether))
    const total = largest > limitBytes ? largest : await asked(changes, sizes)
    if (total > limitBytes) throw new OversizedTable(table, tooLarge(total, memoryLimitBytes))
    const neighbours = newVectorMemoryLimit(memoryLimitBytes)
    neighbours.note({ rows: 0, bytes: total })
    tails.set(table.id, { neighbours, isKnown: true })
  }

  /** What the newest rows will be together. */
  async function asked(changes: TableChanges, sizes: string): Promise<number> {
    try {
      const rows = await connection.runAndReadAll(
        `SELECT (${stayingSql(database, changes, sizes)}) + (${comingSql(changes, sizes)})`,
      )
      return Number(rows.getRowsJson()[0]?.[0])
    } catch (error) {
      // What cannot even be read could not be put there.
      if (isTooLittleMemory(error)) return memoryLimitBytes
      throw error
    }
  }

  return {
    async admit({ tables, swaps, dropped }) {
      const become = tables.flatMap(({ table, alteration }) => (alteration === undefined ? [] : [table]))
      const others = new Set([...swaps, ...dropped, ...become].map(({ id }) => id))
      for (const id of others) tails.delete(id)
      for (const changes of tables)
        if (changes.parts.length > 0 && !others.has(changes.table.id)) await admit(changes)
    },
  }
}

/** Bytes of a row's long values; `undefined`: it has none, or hides the engine's row numbers. */
function sizesOf(table: TableSchema): string | undefined {
  if (table.columns.some(({ name }) => name.toLowerCase() === "rowid")) return undefined
  const quoted = names(table)
  const sizes = table.columns.flatMap(({ type: { kind } }, index) => {
    if (kind === "bytes") return [`coalesce(octet_length(${quoted[index]}), 0)`]
    return kind === "text" || kind === "json"
      ? [`coalesce(strlen(CAST(${quoted[index]} AS VARCHAR)), 0)`]
      : []
  })
  return sizes.length === 0 ? undefined : sizes.join(" + ")
}

/** The keys of rows that change whole; `undefined`: rows that change may stay, in part, where they are. */
function replacedKeys({ table, runs, commits }: TableChanges): string[] | undefined {
  const isWhole = runs.every((run) => run.kind === "changes" && run.unchanged.length === 0)
  return table.key === undefined || commits !== undefined || !isWhole ? undefined : keyNames(table, table.key)
}

function stayingSql(database: string, changes: TableChanges, sizes: string): string {
  if (changes.runs.some(({ kind }) => kind === "truncate")) return "SELECT 0"
  const live = liveTable(database, changes.table)
  const keys = replacedKeys(changes)
  const others =
    keys === undefined
      ? ""
      : ` AND NOT EXISTS (SELECT 1 FROM ${readStaged(changes.parts)} AS s WHERE ${keys.map((key) => `s.${key} = t.${key}`).join(" AND ")})`
  return `SELECT coalesce(sum(${sizes}), 0) FROM ${live} AS t WHERE rowid > (SELECT max(rowid) - ${rowsAtOnce} FROM ${live})${others}`
}

function comingSql(changes: TableChanges, sizes: string): string {
  const from = readStaged(changes.parts)
  const size = `CASE WHEN __millrace_delete THEN 0 ELSE ${sizes} END`
  const keys = replacedKeys(changes)
  if (keys === undefined) return `SELECT coalesce(sum(${size}), 0) FROM ${from}`
  return `SELECT coalesce(sum(size), 0) FROM (SELECT arg_max(${size}, __millrace_seq) AS size FROM ${from} GROUP BY ${keys.join(", ")})`
}
