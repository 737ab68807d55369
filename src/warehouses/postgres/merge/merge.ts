import type { Column, TableSchema } from "../../../domain/table.ts"
import type { Run, StagedPart, TableChanges } from "../../../replication/contracts/warehouse.ts"
import { copyForm } from "../copy/copy-encoder.ts"
import { changesOf, type StageTable } from "../staging/stage-tables.ts"
import { baseName, nativeType } from "../types/native-type.ts"

type ChangesRun = Extract<Run, { kind: "changes" }>

/** A run of a table's changes of which this process works out the net effect. */
export interface Merge {
  /** The live table, quoted, whole. */
  into: string
  table: TableSchema
  parts: readonly StagedPart[]
  run: ChangesRun
  /** The same by statements alone, for a table that cannot be merged into as it is. */
  unmerged(): { stages: readonly StageTable[]; statements: readonly string[] }
}

/** What a transaction does: statements, run as they are, and merges. */
export type Action = string | Merge

/**
 * With fewer rows the statements of render/apply-sql.ts are quicker: they need fewer round trips, and an update in place
 * leaves the table's indexes alone.
 */
export const leastMergedRows = 2_000

/** The run, where it can be merged and is large enough. `least`: how many rows are. */
export function mergeable(changes: TableChanges, run: Run, least: number): ChangesRun | undefined {
  const { table, parts, runs } = changes
  if (run.kind !== "changes" || runs.length > mostRuns) return undefined
  const staged = parts.reduce((sum, { rows }) => sum + rows, 0)
  if (Math.min(staged, run.last - run.first + 1) < least) return undefined
  const isKnown = copyForm(changesOf(table)).format === "binary" && (run.insertsOnly || hasExactKey(table))
  return isKnown ? run : undefined
}

/** Each run reads all parts of its table. */
const mostRuns = 4

/** Types of a key whose values are equal to the server if, and only if, their bytes are. By kind. */
const exactKeys: Readonly<Partial<Record<Column["type"]["kind"], readonly string[]>>> = {
  boolean: ["boolean"],
  int16: ["smallint"],
  int32: ["integer"],
  int64: ["bigint"],
  // With a scale: values of one column have one form then.
  decimal: ["numeric"],
  date: ["date"],
  timestamp: ["timestamp without time zone"],
  timestamptz: ["timestamp with time zone"],
  uuid: ["uuid"],
  text: ["text", "character varying"],
  bytes: ["bytea"],
}

function hasExactKey({ key, columns }: TableSchema): boolean {
  return (
    key !== undefined &&
    key.length > 0 &&
    key.every((index) => {
      const column = columns[index] as Column
      return exactKeys[column.type.kind]?.includes(baseName(nativeType(column))) === true
    })
  )
}
