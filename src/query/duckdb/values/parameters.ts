import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListValue,
  type DuckDBPreparedStatement,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  HUGEINT,
  INTEGER,
  LIST,
  VARCHAR,
} from "@duckdb/node-api"
import { ownValue } from "../../../domain/own-value.ts"
import { decodeUtf8 } from "../../../wire/pgwire/frontend-messages.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Format } from "../../../wire/pgwire/session.ts"
import { arrayElements } from "./array-forms.ts"
import { parseArrayLiteral } from "./array-literal.ts"
import { bitText, epochDaysTo2000, epochMicrosTo2000, numericText } from "./binary-forms.ts"
import { dateText, offsetText, timestampText, timeText } from "./text-forms.ts"
import { arrayOids, oids, wireTypeOf } from "./value-types.ts"

export interface Parameter {
  oid: number
}

/** A value ready to bind, or text that the engine itself must read as `castTo` first. */
export type BoundValue =
  | { kind: "null" }
  | { kind: "value"; value: DuckDBValue; type: DuckDBType }
  | { kind: "cast"; value: DuckDBValue; type: DuckDBType; castTo: string }

const oidCast = /\$(\d{1,5})\s*::\s*(?:pg_catalog\s*\.\s*)?oid\b(\s*\[)?/gi

/**
 * The types that a client declared, and `oid` where it casts to that: the engine has no such type, and asyncpg looks up each type
 * it does not know with a parameter `$1::oid[]`, whose type it must know.
 */
export function declaredTypes(sql: string, declared: readonly number[]): number[] {
  const types = [...declared]
  for (const [, number, bracket] of sql.matchAll(oidCast)) {
    const at = Number(number) - 1
    if (at < 0) continue
    while (types.length <= at) types.push(0)
    types[at] ||= bracket === undefined ? oids.oid : (arrayOids[oids.oid] ?? 0)
  }
  return types
}

/** `$1`, `$2`, … in the client's order, with the types it declared or the engine found. `ours`: how many behind them are not the client's. */
export function parametersOf(
  prepared: DuckDBPreparedStatement,
  declared: number[],
  ours: number,
): Parameter[] {
  return Array.from({ length: prepared.parameterCount - ours }, (_none, index) => {
    const own = declared[index] ?? 0
    if (own !== 0) return { oid: own }
    const isTyped = prepared.parameterTypeId(index + 1) !== DuckDBTypeId.INVALID
    return { oid: isTyped ? wireTypeOf(prepared.parameterType(index + 1)).oid : oids.text }
  })
}

function invalid(type: string, text: string): PgError {
  return new PgError("22P02", `invalid input syntax for type ${type}: "${text}"`)
}

/** Digits of the largest integer, with room for a sign; more take the square of their number to read. */
const integerDigitsAtMost = 40

function integerValue(text: string, type: string): BoundValue {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw invalid(type, text)
  const digits = text.trim().replace(/^([+-]?)0+(?=\d)/, "$1")
  if (digits.length > integerDigitsAtMost)
    throw new PgError("22003", `value "${text}" is out of range for type ${type}`)
  const value = BigInt(digits.replace(/^\+/, ""))
  const fits = (bits: bigint) => BigInt.asIntN(Number(bits), value) === value
  if (fits(32n)) return { kind: "value", value: Number(value), type: INTEGER }
  if (fits(64n)) return { kind: "value", value, type: BIGINT }
  if (fits(128n)) return { kind: "value", value, type: HUGEINT }
  throw new PgError("22003", `value "${text}" is out of range for type ${type}`)
}

function floatValue(text: string): BoundValue {
  const trimmed = text.trim()
  const named: Record<string, number> = {
    nan: Number.NaN,
    infinity: Infinity,
    "-infinity": -Infinity,
    inf: Infinity,
  }
  const value = ownValue(named, trimmed.toLowerCase()) ?? Number(trimmed)
  if (trimmed === "" || (Number.isNaN(value) && trimmed.toLowerCase() !== "nan"))
    throw invalid("double precision", text)
  return { kind: "value", value, type: DOUBLE }
}

/** As many digits as the text has: rounding to the column's scale would change what is compared. */
function numericValue(text: string): BoundValue {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(text)
  const [, sign = "", whole = "", fraction = ""] = match ?? []
  if (!match || whole + fraction === "" || (whole + fraction).length > 38) return floatValue(text)
  const value = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n)
  const width = Math.max((whole + fraction).length, 1)
  return {
    kind: "value",
    value: new DuckDBDecimalValue(value, width, fraction.length),
    type: new DuckDBDecimalType(width, fraction.length),
  }
}

