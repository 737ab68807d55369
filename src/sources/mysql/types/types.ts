import type { ColumnType } from "../../../domain/table.ts"
import { uuid } from "../../../replication/values/hex-text.ts"
import type { Decoder } from "../../../replication/values/number-text.ts"
import * as numbers from "../../../replication/values/number-text.ts"
import * as text from "./decode-text.ts"

/** What the catalog says of a column's type. */
export interface TypeFacts {
  /** `int`, `varchar`, … without anything behind it. */
  dataType: string
  isUnsigned: boolean
  precision: number
  scale: number
  /** Only of text; `undefined`: none, or bytes. */
  charset: string | undefined
  /** Of ENUM and SET. */
  labels: string[]
  /** Bytes that a value can have, of CHAR, BINARY and their like. */
  octets: number
  /** A text that the server holds to be JSON. */
  isJson: boolean
  /** Printed with zeroes in front. */
  isZerofill: boolean
}

export interface TypeMapping {
  type: ColumnType
  /** Decodes the text form, which snapshots use. */
  fromText: Decoder
}

export const asText: TypeMapping = { type: { kind: "text" }, fromText: text.text }
export const asBytes: TypeMapping = { type: { kind: "bytes" }, fromText: text.bytes }
const int16: TypeMapping = { type: { kind: "int16" }, fromText: numbers.int32 }
const int32: TypeMapping = { type: { kind: "int32" }, fromText: numbers.int32 }
const int64: TypeMapping = { type: { kind: "int64" }, fromText: numbers.int64 }
const date: TypeMapping = { type: { kind: "date" }, fromText: text.date }
const timestamp: TypeMapping = { type: { kind: "timestamp" }, fromText: text.timestamp }
const maxPrecision = 38

function decimal(precision: number, scale: number): TypeMapping {
  return { type: { kind: "decimal", precision, scale }, fromText: text.decimal }
}

const signed: Record<string, TypeMapping> = {
  tinyint: int16,
  smallint: int16,
  mediumint: int32,
  int: int32,
  bigint: int64,
}

const unsigned: Record<string, TypeMapping> = {
  tinyint: int16,
  smallint: int32,
  mediumint: int32,
  int: int64,
  bigint: decimal(20, 0),
}

const others: Record<string, TypeMapping> = {
  float: { type: { kind: "float32" }, fromText: numbers.float32 },
  double: { type: { kind: "float64" }, fromText: numbers.float64 },
  time: asText,
  year: asText,
  char: asText,
  varchar: asText,
  tinytext: asText,
  text: asText,
  mediumtext: asText,
  longtext: asText,
  enum: asText,
  set: asText,
  json: { type: { kind: "json" }, fromText: text.text },
  bit: asBytes,
  binary: asBytes,
  varbinary: asBytes,
  tinyblob: asBytes,
  blob: asBytes,
  mediumblob: asBytes,
  longblob: asBytes,
  vector: asBytes,
  uuid: { type: { kind: "uuid" }, fromText: uuid },
  inet4: asText,
  inet6: asText,
  geometry: asBytes,
  point: asBytes,
  linestring: asBytes,
  polygon: asBytes,
  multipoint: asBytes,
  multilinestring: asBytes,
  multipolygon: asBytes,
  geometrycollection: asBytes,
  geomcollection: asBytes,
}

/** The types that have a partner: the page of types must name them. */
export function mappedTypes(): string[] {
  return [...Object.keys(signed), ...Object.keys(others), "decimal", "date", "datetime", "timestamp"]
}

/** `undefined`: not known here. */
export function mapType(facts: TypeFacts): TypeMapping | undefined {
  if (facts.isJson) return others.json
  switch (facts.dataType) {
    case "decimal":
      return facts.precision <= maxPrecision ? decimal(facts.precision, facts.scale) : asText
    case "date":
      return date
    case "datetime":
    case "timestamp":
      return timestamp
    default:
      return (facts.isUnsigned ? unsigned : signed)[facts.dataType] ?? others[facts.dataType]
  }
}
