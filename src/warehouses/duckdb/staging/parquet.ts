import type { ColumnType } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { type ColumnBuffer, isNarrowDecimal, type RowBuffer } from "../../../replication/values/columns.ts"
import { cryptoMetaData, type Seal } from "./parquet-seal.ts"
import {
  booleanField,
  integerField,
  integerItem,
  listField,
  newThrift,
  struct,
  structField,
  type ThriftWriter,
  textField,
  textItem,
  thriftType,
  varint,
} from "./thrift.ts"

/**
 * Writes a row buffer as a Parquet file of one row group, plain and uncompressed: the packed columns are the pages,
 * so nothing is parsed, and no value is touched twice. (Format: apache/parquet-format, PLAIN encoding, data page v1.)
 * With `seal`, pages and footer are encrypted.
 */
export function encodeParquet(names: readonly string[], rows: RowBuffer, seal?: Seal): Buffer[] {
  const begin = seal === undefined ? magic : sealedMagic
  const parts: Buffer[] = [begin]
  let offset = begin.length
  const chunks = rows.columns.map((column) => {
    const [header, levels, values] = pageOf(column, rows.rows)
    const page = seal === undefined ? [header, levels, values] : [...seal(header), ...seal(levels, values)]
    const start = offset
    for (const part of page) offset += part.length
    parts.push(...page)
    return { offset: start, bytes: offset - start }
  })
  const plain = footerOf(names, rows, chunks, offset - begin.length)
  const footer = seal === undefined ? [plain] : [cryptoMetaData, ...seal(plain)]
  const footerLength = Buffer.alloc(4)
  footerLength.writeUInt32LE(footer.reduce((sum, part) => sum + part.length, 0))
  parts.push(...footer, footerLength, begin)
  return parts
}

interface Chunk {
  offset: number
  bytes: number
}

const magic = Buffer.from("PAR1")
const sealedMagic = Buffer.from("PARE")
const encodings = { plain: 0, rle: 3 } as const
const physical = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, binary: 6, fixed: 7 } as const

function physicalType(type: ColumnType): number {
  switch (type.kind) {
    case "boolean":
      return physical.boolean
    case "int16":
    case "int32":
    case "date":
      return physical.int32
    case "int64":
    case "timestamp":
    case "timestamptz":
      return physical.int64
    case "float32":
      return physical.float
    case "float64":
      return physical.double
    case "decimal":
      return isNarrowDecimal(type) ? physical.int64 : physical.fixed
    case "uuid":
      return physical.fixed
    case "text":
    case "json":
    case "bytes":
      return physical.binary
    default:
      return unreachable(type)
  }
}

function pageOf(column: ColumnBuffer, rows: number): [Buffer, Buffer, Buffer] {
  const levels = column.nullCount === 0 ? allPresent(rows) : presence(column.nulls, rows)
  const packed = column.bytes.subarray(0, column.usedBytes)
  const values = column.type.kind === "boolean" ? bits(packed) : packed
  const bytes = levels.length + values.length
  const header = newThrift()
  struct(header, () => {
    integerField(header, 1, 0) // a data page
    integerField(header, 2, bytes)
    integerField(header, 3, bytes)
    structField(header, 5, () => {
      integerField(header, 1, rows)
      integerField(header, 2, encodings.plain)
      integerField(header, 3, encodings.rle)
      integerField(header, 4, encodings.rle)
    })
  })
  return [Buffer.from(header.bytes), levels, values]
}

/** Definition levels: one run that says "present" for every row. */
function allPresent(rows: number): Buffer {
  return levelsOf([rows * 2], Buffer.from([1]))
}

/** Definition levels: one bit a row, set where a value is present. */
function presence(nulls: Uint8Array, rows: number): Buffer {
  const groups = Math.ceil(rows / 8)
  const marks = Buffer.alloc(groups)
  for (let row = 0; row < rows; row++) {
    if (nulls[row] === 0) marks[row >> 3] = (marks[row >> 3] as number) | (1 << (row & 7))
  }
  return levelsOf([groups * 2 + 1], marks)
}

function levelsOf([runHeader]: [number], body: Buffer): Buffer {
  const header: number[] = []
  varint(header, runHeader)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length + body.length)
  return Buffer.concat([length, Buffer.from(header), body])
}

