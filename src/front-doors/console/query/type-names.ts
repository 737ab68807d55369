import pg from "pg"

const names = new Map<number, string>(
  Object.entries(pg.types.builtins).map(([name, oid]) => [Number(oid), name.toLowerCase()]),
)

/** `_int4` and its like: arrays of the usual types, which the driver's table lacks. */
const arrays = new Map<number, string>([
  [1000, "bool[]"],
  [1005, "int2[]"],
  [1007, "int4[]"],
  [1009, "text[]"],
  [1015, "varchar[]"],
  [1016, "int8[]"],
  [1021, "float4[]"],
  [1022, "float8[]"],
  [1115, "timestamp[]"],
  [1182, "date[]"],
  [1185, "timestamptz[]"],
  [1231, "numeric[]"],
  [2951, "uuid[]"],
])

/** As PostgreSQL's catalog calls the type. */
export function typeName(oid: number): string {
  return names.get(oid) ?? arrays.get(oid) ?? `oid ${oid}`
}
