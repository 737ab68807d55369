import type { TableSchema } from "../../domain/table.ts"

/** A table whose name or columns are others than when it failed is tried at once: that may have been why. */
export function shapeOf({ schema, name, columns }: TableSchema): string {
  return JSON.stringify([schema, name, columns.map((column) => [column.name, column.sourceType])])
}