function booleanValue(text: string): BoundValue {
  const word = text.trim().toLowerCase()
  if (["t", "true", "y", "yes", "on", "1"].includes(word))
    return { kind: "value", value: true, type: BOOLEAN }
  if (["f", "false", "n", "no", "off", "0"].includes(word))
    return { kind: "value", value: false, type: BOOLEAN }
  throw invalid("boolean", text)
}

function blobValue(bytes: Uint8Array): BoundValue {
  return { kind: "value", value: new DuckDBBlobValue(bytes), type: BLOB }
}

function byteaValue(text: string): BoundValue {
  if (/^\\x([0-9a-f]{2})*$/i.test(text)) return blobValue(Buffer.from(text.slice(2), "hex"))
  if (text.startsWith("\\x")) throw invalid("bytea", text)
  const bytes = text.replace(/\\(\\|[0-3][0-7]{2})/g, (_all, escaped: string) =>
    escaped === "\\" ? "\\" : String.fromCharCode(Number.parseInt(escaped, 8)),
  )
  return blobValue(Buffer.from(bytes, "latin1"))
}

/** Types whose text the engine reads as PostgreSQL writes it. */
const engineRead: Record<number, string> = {
  [oids.date]: "DATE",
  [oids.time]: "TIME",
  [oids.timetz]: "TIMETZ",
  [oids.timestamp]: "TIMESTAMP",
  [oids.timestamptz]: "TIMESTAMPTZ",
  [oids.interval]: "INTERVAL",
  [oids.uuid]: "UUID",
  [oids.varbit]: "BIT",
}

const elementTypes: Record<number, string> = {
  ...engineRead,
  [oids.bool]: "BOOLEAN",
  [oids.int2]: "SMALLINT",
  [oids.int4]: "INTEGER",
  [oids.int8]: "BIGINT",
  [oids.oid]: "BIGINT",
  [oids.float4]: "FLOAT",
  [oids.float8]: "DOUBLE",
  [oids.numeric]: "DECIMAL(38,10)",
}
const elementOids = new Map(Object.entries(arrayOids).map(([element, array]) => [array, Number(element)]))

/** The engine's name of a type that clients declare; undefined: it is read as text. */
export function engineTypeOf(oid: number): string | undefined {
  const element = elementOids.get(oid)
  if (element !== undefined) return `${elementTypes[element] ?? "VARCHAR"}[]`
  return elementTypes[oid]
}

function arrayValue(text: string, oid: number): BoundValue {
  return arrayOf(parseArrayLiteral(text), oid)
}

function arrayOf(items: (string | null)[], oid: number): BoundValue {
  const castTo = engineTypeOf(oid) ?? "VARCHAR[]"
  // The engine would round 1.5 to a whole number; PostgreSQL refuses it.
  const odd =
    /^(SMALLINT|INTEGER|BIGINT)/.test(castTo) &&
    items.find((item) => item !== null && !/^\s*[+-]?\d+\s*$/.test(item))
  if (typeof odd === "string") throw invalid(castTo.toLowerCase().replace("[]", ""), odd)
  return { kind: "cast", value: new DuckDBListValue(items), type: LIST(VARCHAR), castTo }
}

function fromText(text: string, parameter: Parameter): BoundValue {
  if (elementOids.has(parameter.oid)) return arrayValue(text, parameter.oid)
  switch (parameter.oid) {
    case oids.bool:
      return booleanValue(text)
    case oids.int2:
      return integerValue(text, "smallint")
    case oids.int4:
      return integerValue(text, "integer")
    case oids.int8:
    case oids.oid:
      return integerValue(text, "bigint")
    case oids.float4:
    case oids.float8:
      return floatValue(text)
    case oids.numeric:
      return numericValue(text)
    case oids.bytea:
      return byteaValue(text)
    default: {
      const castTo = engineRead[parameter.oid]
      const value = { value: text, type: VARCHAR } as const
      return castTo === undefined ? { kind: "value", ...value } : { kind: "cast", ...value, castTo }
    }
  }
}

