import { type PgColumn, type PgTable, placeholderColumn } from "../catalog/catalog.ts"
import { quoteIdentifier } from "../client.ts"

/**
 * A column's value as text, as the stream prints it, where a cast to text says it otherwise: an inet without a mask gets
 * one. (IS NOT NULL would take a composite value with a null in it for one.)
 */
export function printedForm({ name, castsOtherwise }: Pick<PgColumn, "name" | "castsOtherwise">): string {
  const column = quoteIdentifier(name)
  return castsOtherwise
    ? `CASE WHEN ${column} IS DISTINCT FROM NULL THEN concat(${column}) END`
    : `${column}::text`
}

/** The table as a query names it: a root with its partitions, any other without tables that inherit from it. */
export function placeOf({ partitioned, isBare, schema }: PgTable): string {
  const place = `${partitioned ? "" : "ONLY "}${quoteIdentifier(schema.schema)}.${quoteIdentifier(schema.name)}`
  return isBare ? `(SELECT NULL::boolean AS ${placeholderColumn} FROM ${place}) AS bare` : place
}
