import { putBytes } from "../../../replication/values/columns.ts"
import type { MyColumn } from "../catalog.ts"
import { putCharacters } from "./charsets.ts"
import { inflateValue } from "./compressed.ts"
import * as log from "./decode-binlog.ts"
import { putInet4, putInet6 } from "./inet.ts"
import { decimalBytes } from "./log-decimal.ts"

/** How one value lies in the log's row images. */
export interface Layout {
  /** Bytes of a value; 0: as many as a length in front of it says. */
  fixed: number
  /** Bytes of that length. */
  prefix: number
  put: log.Put
}

/** One column of the log's row images. */
export interface Field extends Layout {
  /** Index in the table's columns; -1: it is none of those that the catalog shows. */
  column: number
}

/** What a table map says of a column: the log's own number for its type, and what goes with it. */
export interface LoggedType {
  type: number
  meta: number
}

/** Types of values as the log numbers them. */
const logged = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  longlong: 8,
  int24: 9,
  date: 10,
  year: 13,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  compressedBlob: 140,
  compressedVarchar: 141,
  vector: 242,
  json: 245,
  newdecimal: 246,
  enumeration: 247,
  set: 248,
  blob: 252,
  string: 254,
  geometry: 255,
} as const

const integers: Record<number, { name: string; size: number; signed: log.Put; unsigned: log.Put }> = {
  [logged.tiny]: { name: "tinyint", size: 1, signed: log.int8, unsigned: log.uint8 },
  [logged.short]: { name: "smallint", size: 2, signed: log.int16, unsigned: log.uint16 },
  [logged.int24]: { name: "mediumint", size: 3, signed: log.int24, unsigned: log.uint24 },
  [logged.long]: { name: "int", size: 4, signed: log.int32, unsigned: log.uint32 },
  [logged.longlong]: { name: "bigint", size: 8, signed: log.int64, unsigned: log.uint64 },
}

/** The field of a column as the catalog knows it; `undefined`: the log says otherwise. */
export function fieldOf(
  column: MyColumn,
  { type, meta }: LoggedType,
  isUnsigned: boolean,
): Layout | undefined {
  if (column.isRaw) return rawField(column, type, meta)
  return integerField(column, type, isUnsigned) ?? otherField(column, type, meta)
}

/**
 * What MariaDB keeps for UNIQUE over long columns, and a generated key that MySQL does not show
 * (show_gipk_in_create_table_and_information_schema).
 */
const hiddenNames = /^(?:DB_ROW_HASH_\d+|my_row_id)$/

/** A column that the server keeps for itself and logs all the same; `undefined`: it is none of these. */
export function hiddenField(name: string, { type }: LoggedType): Field | undefined {
  if (!hiddenNames.test(name) || type !== logged.longlong) return undefined
  return { ...fixed(8, () => undefined), column: -1 }
}

const fixed = (bytes: number, put: log.Put): Layout => ({ fixed: bytes, prefix: 0, put })
const prefixed = (prefix: number, put: log.Put): Layout => ({ fixed: 0, prefix, put })

function integerField({ facts }: MyColumn, type: number, isUnsigned: boolean): Layout | undefined {
  const integer = integers[type]
  if (integer === undefined || integer.name !== facts.dataType || facts.isUnsigned !== isUnsigned)
    return undefined
  return fixed(integer.size, isUnsigned ? integer.unsigned : integer.signed)
}

const geometries =
  /^(geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon|geometrycollection|geomcollection)$/
const blobLengths: Record<string, number> = { tiny: 1, "": 2, medium: 3, long: 4 }

