import type { DuckDBDataChunk, DuckDBResult, DuckDBType } from "@duckdb/node-api"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { EncodedColumn, Field, Format, Portal, RowBatch } from "../../../wire/pgwire/session.ts"
import { type TextStyle, type WireType, wireTypeOf } from "../values/value-types.ts"

/** Rows turned into bytes at a time. */
const rowsPerBatch = 512
/** The same in characters: 512 rows of a megabyte would fill the heap. The first rows show how wide they are. */
const charactersPerBatch = 4 * 2 ** 20
const rowsInFirstBatch = 8
/** Of a half-read result that another statement pushes aside. */
const setAsideRowsAtMost = 1_000_000

/** The engine's side of a portal, as the session lends it. */
export interface PortalEngine {
  /** Binds and starts; the session has begun a transaction by then. */
  start(): Promise<DuckDBResult>
  /** How values are written as text now. */
  style(): TextStyle
  /** Before rows are handed out, also ones that were fetched before. Throws PgError when they must not be shown any more. */
  mayShow(): void
  fetch(result: DuckDBResult): Promise<DuckDBDataChunk | null>
  /** Called once the result is read to its end, has failed, or is given up. */
  finished(): void
}

export interface EnginePortal extends Portal {
  /** Reads what is left into memory, because the connection is wanted for something else. */
  setAside(): Promise<void>
  /** Starts now what otherwise starts with the first row asked for. */
  begin(): Promise<void>
  /** For the rows from here on; as many as there are columns. */
  useFormats(formats: Format[]): void
}

export function fieldsOf(names: string[], types: WireType[]): Field[] {
  return types.map((type, index) => ({
    name: names[index] ?? "?column?",
    typeOid: type.oid,
    typeSize: type.size,
    typeModifier: type.modifier,
  }))
}

/** One format for all, or one each; none: text. */
export function formatsFor(count: number, asked: Format[]): Format[] {
  if (asked.length > 1 && asked.length !== count) {
    throw new PgError(
      "08P01",
      `bind message has ${asked.length} result formats but query has ${count} columns`,
    )
  }
  return Array.from({ length: count }, (_none, index) => (asked.length === 1 ? asked[0] : asked[index]) ?? 0)
}

function encode(
  chunk: DuckDBDataChunk,
  column: number,
  type: WireType,
  format: Format,
  from: number,
  to: number,
): EncodedColumn {
  const vector = chunk.getColumnVector(column)
  const convert = format === 1 && type.binary ? type.binary : type.text
  const out: EncodedColumn = new Array(to - from)
  for (let row = from; row < to; row++) {
    const value = vector.getItem(row)
    out[row - from] = value === null ? null : convert(value)
  }
  return out
}

function charactersOf(columns: EncodedColumn[]): number {
  let sum = 0
  for (const column of columns) for (const value of column) sum += value?.length ?? 0
  return sum
}

/** How many rows the batch after this one may have. */
function rowsAfter(columns: EncodedColumn[], rows: number, atMost: number): number {
  const fitting = Math.floor((charactersPerBatch * rows) / Math.max(1, charactersOf(columns)))
  return Math.max(1, Math.min(rowsPerBatch, fitting, atMost * 8))
}

