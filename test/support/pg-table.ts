import type { PgColumn, PgTable } from "../../src/sources/postgres/catalog/catalog.ts"
import { mapType } from "../../src/sources/postgres/types/types.ts"

export interface PgTableParts extends Partial<Omit<PgTable, "columns" | "schema">> {
  columns: (Pick<PgColumn, "number" | "name" | "typeOid"> & Partial<PgColumn> & { sourceType?: string })[]
  name?: string
  key?: number[]
}

/** A table as the catalog would describe it, with as little said as a test needs. */
export function pgTable({ columns: parts, name = "t", key, ...rest }: PgTableParts): PgTable {
  const columns = parts.map((part): PgColumn => {
    const facts = { oid: part.typeOid, modifier: part.typeModifier ?? -1, element: undefined }
    const types = { facts, mapping: mapType(facts), castsOtherwise: false, typeModifier: -1 }
    const { sourceType: _, ...column } = part
    return { xmin: "3", ...types, ...column }
  })
  return {
    columns,
    isBare: false,
    leftOut: [],
    partitioned: false,
    filenode: "1",
    storage: "1",
    attributes: Math.max(0, ...columns.map(({ number }) => number)),
    identity: key === undefined ? "f" : "d",
    estimatedRows: 0,
    blocks: 0,
    ...rest,
    schema: {
      id: "1",
      schema: "public",
      name,
      key,
      columns: columns.map((column, index) => ({
        name: column.name,
        type: column.mapping.type,
        sourceType: parts[index]?.sourceType ?? `type ${column.typeOid} (${column.typeModifier})`,
      })),
    },
  }
}
