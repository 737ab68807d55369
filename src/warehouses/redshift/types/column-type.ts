import type { ColumnType } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"

/** The longest VARCHAR, in bytes of UTF-8. (Source: Redshift's documentation, "Character types".) */
export const longestTextBytes = 65_535
/** The longest VARBYTE, and the largest SUPER value. */
export const longestBinaryBytes = 16_777_216
/** The engine's DECIMAL has 38 digits, of which at most 37 behind the point. */
const mostScale = 37

/** The engine's type for a column: the cloud's own zero-ETL maps each kind so. */
export function columnType(type: ColumnType): string {
  switch (type.kind) {
    case "boolean":
      return "BOOLEAN"
    case "int16":
      return "SMALLINT"
    case "int32":
      return "INTEGER"
    case "int64":
      return "BIGINT"
    case "float32":
      return "REAL"
    case "float64":
      return "DOUBLE PRECISION"
    case "decimal":
      return type.scale > mostScale ? "VARCHAR(64)" : `DECIMAL(${type.precision}, ${type.scale})`
    case "date":
      return "DATE"
    case "timestamp":
      return "TIMESTAMP"
    case "timestamptz":
      return "TIMESTAMPTZ"
    case "uuid":
      return "VARCHAR(36)"
    case "text":
      return `VARCHAR(${longestTextBytes})`
    case "json":
      return "SUPER"
    case "bytes":
      return `VARBYTE(${longestBinaryBytes})`
    default:
      return unreachable(type)
  }
}
