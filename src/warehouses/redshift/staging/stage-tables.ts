/** Temporary tables that hold a transaction's staged rows while its statements use them. */
import type { ColumnType, TableSchema } from "../../../domain/table.ts"
import { commitColumns } from "../../../replication/contracts/versions.ts"
import { changeColumns, type StagedPart } from "../../../replication/contracts/warehouse.ts"
import { ownTablePrefix } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"
import { columnType } from "../types/column-type.ts"

/** A temporary table to be made and filled within a transaction, before its other statements. */
export interface StageTable {
  /** Quoted. The engine looks for such a name among the session's temporary tables first. */
  name: string
  create: string
  /** Quoted, in the order of the parts' fields. */
  columns: readonly string[]
  parts: readonly StagedPart[]
  /** Whose rows these are; absent: nobody's. */
  table?: TableSchema
}

/** The stage tables of one transaction, as the rendering of its statements asks for them. */
export interface StageTables {
  /** Answers the table of a table's changes: its columns and `changeColumns`. */
  changes(table: TableSchema, parts: readonly StagedPart[]): string
  /** Answers the table of whole rows. */
  rows(table: TableSchema, parts: readonly StagedPart[]): string
  /** Answers the table of `commitColumns`. */
  commits(part: StagedPart): string
  readonly all: readonly StageTable[]
}

/** A column of rows that travel. */
export interface StagedColumn {
  name: string
  type: ColumnType
}

const [sequence, isDelete, unchanged] = changeColumns
const marks: readonly StagedColumn[] = [
  { name: sequence, type: { kind: "int32" } },
  { name: isDelete, type: { kind: "boolean" } },
  { name: unchanged, type: { kind: "text" } },
]
const [last, committed] = commitColumns

/** Columns of `commitColumns`. */
export const commitsOf: readonly StagedColumn[] = [
  { name: last, type: { kind: "int32" } },
  { name: committed, type: { kind: "timestamp" } },
]

/** Columns of a table's changes. */
export function changesOf({ columns }: TableSchema): StagedColumn[] {
  return [...columns, ...marks]
}

interface Staged {
  columns: readonly StagedColumn[]
  parts: readonly StagedPart[]
  /** Who asks again with the same one is answered the same table. */
  identity: unknown
  table?: TableSchema
}

export function newStageTables(): StageTables {
  const all: StageTable[] = []
  const known = new Map<unknown, string>()
  const add = ({ columns, parts, identity, table }: Staged): string => {
    const found = known.get(identity)
    if (found !== undefined) return found
    const name = quoteIdentifier(`${ownTablePrefix}stage_${all.length + 1}`)
    const definitions = columns.map((column) => `${quoteIdentifier(column.name)} ${columnType(column.type)}`)
    all.push({
      name,
      create: `CREATE TEMP TABLE ${name} (${definitions.join(", ")})`,
      columns: columns.map((column) => quoteIdentifier(column.name)),
      parts,
      ...(table && { table }),
    })
    known.set(identity, name)
    return name
  }
  return {
    all,
    changes: (table, parts) => add({ columns: changesOf(table), parts, identity: parts, table }),
    rows: (table, parts) => add({ columns: table.columns, parts, identity: parts, table }),
    commits: (part) => add({ columns: commitsOf, parts: [part], identity: part }),
  }
}
