import { type Position, positionFrom } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import { type ChunkDigest, digestsOf, type HashedRow } from "../../../replication/contracts/comparison.ts"
import type { DestinationView } from "../../../replication/contracts/warehouse.ts"
import type { Session } from "../connection/client.ts"
import { problemOf } from "../errors.ts"
import { readPosition } from "../fence.ts"
import type { Names } from "../naming.ts"
import { quoteLiteral } from "../quoting.ts"
import { keyValues } from "../render/keys.ts"
import { hashedRow, readForm } from "../types/canonical.ts"

export interface ViewOptions {
  names: Names
  pipeline: string
  /** A session of the view's own. */
  connect(): Promise<Session>
}

/** Rows that are fetched at once. */
const fetchedRows = 5_000

/** What a view knows when it is opened. */
interface Opened {
  position: Position
  tables: TableSchema[]
  /** Ids of tables that keep versions. */
  keepers: ReadonlySet<string>
}

/** A read transaction: it sees this moment for as long as it is open, whatever is applied meanwhile. */
export async function openView({ names, pipeline, connect }: ViewOptions): Promise<DestinationView> {
  const session = await connect()
  const interrupt = () => session.destroy()
  let opened: Opened
  try {
    // The engine fixes the moment with the first read of the database.
    await session.run("BEGIN READ ONLY")
    opened = await readOpened(session, names, pipeline)
  } catch (error) {
    interrupt()
    throw problemOf(error, "opening a view")
  }
  const { position, tables, keepers } = opened
  const whereOf = ({ id }: TableSchema) => (keepers.has(id) ? " WHERE _record_is_active" : "")
  const reading = async <T>(table: TableSchema, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    signal.addEventListener("abort", interrupt, { once: true })
    try {
      return await work()
    } catch (error) {
      throw problemOf(error, `comparing ${table.schema}.${table.name}`)
    } finally {
      signal.removeEventListener("abort", interrupt)
    }
  }
  const hashed = (table: TableSchema) => hashedRows(session, names.live(table) + whereOf(table), table)
  return {
    position,
    tables,
    async countRows(table) {
      const count = `SELECT COUNT(*) FROM ${names.live(table)}${whereOf(table)}`
      const [row] = await session.rows(count).catch((error: unknown) => {
        throw problemOf(error, "counting rows")
      })
      return Number(row?.[0])
    },
    digests: (table, digits, signal) =>
      reading(table, signal, async () => {
        const digests = new Map<string, ChunkDigest>()
        for await (const rows of hashed(table)) addDigests(digests, digestsOf(rows, digits))
        return digests
      }),
    rows: (table, chunks, signal) =>
      reading(table, signal, async () => {
        const wanted = new Set(chunks)
        const digits = chunks[0]?.length ?? 0
        const found: HashedRow[] = []
        for await (const rows of hashed(table))
          found.push(...rows.filter(({ hash }) => wanted.has(hash.slice(0, digits))))
        return found
      }),
    duplicates: (table, signal) =>
      reading(table, signal, async () => {
        const keys = keyValues(table, "").join(", ")
        const repeated = `SELECT COUNT(*) - 1 AS more FROM ${names.live(table)}${whereOf(table)} GROUP BY ${keys} HAVING COUNT(*) > 1`
        const [row] = await session.rows(`SELECT COALESCE(SUM(more), 0) FROM (${repeated}) AS d`)
        return Number(row?.[0])
      }),
    async close() {
      interrupt()
    },
  }
}

async function readOpened(session: Session, names: Names, pipeline: string): Promise<Opened> {
  const whose = `WHERE pipeline = ${quoteLiteral(pipeline)}`
  const found = await readPosition(session, { names, pipeline })
  if (found === undefined) throw new Problem("internal", "The warehouse has no position to look at.")
  const kept = await session.rows(`SELECT table_id FROM ${names.books("versions")} ${whose} AND NOT dropped`)
  const definitions = await session.rows(
    `SELECT definition FROM ${names.books("tables")} ${whose} AND NOT stale`,
  )
  return {
    position: positionFrom(found),
    tables: definitions.map(([text]) => JSON.parse(text ?? "") as TableSchema),
    keepers: new Set(kept.map(([id]) => id ?? "")),
  }
}

/** `from`: a table, quoted and whole, perhaps with a condition. */
async function* hashedRows(session: Session, from: string, table: TableSchema): AsyncGenerator<HashedRow[]> {
  const columns = table.columns.map(readForm).join(", ")
  await session.run(`DECLARE millrace_rows CURSOR FOR SELECT ${columns} FROM ${from}`)
  try {
    for (;;) {
      const rows = await session.rows(`FETCH FORWARD ${fetchedRows} FROM millrace_rows`)
      if (rows.length === 0) return
      yield rows.map((row) => hashedRow(row, table))
    }
  } finally {
    await session.run("CLOSE millrace_rows")
  }
}

function addDigests(all: Map<string, ChunkDigest>, more: ReadonlyMap<string, ChunkDigest>): void {
  for (const [chunk, { rows, sum }] of more) {
    const before = all.get(chunk) ?? { rows: 0, sum: "0" }
    all.set(chunk, { rows: before.rows + rows, sum: String(BigInt(before.sum) + BigInt(sum)) })
  }
}
