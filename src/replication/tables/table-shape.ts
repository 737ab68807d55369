import type { TableSchema } from "../../domain/table.ts"

/**
 * Name and columns as one text. A failed table whose text differs from when it failed is tried at once: the change
 * may have removed the cause.
 */
export function shapeOf({ schema, name, columns }: TableSchema): string {
  return JSON.stringify([schema, name, columns.map((column) => [column.name, column.sourceType])])
}
