/** Bytes of an object into records: CSV with a header, JSON Lines (or arrays), Parquet; plain, gzip or zstd. Told apart by their beginning. */
import { type CopyOptions, usualCopyOptions } from "../../../domain/copy.ts"
import { decompressed } from "../../../loading/decompress.ts"
import { delimitedReader } from "../../../loading/delimited-reader.ts"
import { newScannedRecord, scanRecord } from "../../../loading/delimited-scanner.ts"
import { jsonReader } from "../../../loading/json-reader.ts"
import { elementsOf } from "../../../loading/json-text.ts"
import type { ParquetReader } from "../../../loading/parquet-file.ts"
import { LoadFailure, type RecordReader, rowBytesAtMost } from "../../../loading/record-reader.ts"
import type { RowWriter } from "../../../loading/row-writer.ts"
import { type FlowRecord, putField } from "../tasks/record.ts"
import type { Gathering } from "./pieces.ts"

type Compression = CopyOptions["compression"]
type Format = "csv" | "json" | "parquet"

/**
 * Reads one object to its end into `to`, where it was begun.
 *
 * @throws LoadFailure: it is damaged; Problem
 */
export async function readObjectBody(
  body: AsyncIterable<Buffer>,
  to: Gathering,
  parquet: ParquetReader,
): Promise<void> {
  const counted = counting(body, to)
  const raw = await withBeginning(counted)
  const compression = compressionOf(raw.beginning)
  const plain = compression === "none" ? raw : await withBeginning(decompressed(raw.body, compression))
  const format = formatOf(plain.beginning)
  if (format === "parquet") return await readParquet(plain.body, to, parquet)
  const reader = format === "json" ? jsonRecords(to) : csvRecords(to)
  for await (const chunk of plain.body) {
    for (const part of partsOf(chunk)) {
      reader.push(part)
      await to.settle()
    }
  }
  reader.end()
  await to.settle()
}

async function* counting(body: AsyncIterable<Buffer>, to: Gathering): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    to.bytes(chunk.length)
    yield chunk
  }
}

/** A small object comes as one chunk: its records need not all be in memory. */
const partBytes = 64 * 1_024

function* partsOf(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length; at += partBytes) yield chunk.subarray(at, at + partBytes)
}

/** Enough to tell formats apart, of a file that has so much. */
const beginningBytes = 16

async function withBeginning(
  body: AsyncIterable<Buffer>,
): Promise<{ beginning: Buffer; body: AsyncGenerator<Buffer> }> {
  const chunks = body[Symbol.asyncIterator]()
  let beginning: Buffer = Buffer.alloc(0)
  while (beginning.length < beginningBytes) {
    const { done, value } = await chunks.next()
    if (done === true) break
    beginning = Buffer.concat([beginning, value])
  }
  return { beginning, body: joined(beginning, chunks) }
}

