import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type {
  EncodedColumn,
  Field,
  Format,
  Portal,
  Prepared,
  RowBatch,
} from "../../../wire/pgwire/session.ts"
import type { CopyOptions } from "./copy-out-command.ts"

const binaryStart = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)])
const binaryEnd = Buffer.from([0xff, 0xff])

/** Of a query that was prepared for nothing else: it ends with the statement. */
export function preparedCopyOut(query: Prepared, options: CopyOptions): Prepared {
  const formats: Format[] = [options.format === "binary" ? 1 : 0]
  return {
    parameterOids: query.parameterOids,
    fields: undefined,
    bind: async (values, given) => copyPortal(await query.bind(values, given, formats), options),
    close: query.close,
  }
}

/** The rows of a query as COPY sends them: each batch has one column, each entry of it is one message. */
function copyPortal(query: Portal, options: CopyOptions): Portal {
  const fields = query.fields ?? []
  const encode = encoder(fields, options)
  let rows = 0
  let stage: "start" | "rows" | "done" = "start"

  function begin(): EncodedColumn {
    stage = "rows"
    if (options.format === "binary") return [binaryStart]
    return options.header ? encode({ rowCount: 1, columns: fields.map(({ name }) => [name]) }) : []
  }

  return {
    fields: undefined,
    formats: [],
    copy: { format: options.format === "binary" ? 1 : 0, columns: fields.length },
    next: async (maxRows) => {
      if (stage === "done") return undefined
      const isFirst = stage === "start"
      const entries = isFirst ? begin() : []
      const batch = await query.next(maxRows)
      if (batch) {
        rows += batch.rowCount
        for (const entry of encode(batch)) entries.push(entry)
        if (isFirst && options.format === "binary") joinFirst(entries)
      } else {
        stage = "done"
        if (options.format === "binary") entries.push(binaryEnd)
        if (entries.length === 0) return undefined
      }
      return { rowCount: entries.length, columns: [entries] }
    },
    tag: () => `COPY ${rows}`,
    close: () => query.close(),
  }
}

/** PostgreSQL sends the head of the binary form with the first row, and clients read each message as one row. */
function joinFirst(entries: EncodedColumn): void {
  const [head, row] = entries
  if (head instanceof Uint8Array && row instanceof Uint8Array)
    entries.splice(0, 2, Buffer.concat([head, row]))
}

function encoder(fields: Field[], options: CopyOptions): (batch: RowBatch) => EncodedColumn {
  switch (options.format) {
    case "binary":
      return binaryRows
    case "text":
      return lines(
        options,
        fields.map(() => textValue(options)),
      )
    case "csv":
      return lines(options, csvValues(fields, options))
  }
}

function lines(
  options: CopyOptions,
  values: ((value: string) => string)[],
): (batch: RowBatch) => EncodedColumn {
  return ({ rowCount, columns }) => {
    const out: EncodedColumn = new Array(rowCount)
    for (let row = 0; row < rowCount; row++) {
      const parts = columns.map((column, at) => {
        const value = column[row] ?? null
        return value === null ? options.null : (values[at]?.(String(value)) ?? "")
      })
      out[row] = `${parts.join(options.delimiter)}\n`
    }
    return out
  }
}

const escapes: Record<string, string> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
}

function textValue({ delimiter }: CopyOptions): (value: string) => string {
  return (value) =>
    value
      .replace(/[\b\f\n\r\t\v\\]/g, (character) => escapes[character] ?? character)
      .replaceAll(delimiter, delimiter === "\t" ? delimiter : `\\${delimiter}`)
}

function csvValues(fields: Field[], options: CopyOptions): ((value: string) => string)[] {
  const { quote, escape: before, delimiter, forceQuote } = options
  if (Array.isArray(forceQuote)) {
    const unknown = forceQuote.find((name) => !fields.some((field) => field.name === name))
    if (unknown !== undefined) throw new PgError("42703", `FORCE_QUOTE column "${unknown}" is not copied`)
  }
  const quoted = (value: string) => {
    const inner = before === quote ? value : value.replaceAll(before, before + before)
    return quote + inner.replaceAll(quote, before + quote) + quote
  }
  const mustQuote = (value: string) =>
    value === options.null ||
    value === "\\." ||
    value.includes(delimiter) ||
    value.includes(quote) ||
    /[\r\n]/.test(value)
  return fields.map(({ name }) => {
    const always = forceQuote === "all" || forceQuote?.includes(name) === true
    return (value) => (always || mustQuote(value) ? quoted(value) : value)
  })
}

function binaryRows({ rowCount, columns }: RowBatch): EncodedColumn {
  return Array.from({ length: rowCount }, (_none, row) => {
    const parts: Uint8Array[] = [Buffer.from([columns.length >> 8, columns.length & 255])]
    for (const column of columns) {
      const value = column[row] ?? null
      const bytes = typeof value === "string" ? Buffer.from(value) : value
      const length = Buffer.alloc(4)
      length.writeInt32BE(bytes?.length ?? -1)
      parts.push(length)
      if (bytes) parts.push(bytes)
    }
    return Buffer.concat(parts)
  })
}