function expectBytes(bytes: Buffer, length: number): Buffer {
  if (bytes.length === length) return bytes
  throw new PgError("22P03", `incorrect binary data format: ${bytes.length} bytes where ${length} are due`)
}

/** The binary form as text, which the rest then reads the usual way. */
function binaryToText(bytes: Buffer, oid: number): string {
  switch (oid) {
    case oids.bool:
      return expectBytes(bytes, 1)[0] === 0 ? "f" : "t"
    case oids.int2:
      return String(expectBytes(bytes, 2).readInt16BE())
    case oids.int4:
      return String(expectBytes(bytes, 4).readInt32BE())
    case oids.oid:
      return String(expectBytes(bytes, 4).readUInt32BE())
    case oids.int8:
      return String(expectBytes(bytes, 8).readBigInt64BE())
    case oids.float4:
      return String(expectBytes(bytes, 4).readFloatBE())
    case oids.float8:
      return String(expectBytes(bytes, 8).readDoubleBE())
    case oids.numeric:
      return numericText(bytes)
    case oids.date:
      return dateText(expectBytes(bytes, 4).readInt32BE() + epochDaysTo2000)
    case oids.time:
      return timeText(expectBytes(bytes, 8).readBigInt64BE())
    case oids.timestamp:
      return timestampText(expectBytes(bytes, 8).readBigInt64BE() + epochMicrosTo2000)
    case oids.timestamptz:
      return timestampText(expectBytes(bytes, 8).readBigInt64BE() + epochMicrosTo2000, 0)
    case oids.uuid:
      return expectBytes(bytes, 16)
        .toString("hex")
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
    case oids.timetz:
      return timetzText(expectBytes(bytes, 12))
    case oids.interval:
      return intervalParameter(expectBytes(bytes, 16))
    case oids.varbit:
      return bitText(bytes)
    case oids.jsonb:
      return decodeUtf8(bytes.subarray(1))
    case oids.text:
    case oids.varchar:
    case oids.bpchar:
    case oids.unknown:
    case oids.json:
      return decodeUtf8(bytes)
    default:
      throw new PgError("0A000", `binary parameters of type ${oid} are not supported; send text`)
  }
}

function timetzText(bytes: Buffer): string {
  return timeText(bytes.readBigInt64BE()) + offsetText(-bytes.readInt32BE(8))
}

/** In words that the engine reads too, with the sign at each. */
function intervalParameter(bytes: Buffer): string {
  return `${bytes.readInt32BE(12)} months ${bytes.readInt32BE(8)} days ${bytes.readBigInt64BE()} microseconds`
}

function arrayFromBinary(bytes: Buffer, oid: number): BoundValue {
  const { elementOid, items } = arrayElements(bytes)
  const texts = items.map((item) => (item === null ? null : binaryToText(item, elementOid)))
  return arrayOf(texts, oid)
}

/** One parameter as it came. Throws 22P02 and its kin on a malformed value. */
function readParameter(bytes: Uint8Array | null, format: Format, parameter: Parameter): BoundValue {
  if (bytes === null) return { kind: "null" }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (format === 0) return fromText(decodeUtf8(buffer), parameter)
  // Drivers send bytes for a parameter whose type they were not told.
  if (parameter.oid === oids.bytea) return blobValue(Buffer.from(buffer))
  if (elementOids.has(parameter.oid)) return arrayFromBinary(buffer, parameter.oid)
  return fromText(binaryToText(buffer, parameter.oid), parameter)
}

/** The values of a Bind message. Throws 08P01 when there are not as many as parameters. */
export function readParameters(
  parameters: Parameter[],
  values: (Uint8Array | null)[],
  formats: Format[],
): BoundValue[] {
  if (values.length !== parameters.length) {
    throw new PgError(
      "08P01",
      `bind message supplies ${values.length} parameters, but ${parameters.length} are required`,
    )
  }
  return parameters.map((parameter, index) => {
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0
    return readParameter(values[index] ?? null, format, parameter)
  })
}