function otherField(column: MyColumn, type: number, meta: number): Layout | undefined {
  const { dataType, precision, scale, isZerofill } = column.facts
  const only = (name: string, field: () => Layout) => (dataType === name ? field() : undefined)
  switch (type) {
    case logged.float:
      return only("float", () => fixed(4, log.float32))
    case logged.double:
      return only("double", () => fixed(8, log.float64))
    case logged.newdecimal:
      if (meta !== precision * 256 + scale) return undefined
      return only("decimal", () => {
        const wholeDigits = isZerofill ? precision - scale : 1
        return fixed(decimalBytes(precision, scale), log.decimal(precision, scale, wholeDigits))
      })
    case logged.date:
      return only("date", () => fixed(3, log.date))
    case logged.year:
      return only("year", () => fixed(1, log.year))
    case logged.datetime2:
      return only("datetime", () => fixed(5 + log.fractionBytes(meta), log.datetime(meta)))
    case logged.timestamp2:
      return only("timestamp", () => fixed(4 + log.fractionBytes(meta), log.timestamp(meta)))
    case logged.time2:
      return only("time", () => fixed(3 + log.fractionBytes(meta), log.time(meta)))
    case logged.bit:
      return only("bit", () => fixed((meta >> 8) + ((meta & 255) > 0 ? 1 : 0), putBytes))
    case logged.json:
      return only("json", () => prefixed(meta, log.json))
    case logged.vector:
      return only("vector", () => prefixed(meta, putBytes))
    case logged.geometry:
      return geometries.test(dataType) ? prefixed(meta, putBytes) : undefined
    case logged.varchar:
      // MariaDB logs its VECTOR as VARBINARY.
      if (dataType !== "varchar" && dataType !== "varbinary" && dataType !== "vector") return undefined
      return prefixed(meta > 255 ? 2 : 1, textPut(column))
    case logged.compressedVarchar:
      if (dataType !== "varchar" && dataType !== "varbinary") return undefined
      return prefixed(meta > 255 ? 2 : 1, inflated(textPut(column)))
    case logged.blob:
      return isBlob(dataType, meta) ? prefixed(meta, textPut(column)) : undefined
    case logged.compressedBlob:
      return isBlob(dataType, meta) ? prefixed(meta, inflated(textPut(column))) : undefined
    case logged.string:
      return stringField(column, meta)
    default:
      return undefined
  }
}

/** `meta`: bytes of a value's length. */
function isBlob(dataType: string, meta: number): boolean {
  const size = /^(tiny|medium|long|)(?:blob|text)$/.exec(dataType)?.[1]
  return size !== undefined && blobLengths[size] === meta
}

function inflated(put: log.Put): log.Put {
  return (column, from, start, end) => {
    const value = inflateValue(from, start, end)
    put(column, value, 0, value.length)
  }
}

/** Where the log holds the same bytes that `CAST(… AS BINARY)` gives; `undefined`: that is not known. */
function rawField({ facts }: MyColumn, type: number, meta: number): Layout | undefined {
  switch (type) {
    case logged.varchar:
      return prefixed(meta > 255 ? 2 : 1, putBytes)
    case logged.compressedVarchar:
      return prefixed(meta > 255 ? 2 : 1, inflated(putBytes))
    case logged.blob:
    case logged.geometry:
    case logged.vector:
      return prefixed(meta, putBytes)
    case logged.compressedBlob:
      return prefixed(meta, inflated(putBytes))
    case logged.string: {
      const { kind, length } = stringKind(meta)
      if (kind !== logged.string) return undefined
      // Other types of fixed length than CHAR are filled with zero bytes.
      return prefixed(length > 255 ? 2 : 1, facts.dataType === "char" ? putBytes : log.paddedBytes(length))
    }
    default:
      return undefined
  }
}

/** What the log numbers as a string, and the bytes that it can have. */
function stringKind(meta: number): { kind: number; length: number } {
  const [high, low] = [meta >> 8, meta & 255]
  if (high === logged.enumeration || high === logged.set) return { kind: high, length: low }
  // Lengths above 255 borrow two bits of the type.
  return { kind: logged.string, length: (((high & 0x30) ^ 0x30) << 4) | low }
}

/** The log numbers all of these alike, and says in the meta data which it is and how long it can be. */
function stringField(column: MyColumn, meta: number): Layout | undefined {
  const { dataType, labels } = column.facts
  const { kind, length } = stringKind(meta)
  if (kind === logged.enumeration)
    return dataType === "enum" ? fixed(length, log.enumeration(labels, length)) : undefined
  if (kind === logged.set) return dataType === "set" ? fixed(length, log.labelSet(labels, length)) : undefined
  const prefix = length > 255 ? 2 : 1
  switch (dataType) {
    case "char":
      return prefixed(prefix, textPut(column))
    case "binary":
      return prefixed(prefix, log.paddedBytes(length))
    case "uuid":
      return prefixed(prefix, log.uuid)
    case "inet4":
      return prefixed(prefix, putInet4)
    case "inet6":
      return prefixed(prefix, putInet6)
    default:
      return undefined
  }
}

function textPut({ charset }: MyColumn): log.Put {
  if (charset === undefined) return putBytes
  return (column, from, start, end) => putCharacters(column, charset, from, start, end)
}