async function* joined(beginning: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (beginning.length > 0) yield beginning
  try {
    for (;;) {
      const { done, value } = await rest.next()
      if (done === true) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

function compressionOf(beginning: Buffer): Compression {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) return "gzip"
  return beginning.length >= 4 && beginning.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : "none"
}

function formatOf(beginning: Buffer): Format {
  const text = beginning.toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "")
  if (text.startsWith("PAR1")) return "parquet"
  return /^\s*[{[]/.test(text) ? "json" : "csv"
}

const jsonOptions: CopyOptions = { ...usualCopyOptions, format: { kind: "jsonWhole" } }

function jsonRecords(to: Gathering): RecordReader {
  const reader = jsonReader(
    { kind: "whole" },
    [true],
    jsonOptions,
    rowsInto(to, 1, (text) => {
      // An array of objects is as many records.
      const texts = text.startsWith("[") ? elementsOf(text) : [text]
      for (const one of texts) to.record({ kind: "json", text: one })
    }),
  )
  let isBeginning = true
  return {
    push(chunk) {
      const hasMark = isBeginning && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
      isBeginning = false
      reader.push(hasMark ? chunk.subarray(3) : chunk)
    },
    end: () => reader.end(),
  }
}

/** A writer of rows of one text. */
function rowsInto(to: Gathering, width: number, row: (text: string) => void): RowWriter {
  let text = ""
  return {
    width,
    putText: (_field, value) => {
      text = value
    },
    putBytes: (_field, from, start, end) => {
      text = from.toString("utf8", start, end)
    },
    putNull: () => undefined,
    endRow: () => row(text),
    reject: ({ line, reason, rawLine }) =>
      to.unreadable({ text: rawLine, message: `Line ${line}: ${reason}` }),
  }
}

const csvFormat = { kind: "csv", delimiter: ",", quote: '"' } as const
const csvOptions: CopyOptions = {
  ...usualCopyOptions,
  format: csvFormat,
  ignoreHeader: 1,
  ignoreBlankLines: true,
  // A field of nothing is absent; "" is a text.
  nullAs: "",
  fillRecord: true,
}

/** The first record names the fields. */
function csvRecords(to: Gathering): RecordReader {
  let beginning: Buffer = Buffer.alloc(0)
  let reader: RecordReader | undefined
  const begin = (isLast: boolean) => {
    const names = headerOf({ buffer: beginning, isLast })
    if (names === undefined) return
    reader = delimitedReader(csvFormat, csvOptions, fieldsInto(to, names))
    reader.push(beginning)
    beginning = Buffer.alloc(0)
  }
  return {
    push(chunk) {
      if (reader !== undefined) return reader.push(chunk)
      beginning = Buffer.concat([beginning, chunk])
      begin(false)
      if (reader === undefined && beginning.length > rowBytesAtMost)
        throw new LoadFailure(0, "The header is longer than 4 MB, or a quote in it is not closed", 1)
    },
    end() {
      if (reader === undefined && beginning.length > 0) begin(true)
      reader?.end()
    },
  }
}

const csvForm = { delimiter: 0x2c, quotes: [0x22], isQuoteDoubled: true, hasEscapes: false }

/** `undefined`: its end has not come yet. */
function headerOf({ buffer, isLast }: { buffer: Buffer; isLast: boolean }): string[] | undefined {
  const start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
  const record = newScannedRecord()
  if (!scanRecord(buffer, start, isLast, csvForm, record)) return undefined
  if (record.isBroken) throw new LoadFailure(0, "The header has a quote where none may be", 1)
  return Array.from({ length: record.count }, (_, index) =>
    buffer.toString("utf8", record.starts[index], record.ends[index]).replaceAll('""', '"').trim(),
  )
}

function fieldsInto(to: Gathering, names: readonly string[]): RowWriter {
  let fields: FlowRecord = {}
  const nameOf = (field: number) => names[field] ?? ""
  return {
    width: names.length,
    putText: (field, text) => putField(fields, nameOf(field), text),
    putBytes: (field, from, start, end) => putField(fields, nameOf(field), from.toString("utf8", start, end)),
    putNull: () => undefined,
    endRow() {
      to.record({ kind: "fields", fields })
      fields = {}
    },
    reject({ line, reason, rawLine }) {
      fields = {}
      to.unreadable({ text: rawLine, message: `Line ${line}: ${reason}` })
    },
  }
}

async function readParquet(
  body: AsyncIterable<Buffer>,
  to: Gathering,
  parquet: ParquetReader,
): Promise<void> {
  await parquet(
    body,
    () => false,
    async ({ names, pieces }) => {
      for await (const piece of pieces) {
        for (const row of piece) {
          const fields: FlowRecord = {}
          for (const [index, text] of row.entries())
            if (text !== null) putField(fields, names[index] ?? "", text)
          to.record({ kind: "fields", fields })
        }
        await to.settle()
      }
    },
  )
}
