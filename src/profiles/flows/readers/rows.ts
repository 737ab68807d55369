import { createHash } from "node:crypto"
import type { FlowRecord } from "../tasks/record.ts"
import { type FlowReader, type Pull, type ReadFrom, recordsAtOnce } from "./reader.ts"

/** A server that is asked by SQL. Every method may throw Problem. */
export interface RowServer {
  connect(): Promise<RowConnection>
}

export interface RowConnection {
  /** `sql` may have `$1`, …; values come as texts, numbers, booleans and parsed JSON. */
  rows(sql: string, values?: readonly unknown[]): Promise<FlowRecord[]>
  close(): Promise<void>
}

/** A table, or what a query answers. */
export interface RowsOptions {
  server: RowServer
  /** `"public"."orders"`, or a query in parentheses. */
  from: string
  /** The column by whose value rows are newer; undefined: everything is read each time. */
  cursor: string | undefined
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Within one transaction, all pulls see one state of the rows. */
async function inTransaction(
  server: RowServer,
  work: (connection: RowConnection) => Promise<void>,
): Promise<void> {
  const connection = await server.connect()
  try {
    await connection.rows("BEGIN")
    await work(connection)
    await connection.rows("COMMIT")
  } finally {
    await connection.close()
  }
}

/**
 * Reads rows with a cursor of the server's, so that no result is in memory as a whole. Rows whose `cursor` is that of the last row come
 * once more each time: a row may have come with the same value since, and content that is ingested already changes nothing.
 */
export function cursorReader({ server, from, cursor }: RowsOptions): FlowReader {
  return {
    read: ({ position, signal }, take) =>
      inTransaction(server, async (connection) => {
        const last = cursor === undefined ? undefined : position
        const column = quoted(cursor ?? "")
        const newer = last === undefined ? "" : ` WHERE ${column} >= ${literal(String(JSON.parse(last)))}`
        const order = cursor === undefined ? "" : ` ORDER BY ${column}`
        await connection.rows(
          `DECLARE millrace_flow NO SCROLL CURSOR FOR SELECT * FROM ${from} AS millrace_rows${newer}${order}`,
        )
        for (;;) {
          signal.throwIfAborted()
          const rows = await connection.rows(`FETCH ${recordsAtOnce} FROM millrace_flow`)
          if (rows.length === 0) return
          const value = cursor === undefined ? undefined : rows.at(-1)?.[cursor]
          await take(pullOf(rows, value === undefined || value === null ? last : JSON.stringify(value)))
        }
      }),
    close: async () => undefined,
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function pullOf(rows: readonly FlowRecord[], position: string | undefined): Pull {
  const bytes = rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row)), 0)
  return {
    records: rows.map((fields) => ({ kind: "fields", fields })),
    unreadable: [],
    bytes,
    position,
    objects: [],
  }
}

/** How far a reader of changes has come. */
interface RowMark {
  /** The number of the newest row that was read. */
  last: number
  /** Rows with numbers up to that, when it was read. */
  count: number
  /** Some rows, by number, with a hash of what they held. */
  known: [number: number, hash: string][]
}

const rowNumber = "__millrace_row"
const knownAtMost = 24

/**
 * Reads the rows of a table that came since, by the number that the warehouse gives each row: a change puts the row anew, with a greater
 * one. The warehouse may give all rows new numbers when it tidies its files, and a resync does: the mark then fits no longer (rows that it
 * knows have changed their number, or there are more rows up to it than there were), and the whole table is read once more. What is
 * ingested already changes nothing.
 */
export function changesReader({ server, from }: Omit<RowsOptions, "cursor">): FlowReader {
  let open: Promise<RowConnection> | undefined
  const connected = () => {
    open ??= server.connect()
    return open
  }
  async function close(): Promise<void> {
    const closing = open
    open = undefined
    // What could not be opened need not be closed.
    await closing?.then(
      (connection) => connection.close(),
      () => undefined,
    )
  }
  return {
    async read(at, take) {
      try {
        const connection = await connected()
        await connection.rows("BEGIN")
        await readChanges(connection, from, at, take)
        await connection.rows("COMMIT")
      } catch (error) {
        await close()
        throw error
      }
    },
    close,
  }
}

async function readChanges(
  connection: RowConnection,
  from: string,
  { position, signal }: ReadFrom,
  take: (pull: Pull) => Promise<void>,
): Promise<void> {
  let mark = await fittingMark(connection, from, position)
  for (;;) {
    signal.throwIfAborted()
    const rows = await connection.rows(
      `SELECT rowid AS ${rowNumber}, * FROM ${from} WHERE rowid > ${mark.last} ORDER BY rowid LIMIT ${recordsAtOnce}`,
    )
    if (rows.length === 0) return
    mark = advanced(mark, rows)
    await take(pullOf(rows.map(withoutNumber), JSON.stringify(mark)))
  }
}

const beginning: RowMark = { last: -1, count: 0, known: [] }

/** The mark if it still fits the table, without the rows that are gone; else the beginning. */
async function fittingMark(
  connection: RowConnection,
  from: string,
  position: string | undefined,
): Promise<RowMark> {
  if (position === undefined) return beginning
  const mark = JSON.parse(position) as RowMark
  const [counted] = await connection.rows(
    `SELECT count(*) AS n, max(rowid) AS last FROM ${from} WHERE rowid <= ${mark.last}`,
  )
  const count = Number(counted?.n ?? 0)
  if (count > mark.count || mark.known.length === 0) return beginning
  const numbers = mark.known.map(([number]) => number)
  const rows = await connection.rows(
    `SELECT rowid AS ${rowNumber}, * FROM ${from} WHERE rowid IN (${numbers.join(", ")})`,
  )
  const now = new Map(rows.map((row) => [Number(row[rowNumber]), hashOf(withoutNumber(row))]))
  const left = mark.known.filter(([number]) => now.has(number))
  const isSame = left.length > 0 && left.every(([number, hash]) => now.get(number) === hash)
  return isSame ? { last: mark.last, count, known: left } : beginning
}

function advanced({ count, known }: RowMark, rows: readonly FlowRecord[]): RowMark {
  const numbered = rows.map((row) => Number(row[rowNumber]))
  const picked = [0, Math.floor(rows.length / 2), rows.length - 2, rows.length - 1]
  const added = [...new Set(picked)].flatMap((index): [number, string][] => {
    const row = rows[index]
    return row === undefined ? [] : [[Number(row[rowNumber]), hashOf(withoutNumber(row))]]
  })
  const all = [...known, ...added]
  // Of the older half every second one goes: they are to lie all over the table.
  const kept =
    all.length <= knownAtMost ? all : all.filter((_, index) => index >= all.length / 2 || index % 2 === 0)
  return { last: numbered.at(-1) ?? -1, count: count + rows.length, known: kept }
}

function withoutNumber(row: FlowRecord): FlowRecord {
  const { [rowNumber]: _, ...fields } = row
  return fields
}

function hashOf(fields: FlowRecord): string {
  return createHash("sha256").update(JSON.stringify(fields)).digest("base64url").slice(0, 16)
}
