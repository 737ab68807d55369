/** Temporary tables that hold a transaction's staged rows while its statements use them. */
import { createHash } from "node:crypto"
import type { TableSchema } from "../../../domain/table.ts"
import { commitColumns } from "../../../replication/contracts/versions.ts"
import { changeColumns, type StagedPart } from "../../../replication/contracts/warehouse.ts"
import { type CopyForm, copyForm } from "../copy/copy-encoder.ts"
import { quoteIdentifier } from "../quoting.ts"
import { nativeType } from "../types/native-type.ts"
import type { StagedColumn } from "./staging.ts"

/** A temporary table to be filled before the statements of a transaction. */
export interface StageTable {
  /** Quoted, whole. */
  name: string
  /** Makes it for the session, if it is not there; empties itself with each transaction. */
  create: string
  /** The columns of the parts, quoted, in their order. */
  columns: string
  /** Of the parts. */
  form: CopyForm
  parts: readonly StagedPart[]
  /** Whose rows these are; absent: nobody's. */
  table?: TableSchema
}

/** What fills a stage table other than parts. */
export type StageShape = Omit<StageTable, "parts">

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

/** A table of a transaction's own for rows that are merged, filled and emptied as often as need be. */
export function mergeStage(columns: readonly StagedColumn[], table: TableSchema): StageShape {
  return stageOf(`merge_${shapeOf(columns)}`, columns, table)
}

function shapeOf(columns: readonly StagedColumn[]): string {
  return createHash("sha256").update(definitionOf(columns)).digest("hex").slice(0, 24)
}

function definitionOf(columns: readonly StagedColumn[]): string {
  return columns.map((column) => `${quoteIdentifier(column.name)} ${nativeType(column)}`).join(", ")
}

function stageOf(name: string, columns: readonly StagedColumn[], table: TableSchema | undefined): StageShape {
  return {
    name: `pg_temp.${name}`,
    create: `CREATE TEMP TABLE IF NOT EXISTS ${name} (${definitionOf(columns)}) ON COMMIT DELETE ROWS`,
    columns: columns.map((one) => quoteIdentifier(one.name)).join(", "),
    form: copyForm(columns),
    ...(table && { table }),
  }
}

/** `kind` goes into the tables' names: those of two kinds are never the same. */
export function newStageTables(kind: "stage" | "unmerged" = "stage"): StageTables {
  const all: StageTable[] = []
  const known = new Map<unknown, string>()
  const ofShape = new Map<string, number>()
  const add = ({ columns, parts, identity, table }: Staged): string => {
    const found = known.get(identity)
    if (found !== undefined) return found
    const shape = shapeOf(columns)
    const number = (ofShape.get(shape) ?? 0) + 1
    ofShape.set(shape, number)
    const stage = stageOf(`${kind}_${shape}_${number}`, columns, table)
    all.push({ ...stage, parts })
    known.set(identity, stage.name)
    return stage.name
  }
  return {
    all,
    changes: (table, parts) => add({ columns: changesOf(table), parts, identity: parts, table }),
    rows: (table, parts) => add({ columns: table.columns, parts, identity: parts, table }),
    commits: (part) => add({ columns: commitsOf, parts: [part], identity: part }),
  }
}
