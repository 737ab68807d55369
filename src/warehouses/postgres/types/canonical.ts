import type { Column } from "../../../domain/table.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { nativeType, unsupported } from "./native-type.ts"

/**
 * An expression: the canonical text of a column's value, as replication/contracts/comparison.ts says it must be; null for null.
 * @throws Problem `tableFailed` where there is none yet
 */
export function canonicalText({ name, type }: Column): string {
  switch (type.kind) {
    case "boolean":
    case "int16":
    case "int32":
    case "int64":
    case "text":
    case "timestamp":
      return `${quoteIdentifier(name)}::text`
    default:
      throw unsupported(type)
  }
}

/** A canonical text as a value of its column, of the column's native type. */
export function literalOf(text: string | null, { type }: Column): string {
  const native = nativeType(type)
  return text === null ? `NULL::${native}` : `${quoteLiteral(text)}::${native}`
}

/**
 * `value`, an expression of the column's native type, as one that the engine can compare, hash and index, and that is equal
 * for two values only where they are the same value: as numbers 0 and -0 are equal, as rows they are not.
 */
export function comparable(value: string, { type }: Column): string {
  switch (type.kind) {
    case "float32":
    case "float64":
    case "json":
      return `(${value}::text)`
    default:
      return value
  }
}