function bits(flags: Buffer): Buffer {
  const packed = Buffer.alloc(Math.ceil(flags.length / 8))
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] !== 0) packed[i >> 3] = (packed[i >> 3] as number) | (1 << (i & 7))
  }
  return packed
}

function footerOf(names: readonly string[], rows: RowBuffer, chunks: Chunk[], bytes: number): Buffer {
  const footer = newThrift()
  struct(footer, () => {
    integerField(footer, 1, 1)
    listField(footer, 2, thriftType.struct, names.length + 1)
    struct(footer, () => {
      textField(footer, 4, "rows")
      integerField(footer, 5, names.length)
    })
    rows.columns.forEach((column, index) => {
      columnSchema(footer, column.type, names[index] as string)
    })
    integerField(footer, 3, rows.rows, thriftType.int64)
    listField(footer, 4, thriftType.struct, 1)
    rowGroup(footer, names, rows, chunks, bytes)
  })
  return Buffer.from(footer.bytes)
}

function rowGroup(
  footer: ThriftWriter,
  names: readonly string[],
  rows: RowBuffer,
  chunks: Chunk[],
  bytes: number,
): void {
  struct(footer, () => {
    listField(footer, 1, thriftType.struct, names.length)
    rows.columns.forEach((column, index) => {
      struct(footer, () =>
        columnChunk(footer, column, names[index] as string, rows.rows, chunks[index] as Chunk),
      )
    })
    integerField(footer, 2, bytes, thriftType.int64)
    integerField(footer, 3, rows.rows, thriftType.int64)
  })
}

function columnChunk(
  footer: ThriftWriter,
  column: ColumnBuffer,
  name: string,
  rows: number,
  chunk: Chunk,
): void {
  integerField(footer, 2, chunk.offset, thriftType.int64)
  structField(footer, 3, () => {
    integerField(footer, 1, physicalType(column.type))
    listField(footer, 2, thriftType.int32, 2)
    integerItem(footer, encodings.plain)
    integerItem(footer, encodings.rle)
    listField(footer, 3, thriftType.binary, 1)
    textItem(footer, name)
    integerField(footer, 4, 0) // uncompressed
    integerField(footer, 5, rows, thriftType.int64)
    integerField(footer, 6, chunk.bytes, thriftType.int64)
    integerField(footer, 7, chunk.bytes, thriftType.int64)
    integerField(footer, 9, chunk.offset, thriftType.int64)
  })
}

// Field numbers of Parquet's LogicalType union, and of the older ConvertedType enum.
const logical = { timestamp: 8, uuid: 14 } as const
const converted = { utf8: 0, decimal: 5, date: 6, timestampMicros: 10, int16: 16, json: 19 } as const

function columnSchema(footer: ThriftWriter, type: ColumnType, name: string): void {
  struct(footer, () => {
    const physicalKind = physicalType(type)
    integerField(footer, 1, physicalKind)
    if (physicalKind === physical.fixed) integerField(footer, 2, 16)
    integerField(footer, 3, 1) // optional
    textField(footer, 4, name)
    annotation(footer, type)
  })
}

function annotation(footer: ThriftWriter, type: ColumnType): void {
  switch (type.kind) {
    case "int16":
      return integerField(footer, 6, converted.int16)
    case "date":
      return integerField(footer, 6, converted.date)
    case "text":
      return integerField(footer, 6, converted.utf8)
    case "json":
      return integerField(footer, 6, converted.json)
    case "decimal":
      integerField(footer, 6, converted.decimal)
      integerField(footer, 7, type.scale)
      return integerField(footer, 8, type.precision)
    case "timestamp":
      return timestamp(footer, false)
    case "timestamptz":
      integerField(footer, 6, converted.timestampMicros)
      return timestamp(footer, true)
    case "uuid":
      return structField(footer, 10, () => structField(footer, logical.uuid, nothing))
    case "boolean":
    case "int32":
    case "int64":
    case "float32":
    case "float64":
    case "bytes":
      return
    default:
      return unreachable(type)
  }
}

function timestamp(footer: ThriftWriter, utc: boolean): void {
  structField(footer, 10, () => {
    structField(footer, logical.timestamp, () => {
      booleanField(footer, 1, utc)
      structField(footer, 2, () => structField(footer, 2, nothing)) // unit: microseconds
    })
  })
}

function nothing(): void {
  // An empty struct: its presence is the information.
}
