import type { ColumnType } from "../../../domain/table.ts"
import { uuid } from "../../../replication/values/hex-text.ts"
import * as numbers from "../../../replication/values/number-text.ts"
import type { Decoder } from "./decode-binary.ts"
import * as binary from "./decode-binary.ts"
import * as text from "./decode-text.ts"

/** How a PostgreSQL type travels. */
export interface TypeMapping {
  type: ColumnType
  /** Decodes the text form, which the stream uses where a table has a column without `fromBinary`. */
  fromText: Decoder
  /** Decodes the binary form; `undefined`: the server is asked for the text form. */
  fromBinary: Decoder | undefined
}

/** What the catalog says of a column's type, domains already followed to what they rest on. */
export interface TypeFacts {
  oid: number
  modifier: number
  /** For arrays: the oid of the element's type (domains followed), and its delimiter. */
  element: { oid: number; delimiter: string } | undefined
  /** Only where the destination has PostgreSQL's types: the column's type there. */
  native?: string
}

/** Holds every value of every type. */
export const asText: TypeMapping = { type: { kind: "text" }, fromText: text.text, fromBinary: undefined }
const plainText: TypeMapping = { ...asText, fromBinary: binary.bytes }
const wideInteger: TypeMapping = {
  type: { kind: "int64" },
  fromText: numbers.int64,
  fromBinary: binary.uint32,
}

function mapping(type: ColumnType, fromText: Decoder, fromBinary: Decoder | undefined): TypeMapping {
  return { type, fromText, fromBinary }
}

// Oids from PostgreSQL's pg_type.dat; they never change. docs/replication/postgres-types.md shows this table.
const byOid: ReadonlyMap<number, TypeMapping> = new Map([
  [16, mapping({ kind: "boolean" }, text.boolean, binary.boolean)], // bool
  [17, mapping({ kind: "bytes" }, text.bytea, binary.bytes)], // bytea
  [20, mapping({ kind: "int64" }, numbers.int64, binary.int64)], // int8
  [21, mapping({ kind: "int16" }, numbers.int32, binary.int16)], // int2
  [23, mapping({ kind: "int32" }, numbers.int32, binary.int32)], // int4
  [25, plainText], // text
  [26, wideInteger], // oid
  [28, wideInteger], // xid
  [29, wideInteger], // cid
  [114, mapping({ kind: "json" }, text.text, binary.bytes)], // json
  [700, mapping({ kind: "float32" }, numbers.float32, binary.float32)], // float4
  [701, mapping({ kind: "float64" }, numbers.float64, binary.float64)], // float8
  [790, mapping({ kind: "decimal", precision: 20, scale: 3 }, text.money, undefined)], // money
  [1042, plainText], // bpchar
  [1043, plainText], // varchar
  [1082, mapping({ kind: "date" }, text.date, binary.date)], // date
  [1114, mapping({ kind: "timestamp" }, text.timestamp, binary.timestamp)], // timestamp
  [1184, mapping({ kind: "timestamptz" }, text.timestamp, binary.timestamp)], // timestamptz
  [2950, mapping({ kind: "uuid" }, uuid, binary.uuid)], // uuid
  [3802, mapping({ kind: "json" }, text.text, binary.jsonb)], // jsonb
  [5069, mapping({ kind: "decimal", precision: 20, scale: 0 }, text.numeric(0), undefined)], // xid8
])

const numericOid = 1700
const maxPrecision = 38
const numberOids = new Set([20, 21, 23, 26, 700, 701, numericOid])
const jsonOids = new Set([114, 3802])

/** int2vector and oidvector: arrays by their category, but not by their text form. */
const vectorOids = new Set([22, 30])
const vector = mapping({ kind: "json" }, text.vector, undefined)

/** The types that have a partner of their own: the page of types must name them. */
export function mappedOids(): number[] {
  return [...byOid.keys(), numericOid, ...vectorOids]
}

/** Types without an exact partner keep their text form. */
export function mapType(facts: TypeFacts): TypeMapping {
  // An array's own text has what JSON has no place for: its bounds.
  if (facts.native !== undefined && (vectorOids.has(facts.oid) || facts.element !== undefined)) return asText
  if (vectorOids.has(facts.oid)) return vector
  if (facts.element !== undefined) return arrayMapping(facts.element)
  if (facts.oid === numericOid) return numericMapping(facts.modifier)
  return byOid.get(facts.oid) ?? asText
}

function arrayMapping(element: { oid: number; delimiter: string }): TypeMapping {
  const form = numberOids.has(element.oid)
    ? "number"
    : element.oid === 16
      ? "boolean"
      : jsonOids.has(element.oid)
        ? "json"
        : "text"
  return mapping({ kind: "json" }, text.array(form, element.delimiter), undefined)
}

/** A numeric's modifier holds precision and scale (11 bits, signed) above an offset of 4. */
function numericMapping(modifier: number): TypeMapping {
  if (modifier < 4) return asText
  const precision = ((modifier - 4) >> 16) & 0xffff
  const scale = ((modifier - 4) << 21) >> 21
  if (precision > maxPrecision || scale < 0 || scale > precision) return asText
  return mapping({ kind: "decimal", precision, scale }, text.numeric(scale), binary.numeric(scale))
}
