import { Problem } from "../../../domain/problems.ts"
import type { ColumnType } from "../../../domain/table.ts"

/** The PostgreSQL type that holds a column exactly, as DDL writes it. @throws Problem `tableFailed` where there is none yet */
export function nativeType(type: ColumnType): string {
  switch (type.kind) {
    case "boolean":
      return "boolean"
    case "int16":
      return "smallint"
    case "int32":
      return "integer"
    case "int64":
      return "bigint"
    case "text":
      return "text"
    case "timestamp":
      return "timestamp without time zone"
    default:
      throw unsupported(type)
  }
}

export function unsupported({ kind }: ColumnType): Problem {
  return new Problem("tableFailed", `The warehouse cannot hold columns of type ${kind} yet.`)
}
