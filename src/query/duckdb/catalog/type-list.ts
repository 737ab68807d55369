/** PostgreSQL's function that reads the binary form of every array. */
export const arrayReceive = 2400

/** Its names of the functions that read binary forms: `int4recv`, `date_recv`. */
export function receiveName({ name, oid }: { name: string; oid: number }): string {
  const isLater = [114, 1082, 1083, 1114, 1184, 1186, 1266, 1562, 1700, 2950, 3802].includes(oid)
  return isLater ? `${name}_recv` : `${name}recv`
}

/** The rows of pg_type that a warehouse column can have, and how PostgreSQL's format_type prints them. */
export const catalogTypes: {
  oid: number
  name: string
  shown: string
  size: number
  category: string
  arrayOid: number
  /** The OID of PostgreSQL's function that reads its binary form. */
  receive: number
}[] = [
  { oid: 16, name: "bool", shown: "boolean", size: 1, category: "B", arrayOid: 1000, receive: 2436 },
  { oid: 17, name: "bytea", shown: "bytea", size: -1, category: "U", arrayOid: 1001, receive: 2412 },
  { oid: 18, name: "char", shown: '"char"', size: 1, category: "Z", arrayOid: 1002, receive: 2434 },
  { oid: 19, name: "name", shown: "name", size: 64, category: "S", arrayOid: 1003, receive: 2422 },
  { oid: 20, name: "int8", shown: "bigint", size: 8, category: "N", arrayOid: 1016, receive: 2408 },
  { oid: 21, name: "int2", shown: "smallint", size: 2, category: "N", arrayOid: 1005, receive: 2404 },
  { oid: 23, name: "int4", shown: "integer", size: 4, category: "N", arrayOid: 1007, receive: 2406 },
  { oid: 24, name: "regproc", shown: "regproc", size: 4, category: "N", arrayOid: 1008, receive: 2444 },
  { oid: 25, name: "text", shown: "text", size: -1, category: "S", arrayOid: 1009, receive: 2414 },
  { oid: 26, name: "oid", shown: "oid", size: 4, category: "N", arrayOid: 1028, receive: 2418 },
  { oid: 114, name: "json", shown: "json", size: -1, category: "U", arrayOid: 199, receive: 323 },
  { oid: 700, name: "float4", shown: "real", size: 4, category: "N", arrayOid: 1021, receive: 2424 },
  {
    oid: 701,
    name: "float8",
    shown: "double precision",
    size: 8,
    category: "N",
    arrayOid: 1022,
    receive: 2426,
  },
  { oid: 705, name: "unknown", shown: "unknown", size: -2, category: "X", arrayOid: 0, receive: 2416 },
  { oid: 1042, name: "bpchar", shown: "character", size: -1, category: "S", arrayOid: 1014, receive: 2430 },
  {
    oid: 1043,
    name: "varchar",
    shown: "character varying",
    size: -1,
    category: "S",
    arrayOid: 1015,
    receive: 2432,
  },
  { oid: 1082, name: "date", shown: "date", size: 4, category: "D", arrayOid: 1182, receive: 2468 },
  {
    oid: 1083,
    name: "time",
    shown: "time without time zone",
    size: 8,
    category: "D",
    arrayOid: 1183,
    receive: 2470,
  },
  {
    oid: 1114,
    name: "timestamp",
    shown: "timestamp without time zone",
    size: 8,
    category: "D",
    arrayOid: 1115,
    receive: 2474,
  },
  {
    oid: 1184,
    name: "timestamptz",
    shown: "timestamp with time zone",
    size: 8,
    category: "D",
    arrayOid: 1185,
    receive: 2476,
  },
  { oid: 1186, name: "interval", shown: "interval", size: 16, category: "T", arrayOid: 1187, receive: 2478 },
  {
    oid: 1266,
    name: "timetz",
    shown: "time with time zone",
    size: 12,
    category: "D",
    arrayOid: 1270,
    receive: 2472,
  },
  { oid: 1562, name: "varbit", shown: "bit varying", size: -1, category: "V", arrayOid: 1563, receive: 2458 },
  { oid: 1700, name: "numeric", shown: "numeric", size: -1, category: "N", arrayOid: 1231, receive: 2460 },
  { oid: 2205, name: "regclass", shown: "regclass", size: 4, category: "N", arrayOid: 2210, receive: 2452 },
  { oid: 2206, name: "regtype", shown: "regtype", size: 4, category: "N", arrayOid: 2211, receive: 2454 },
  { oid: 2950, name: "uuid", shown: "uuid", size: 16, category: "U", arrayOid: 2951, receive: 2961 },
  { oid: 3802, name: "jsonb", shown: "jsonb", size: -1, category: "U", arrayOid: 3807, receive: 3805 },
]

/** DuckDB's name of a type (without its modifiers) → the OID the port sends for it. */
export const engineTypeOids: Record<string, number> = {
  BOOLEAN: 16,
  TINYINT: 21,
  SMALLINT: 21,
  INTEGER: 23,
  BIGINT: 20,
  UTINYINT: 21,
  USMALLINT: 23,
  UINTEGER: 20,
  UBIGINT: 1700,
  HUGEINT: 1700,
  UHUGEINT: 1700,
  DECIMAL: 1700,
  FLOAT: 700,
  DOUBLE: 701,
  BLOB: 17,
  DATE: 1082,
  TIME: 1083,
  "TIME WITH TIME ZONE": 1266,
  TIMESTAMP: 1114,
  TIMESTAMP_S: 1114,
  TIMESTAMP_MS: 1114,
  TIMESTAMP_NS: 1114,
  "TIMESTAMP WITH TIME ZONE": 1184,
  INTERVAL: 1186,
  UUID: 2950,
  BIT: 1562,
  JSON: 114,
  STRUCT: 114,
  MAP: 114,
  UNION: 114,
}
