import type { TableSchema } from "../../../domain/table.ts"
import type { TypeParts } from "../types/type-parts.ts"
import { asText, mapType, type TypeFacts } from "../types/types.ts"
import type { PgColumn, PgTable } from "./catalog.ts"

/**
 * What the catalog said of a table, kept with its copy: the attribute numbers, which PostgreSQL never uses again, tell
 * which column is which whatever it is called, and the file, the columns' transactions and their types' parts tell whether
 * values may have been rewritten without a row of the stream.
 */
type Revision = [storage: string, attributes: number, identity: string, columns: RevisionColumn[]]
type RevisionColumn = [
  number: number,
  xmin: string,
  typeOid: number,
  typeModifier: number,
  facts: TypeFacts,
  castsOtherwise: boolean,
  parts?: TypeParts,
]

export function revisionOf(table: Pick<PgTable, "storage" | "attributes" | "identity" | "columns">): string {
  const revision: Revision = [
    table.storage,
    table.attributes,
    table.identity,
    table.columns.map(revisionOfColumn),
  ]
  return JSON.stringify(revision)
}

function revisionOfColumn(column: PgColumn): RevisionColumn {
  const { number, xmin, typeOid, typeModifier, facts, castsOtherwise, parts } = column
  return parts === undefined
    ? [number, xmin, typeOid, typeModifier, facts, castsOtherwise]
    : [number, xmin, typeOid, typeModifier, facts, castsOtherwise, parts]
}

/** The table as it was when the warehouse took it; `undefined`: it was taken without a revision. */
export function tableOfRevision(schema: TableSchema, isPartitioned: boolean): PgTable | undefined {
  if (schema.revision === undefined) return undefined
  const [storage, attributes, identity, columns] = JSON.parse(schema.revision) as Revision
  const known = columns.map(
    ([number, xmin, typeOid, typeModifier, facts, castsOtherwise, parts], index): PgColumn => {
      const column = schema.columns[index]
      const mapping = column?.keptAsText === undefined ? mapType(facts) : asText
      return {
        name: column?.name ?? "",
        number,
        xmin,
        typeOid,
        typeModifier,
        facts,
        castsOtherwise,
        mapping,
        parts,
      }
    },
  )
  // A version of ours that maps a type otherwise has not made this copy.
  const isMappedSo = known.every(
    ({ mapping }, index) => JSON.stringify(mapping.type) === JSON.stringify(schema.columns[index]?.type),
  )
  if (!isMappedSo || known.length !== schema.columns.length) return undefined
  return {
    schema,
    columns: known,
    partitioned: isPartitioned,
    // Only what stands for rows without columns has no number.
    isBare: known[0]?.number === 0,
    leftOut: [],
    storage,
    attributes,
    identity,
    filenode: "0",
    estimatedRows: 0,
    blocks: 0,
  }
}
