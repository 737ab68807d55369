import type { Column, ColumnType } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"

type Typed = Pick<Column, "type" | "native">

/**
 * Types of PostgreSQL's own that hold a value sent as this kind. All that are not listed under `text` are read from their binary
 * form; of those, the listed ones are read from the text that the source prints.
 */
const binaryNames: Readonly<Partial<Record<ColumnType["kind"], readonly string[]>>> = {
  int64: ["bigint", "oid", "xid", "cid"],
  timestamp: ["timestamp without time zone"],
  timestamptz: ["timestamp with time zone"],
  decimal: ["numeric", "money", "xid8"],
  json: ["json", "jsonb"],
  text: ["text", "character varying", "character", "bpchar", "name", "numeric"],
}

/**
 * Types whose values are the same in every database, so that their printed form is read back as it was. Those that name
 * something of their database (`regclass`, `aclitem`, enums, composites, types of extensions) are not among them; `xml` is not
 * because a server may have been built without it.
 */
const printedNames: ReadonlySet<string> = new Set([
  ...[
    "boolean",
    "bytea",
    "smallint",
    "integer",
    "bigint",
    "oid",
    "xid",
    "cid",
    "xid8",
    "real",
    "double precision",
  ],
  ...["numeric", "money", "text", "character varying", "character", "bpchar", "name"],
  ...["date", "timestamp without time zone", "timestamp with time zone", "interval"],
  ...["time without time zone", "time with time zone", "uuid", "json", "jsonb", "jsonpath"],
  ...[
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "bit",
    '"bit"',
    "bit varying",
    "pg_lsn",
    "tid",
    "pg_snapshot",
    "txid_snapshot",
  ],
  ...[
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "tsvector",
    "tsquery",
    "int2vector",
    "oidvector",
  ],
  ...["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"],
  ...[
    "int4multirange",
    "int8multirange",
    "nummultirange",
    "datemultirange",
    "tsmultirange",
    "tstzmultirange",
  ],
])

/** The PostgreSQL type that holds a column exactly. */
export function nativeType({ type, native }: Typed): string {
  if (native !== undefined && isHeldNatively(type, native)) return declared(native)
  switch (type.kind) {
    case "boolean":
      return "boolean"
    case "int16":
      return "smallint"
    case "int32":
      return "integer"
    case "int64":
      return "bigint"
    case "float32":
      return "real"
    case "float64":
      return "double precision"
    case "decimal":
      return `numeric(${type.precision},${type.scale})`
    case "date":
      return "date"
    case "timestamp":
      return "timestamp without time zone"
    case "timestamptz":
      return "timestamp with time zone"
    case "uuid":
      return "uuid"
    case "text":
      return "text"
    case "json":
      // jsonb would write the text anew.
      return "json"
    case "bytes":
      return "bytea"
    default:
      return unreachable(type)
  }
}

function isHeldNatively(type: ColumnType, native: string): boolean {
  const base = elementName(native)
  if (type.kind === "text") return printedNames.has(base)
  return binaryNames[type.kind]?.includes(base) === true && !isArray(native)
}

/**
 * How the server reads a column's values: from the binary form of their kind, or from the text that the source printed.
 */
export function isReadAsText(column: Typed): boolean {
  const name = nativeType(column)
  return column.type.kind === "text" && (isArray(name) || !binaryNames.text?.includes(baseName(name)))
}

/** Name of a type without its modifier: `timestamp without time zone` of `timestamp(0) without time zone`. */
export function baseName(native: string): string {
  const name = native.replace(/\([^)]*\)/, "")
  return name.startsWith("interval ") ? "interval" : name
}

export function isArray(native: string): boolean {
  return native.endsWith("[]")
}

function elementName(native: string): string {
  return baseName(isArray(native) ? native.slice(0, -2) : native)
}

/** Scales below 0 or above the precision are unknown before PostgreSQL 15; the values need no such limit. */
function declared(native: string): string {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)/.exec(native) ?? []
  const isPlain = scale === undefined || (Number(scale) >= 0 && Number(scale) <= Number(precision))
  return isPlain ? native : native.replace(/\([^)]*\)/, "")
}
