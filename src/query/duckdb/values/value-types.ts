import {
  DuckDBArrayType,
  DuckDBArrayValue,
  type DuckDBBitValue,
  type DuckDBBlobValue,
  type DuckDBDateValue,
  DuckDBDecimalType,
  type DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  type DuckDBTimestampValue,
  type DuckDBTimeTZValue,
  type DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from "@duckdb/node-api"
import { arrayBytes } from "./array-forms.ts"
import * as binary from "./binary-forms.ts"
import { jsonText } from "./json-form.ts"
import * as text from "./text-forms.ts"
import { utcOffset, type ZoneOffset } from "./time-zones.ts"

/** How a DuckDB type looks on PostgreSQL's wire. `text` and `binary` are never given null. */
export interface WireType {
  oid: number
  /** The OID of an array of it; undefined: an array of it travels as JSON. */
  arrayOid: number | undefined
  /** Bytes; -1: variable. */
  size: number
  modifier: number
  text(value: DuckDBValue): string
  /** undefined: the text form is the binary form. */
  binary: ((value: DuckDBValue) => Uint8Array) | undefined
}

export const oids = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  varbit: 1562,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const

/** PostgreSQL's array type of each element type. */
export const arrayOids: Record<number, number> = {
  [oids.bool]: 1000,
  [oids.bytea]: 1001,
  [oids.int8]: 1016,
  [oids.oid]: 1028,
  [oids.int2]: 1005,
  [oids.int4]: 1007,
  [oids.text]: 1009,
  [oids.json]: 199,
  [oids.float4]: 1021,
  [oids.float8]: 1022,
  [oids.varchar]: 1015,
  [oids.date]: 1182,
  [oids.time]: 1183,
  [oids.timestamp]: 1115,
  [oids.timestamptz]: 1185,
  [oids.interval]: 1187,
  [oids.timetz]: 1270,
  [oids.varbit]: 1563,
  [oids.numeric]: 1231,
  [oids.uuid]: 2951,
}

/** The converter's parameter is narrower than DuckDBValue: the type id next to it says what arrives. */
function wireType<V>(
  oid: number,
  size: number,
  textOf: (value: V) => string,
  binaryOf?: (value: V) => Uint8Array,
  modifier = -1,
): WireType {
  return {
    oid,
    arrayOid: arrayOids[oid],
    size,
    modifier,
    text: (value) => textOf(value as V),
    binary: binaryOf && ((value) => binaryOf(value as V)),
  }
}

const textType = wireType<unknown>(oids.text, -1, String)
/** `character(n)`, without its padding. */
function characterType(length: number): WireType {
  return wireType<unknown>(oids.bpchar, -1, String, undefined, length + 4)
}

const jsonType = wireType<DuckDBValue>(oids.json, -1, jsonText)
/** DuckDB keeps JSON as text: it goes out as it is. */
const storedJson = wireType<unknown>(oids.json, -1, String)
const int2 = wireType<number>(oids.int2, 2, String, binary.int16Bytes)
const int4 = wireType<number>(oids.int4, 4, String, binary.int32Bytes)
const int8 = wireType<bigint>(oids.int8, 8, String, binary.int64Bytes)
const uint4 = wireType<number>(oids.int8, 8, String, (value) => binary.int64Bytes(BigInt(value)))
/** The catalogs' lists of types' OIDs: asyncpg reads `oid[]` without looking the type up, which is what it reads them for. */
const oidElement = wireType<number>(oids.oid, 4, String, (value) => binary.int32Bytes(value | 0))
const numeric = wireType<unknown>(oids.numeric, -1, String, (value) => binary.numericBytes(String(value)))

function timestampType<V>(oid: number, zone: ZoneOffset | undefined, micros: (value: V) => bigint): WireType {
  return wireType<V>(
    oid,
    8,
    (value) => text.timestampText(micros(value), zone?.(micros(value))),
    (value) => binary.timestampBytes(micros(value)),
  )
}

const infinity = 9223372036854775807n
function scaled(value: bigint, convert: (finite: bigint) => bigint): bigint {
  return value === infinity || value === -infinity ? value : convert(value)
}
/** Towards the past, as PostgreSQL truncates. */
function nanosToMicros(nanos: bigint): bigint {
  return (nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n
}
function hexText(value: DuckDBBlobValue): string {
  return `\\x${Buffer.from(value.bytes.buffer, value.bytes.byteOffset, value.bytes.length).toString("hex")}`
}

const simple: Partial<Record<DuckDBTypeId, WireType>> = {
  [DuckDBTypeId.BOOLEAN]: wireType<boolean>(
    oids.bool,
    1,
    (value) => (value ? "t" : "f"),
    (value) => Uint8Array.of(value ? 1 : 0),
  ),
  [DuckDBTypeId.TINYINT]: int2,
  [DuckDBTypeId.SMALLINT]: int2,
  [DuckDBTypeId.INTEGER]: int4,
  [DuckDBTypeId.BIGINT]: int8,
  [DuckDBTypeId.UTINYINT]: int2,
  [DuckDBTypeId.USMALLINT]: int4,
  [DuckDBTypeId.UINTEGER]: uint4,
  [DuckDBTypeId.UBIGINT]: numeric,
  [DuckDBTypeId.HUGEINT]: numeric,
  [DuckDBTypeId.UHUGEINT]: numeric,
  [DuckDBTypeId.BIGNUM]: numeric,
  [DuckDBTypeId.FLOAT]: wireType(oids.float4, 4, text.float32Text, binary.float32Bytes),
  [DuckDBTypeId.DOUBLE]: wireType(oids.float8, 8, text.float64Text, binary.float64Bytes),
  [DuckDBTypeId.DATE]: wireType<DuckDBDateValue>(
    oids.date,
    4,
    (value) => text.dateText(value.days),
    (value) => binary.dateBytes(value.days),
  ),
  [DuckDBTypeId.TIME]: wireType<DuckDBTimeValue>(
    oids.time,
    8,
    (value) => text.timeText(value.micros),
    (value) => binary.int64Bytes(value.micros),
  ),
  [DuckDBTypeId.TIME_NS]: wireType<{ nanos: bigint }>(
    oids.time,
    8,
    (value) => text.timeText(value.nanos / 1000n),
    (value) => binary.int64Bytes(value.nanos / 1000n),
  ),
  [DuckDBTypeId.TIME_TZ]: wireType<DuckDBTimeTZValue>(
    oids.timetz,
    12,
    (value) => text.timeText(value.micros) + text.offsetText(value.offset),
    (value) => Buffer.concat([binary.int64Bytes(value.micros), binary.int32Bytes(-value.offset)]),
  ),
  [DuckDBTypeId.TIMESTAMP]: timestampType<DuckDBTimestampValue>(
    oids.timestamp,
    undefined,
    (value) => value.micros,
  ),
  [DuckDBTypeId.TIMESTAMP_S]: timestampType<DuckDBTimestampSecondsValue>(oids.timestamp, undefined, (value) =>
    scaled(value.seconds, (seconds) => seconds * 1_000_000n),
  ),
  [DuckDBTypeId.TIMESTAMP_MS]: timestampType<DuckDBTimestampMillisecondsValue>(
    oids.timestamp,
    undefined,
    (value) => scaled(value.millis, (millis) => millis * 1000n),
  ),
  [DuckDBTypeId.TIMESTAMP_NS]: timestampType<DuckDBTimestampNanosecondsValue>(
    oids.timestamp,
    undefined,
    (value) => scaled(value.nanos, nanosToMicros),
  ),
  [DuckDBTypeId.INTERVAL]: wireType<DuckDBIntervalValue>(
    oids.interval,
    16,
    (value) => text.intervalText(value.months, value.days, value.micros),
    (value) => binary.intervalBytes(value.months, value.days, value.micros),
  ),
  [DuckDBTypeId.BLOB]: wireType<DuckDBBlobValue>(oids.bytea, -1, hexText, (value) => value.bytes),
  [DuckDBTypeId.UUID]: wireType<unknown>(oids.uuid, 16, String, (value) => binary.uuidBytes(String(value))),
  [DuckDBTypeId.BIT]: wireType<DuckDBBitValue>(oids.varbit, -1, String, (value) =>
    binary.bitBytes(String(value)),
  ),
  [DuckDBTypeId.STRUCT]: jsonType,
  [DuckDBTypeId.MAP]: jsonType,
  [DuckDBTypeId.UNION]: jsonType,
  [DuckDBTypeId.VARIANT]: jsonType,
  [DuckDBTypeId.VARCHAR]: textType,
  [DuckDBTypeId.ENUM]: textType,
}

function itemsOf(value: DuckDBValue): readonly DuckDBValue[] {
  return value instanceof DuckDBListValue || value instanceof DuckDBArrayValue ? value.items : []
}

function arrayText(element: WireType, value: DuckDBValue): string {
  return `{${itemsOf(value)
    .map((item) => text.arrayElementText(item === null ? null : element.text(item)))
    .join(",")}}`
}

/** PostgreSQL arrays must be rectangular, so a list of lists keeps its shape only as JSON; so does a list of structs. */
function listType(element: WireType, nested: boolean): WireType {
  const oid = nested ? undefined : element.arrayOid
  if (oid === undefined) return jsonType
  return {
    oid,
    arrayOid: undefined,
    size: -1,
    modifier: -1,
    text: (value) => arrayText(element, value),
    binary: (value) =>
      arrayBytes(
        element.oid,
        itemsOf(value).map((item) => elementBytes(element, item)),
      ),
  }
}

function elementBytes(element: WireType, item: DuckDBValue): Uint8Array | null {
  if (item === null) return null
  return element.binary ? element.binary(item) : Buffer.from(element.text(item))
}

/** What a session's settings decide of the text of a value. */
export interface TextStyle {
  /** In which instants are shown. */
  zone: ZoneOffset
  intervals: "postgres" | "iso_8601"
}

const isoInterval = wireType<DuckDBIntervalValue>(
  oids.interval,
  16,
  (value) => text.isoIntervalText(value.months, value.days, value.micros),
  (value) => binary.intervalBytes(value.months, value.days, value.micros),
)

const usualStyle: TextStyle = { zone: utcOffset, intervals: "postgres" }

export function wireTypeOf(type: DuckDBType, style: TextStyle = usualStyle): WireType {
  if (type instanceof DuckDBDecimalType)
    return { ...numeric, modifier: ((type.width << 16) | type.scale) + 4 }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const nested = type.valueType instanceof DuckDBListType || type.valueType instanceof DuckDBArrayType
    const isOids = type.valueType.typeId === DuckDBTypeId.UINTEGER
    return listType(isOids ? oidElement : wireTypeOf(type.valueType, style), nested)
  }
  if (type.typeId === DuckDBTypeId.VARCHAR && type.alias?.toUpperCase() === "JSON") return storedJson
  if (type.typeId === DuckDBTypeId.TIMESTAMP_TZ)
    return timestampType<DuckDBTimestampValue>(oids.timestamptz, style.zone, (value) => value.micros)
  if (type.typeId === DuckDBTypeId.INTERVAL && style.intervals === "iso_8601") return isoInterval
  return simple[type.typeId] ?? textType
}

/** A column's type; `characterLength`: text that clients are to take for `character(n)`. */
export function columnType(type: DuckDBType, characterLength: number | undefined): WireType {
  const isText = type.typeId === DuckDBTypeId.VARCHAR && characterLength !== undefined
  return isText ? characterType(characterLength) : wireTypeOf(type)
}
