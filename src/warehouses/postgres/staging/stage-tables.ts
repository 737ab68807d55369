/** Temporary tables that hold a transaction's staged rows while its statements use them. */
import { createHash } from "node:crypto"
import type { ColumnType, TableSchema } from "../../../domain/table.ts"
import { commitColumns } from "../../../replication/contracts/versions.ts"
import { changeColumns, type StagedPart } from "../../../replication/contracts/warehouse.ts"
import { quoteIdentifier } from "../quoting.ts"
import { nativeType } from "../types/native-type.ts"

/** A temporary table to be filled before the statements of a transaction. */
export interface StageTable {
  /** Quoted, whole. */
  name: string
  /** Makes it for the session, if it is not there; empties itself with each transaction. */
  create: string
  /** The columns of the parts, quoted, in their order. */
  columns: string
  parts: readonly StagedPart[]
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

const changeTypes: readonly ColumnType[] = [{ kind: "int32" }, { kind: "boolean" }, { kind: "text" }]
const commitTypes: readonly ColumnType[] = [{ kind: "int32" }, { kind: "timestamp" }]

interface StageColumn {
  name: string
  type: ColumnType
}

export function newStageTables(): StageTables {
  const all: StageTable[] = []
  const known = new Map<unknown, string>()
  const ofShape = new Map<string, number>()
  const add = (columns: readonly StageColumn[], parts: readonly StagedPart[], identity: unknown): string => {
    const found = known.get(identity)
    if (found !== undefined) return found
    const definition = columns.map(({ name, type }) => `${quoteIdentifier(name)} ${nativeType(type)}`).join(", ")
    const shape = createHash("sha256").update(definition).digest("hex").slice(0, 24)
    const number = (ofShape.get(shape) ?? 0) + 1
    ofShape.set(shape, number)
    const name = `pg_temp.stage_${shape}_${number}`
    const create = `CREATE TEMP TABLE IF NOT EXISTS stage_${shape}_${number} (${definition}) ON COMMIT DELETE ROWS`
    all.push({ name, create, columns: columns.map((one) => quoteIdentifier(one.name)).join(", "), parts })
    known.set(identity, name)
    return name
  }
  return {
    all,
    changes: (table, parts) =>
      add([...table.columns, ...named(changeColumns, changeTypes)], parts, parts),
    rows: (table, parts) => add(table.columns, parts, parts),
    commits: (part) => add(named(commitColumns, commitTypes), [part], part),
  }
}

function named(names: readonly string[], types: readonly ColumnType[]): StageColumn[] {
  return names.map((name, index) => ({ name, type: types[index] as ColumnType }))
}