/** What a statement yields: rows streamed from the engine, or only a count. */
export function enginePortal(
  engine: PortalEngine,
  described: { fields: Field[]; types: WireType[]; isGuess?: boolean } | undefined,
  askedFormats: Format[],
  tag: (rowsSent: number, changed: number) => string,
): EnginePortal {
  let formats = formatsFor(described?.fields.length ?? 0, askedFormats)
  let result: DuckDBResult | undefined
  let types: WireType[] = described?.types ?? []
  let chunk: DuckDBDataChunk | null = null
  let rowInChunk = 0
  let rowsAtMost = rowsInFirstBatch
  let aside: DuckDBDataChunk[] | undefined
  let broken: unknown
  let done = false
  let changed = 0

  function finish(): void {
    if (done) return
    done = true
    chunk = null
    aside = undefined
    result = undefined
    engine.finished()
  }

  async function start(): Promise<DuckDBResult> {
    const started = await engine.start()
    if (!described) return started
    const style = engine.style()
    const actual = started.columnTypes().map((type: DuckDBType) => wireTypeOf(type, style))
    const isSame = actual.every(({ oid }, index) => oid === described.types[index]?.oid)
    if (actual.length !== described.types.length || (described.isGuess && !isSame)) {
      throw new PgError("0A000", "cached plan must not change result type")
    }
    // Where the engine first learnt the type from the parameters, the text form fits whatever was announced.
    types = actual.map((type, index) =>
      type.oid === described.types[index]?.oid ? type : { ...type, binary: undefined },
    )
    return started
  }

  async function nextChunk(): Promise<DuckDBDataChunk | null> {
    if (aside) return aside.shift() ?? null
    result ??= await start()
    return engine.fetch(result)
  }

  /** A statement without rows to show still has to run to its end. */
  async function runToEnd(): Promise<undefined> {
    result = await start()
    changed = result.rowsChanged
    while ((await engine.fetch(result)) !== null);
    finish()
    return undefined
  }

  async function next(maxRows: number): Promise<RowBatch | undefined> {
    if (broken !== undefined) throw broken
    if (done) return undefined
    try {
      if (!described) return await runToEnd()
      engine.mayShow()
      while (!chunk || rowInChunk >= chunk.rowCount) {
        chunk = await nextChunk()
        rowInChunk = 0
        if (!chunk) {
          finish()
          return undefined
        }
      }
      const current = chunk
      const from = rowInChunk
      rowInChunk = Math.min(current.rowCount, from + rowsAtMost, from + maxRows)
      const columns = types.map((type, column) =>
        encode(current, column, type, formats[column] ?? 0, from, rowInChunk),
      )
      rowsAtMost = rowsAfter(columns, rowInChunk - from, rowsAtMost)
      return { rowCount: rowInChunk - from, columns }
    } catch (error) {
      // Asked again, it must not look like the end of the rows.
      broken = error
      finish()
      throw error
    }
  }

  async function setAside(): Promise<void> {
    if (done || aside || !result) return
    try {
      aside = await keptRows(result)
    } catch (error) {
      broken = error
      finish()
      throw error
    }
  }

  /** Undefined: there are too many, which is said when they are asked for. */
  async function keptRows(from: DuckDBResult): Promise<DuckDBDataChunk[] | undefined> {
    const kept: DuckDBDataChunk[] = []
    let rows = 0
    for (let more = await engine.fetch(from); more; more = await engine.fetch(from)) {
      kept.push(more)
      rows += more.rowCount
      if (rows > setAsideRowsAtMost) {
        finish()
        broken = new PgError(
          "54000",
          `more than ${setAsideRowsAtMost} rows were unread when another statement began`,
        )
        return undefined
      }
    }
    return kept
  }

  return {
    fields: described?.fields,
    get formats() {
      return formats
    },
    next,
    begin: async () => {
      result ??= await start()
    },
    useFormats: (asked) => {
      formats = asked
    },
    tag: (rowsSent) => tag(rowsSent, changed),
    close: finish,
    setAside,
  }
}

/** Rows that the port itself knows: the answer to SHOW, say. */
export function fixedPortal(
  fields: Field[] | undefined,
  run: () => Promise<{ rows: (string | null)[][]; tag: string }>,
): Portal {
  let answer: { rows: (string | null)[][]; tag: string } | undefined
  let sent = 0
  return {
    fields,
    formats: (fields ?? []).map(() => 0),
    next: async (maxRows) => {
      answer ??= await run()
      const rows = answer.rows.slice(sent, sent + Math.min(maxRows, answer.rows.length))
      sent += rows.length
      if (rows.length === 0) return undefined
      return {
        rowCount: rows.length,
        columns: (fields ?? []).map((_field, column) => rows.map((row) => row[column] ?? null)),
      }
    },
    tag: () => answer?.tag ?? "",
    close: () => {
      answer ??= { rows: [], tag: "" }
    },
  }
}
