import type { IntegrationReport, PipelineReport, TableReport } from "../api/types.ts"

/** A table with where it comes from. */
export interface TableRow {
  key: string
  /** As the API's `table` takes it. */
  label: string
  database: string
  table: TableReport
}

/** Those that need a person first, then those being copied. */
const urgency: Record<string, number> = {
  Failed: 0,
  unknown: 1,
  ResyncRequired: 2,
  ResyncInitiated: 3,
  Synced: 4,
}

export function tableRows({ pipelines }: IntegrationReport): TableRow[] {
  const rank = ({ table }: TableRow) => urgency[table.state] ?? 5
  return pipelines
    .flatMap(({ sourceDatabase, tables }) => tables.map((table) => rowOf(sourceDatabase, table)))
    .sort((a, b) => rank(a) - rank(b) || (a.label < b.label ? -1 : 1))
}

function rowOf(database: string, table: TableReport): TableRow {
  const { schema, name } = table
  return { key: JSON.stringify([database, schema, name]), label: `${schema}.${name}`, database, table }
}

export function fitsTable({ label, database, table }: TableRow, text: string, state: string): boolean {
  if (state !== "" && table.state !== state) return false
  return [label, database, table.reason ?? ""].join("\n").toLowerCase().includes(text.trim().toLowerCase())
}

export interface CopyProgress {
  done: number
  all: number
}

/** Of a pipeline that copies; null: it does not. */
export function copyProgress({ phase, tables }: PipelineReport): CopyProgress | null {
  if (phase !== "copying") return null
  const wanted = tables.filter(
    ({ state }) => state !== "Failed" && state !== "Deleted" && state !== "DroppedSource",
  )
  return {
    done: wanted.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    all: wanted.reduce((sum, { rows, estimatedRows }) => sum + Math.max(estimatedRows, rows ?? 0), 0),
  }
}
