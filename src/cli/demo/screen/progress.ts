import type { PipelineReport, TableReport } from "../../../control-plane/pipelines/status.ts"
import type { Style } from "./screen.ts"

/** What is shown of a table's report. */
export type TableLook = Pick<TableReport, "name" | "state" | "reason" | "rows" | "estimatedRows" | "lagMs">

export type PipelineLook = Pick<PipelineReport, "phase" | "lagP50Ms" | "lagP99Ms" | "totals"> & {
  tables: TableLook[]
}

/** A look at the pipeline, and when it was taken (performance.now()). */
export interface Look {
  atMs: number
  pipeline: PipelineLook
  /** Writes that the writers have committed. */
  committed: number
}

export interface Rates {
  copiedRowsPerSecond: number
  changesPerSecond: number
  writesPerSecond: number
}

/** Averages between two looks. */
export function ratesBetween(before: Look, now: Look): Rates {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000)
  const per = (more: number) => Math.max(0, Math.round(more / seconds))
  return {
    copiedRowsPerSecond: per(now.pipeline.totals.copiedRows - before.pipeline.totals.copiedRows),
    changesPerSecond: per(now.pipeline.totals.changes - before.pipeline.totals.changes),
    writesPerSecond: per(now.committed - before.committed),
  }
}

export function isLive(pipeline: PipelineLook): boolean {
  return (
    pipeline.phase === "streaming" &&
    pipeline.tables.length > 0 &&
    pipeline.tables.every((table) => table.state !== "ResyncInitiated")
  )
}

export function copiedRows({ tables }: PipelineLook): number {
  return tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0)
}

const widestBar = 28
const narrowestBar = 6
/** What stands beside the name and the bar, with the longest usual state. */
const besideBarColumns = 40

/** A line per table with a bar where there is room for one, and the whole below. */
export function progressLines(look: Look, rates: Rates, style: Style, columns: number): string[] {
  const { tables } = look.pipeline
  const nameWidth = Math.max(...tables.map(({ name }) => name.length), 0)
  const room = columns - nameWidth - besideBarColumns
  const barWidth = room < narrowestBar ? 0 : Math.min(widestBar, room)
  const lines = tables.map((table) => tableLine(table, nameWidth, barWidth, style))
  return [...lines, ...packed(summaryParts(look, rates), columns - 3).map((line) => style.dim(`  ${line}`))]
}

function tableLine(table: TableLook, nameWidth: number, barWidth: number, style: Style): string {
  const copying = table.state === "ResyncInitiated"
  const share = copying ? Math.min(1, (table.rows ?? 0) / Math.max(1, table.estimatedRows)) : 1
  const full = Math.round(share * barWidth)
  const bar = style.bar[0].repeat(full) + style.bar[1].repeat(barWidth - full)
  const rows = `${count(table.rows ?? 0).padStart(11)} rows`
  return `  ${table.name.padEnd(nameWidth)}  ${copying ? bar : style.green(bar)}${rows}  ${stateText(table, style)}`
}

/** As many parts to a line as fit. */
function packed(parts: string[], width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 2 + part.length <= width)
      lines[lines.length - 1] = `${last}, ${part}`
    else lines.push(part)
  }
  return lines
}

function stateText(table: TableLook, style: Style): string {
  switch (table.state) {
    case "ResyncInitiated":
      return table.estimatedRows === 0 ? "waiting" : `of ${count(table.estimatedRows)}`
    case "Synced":
      return table.lagMs === null ? "live" : `live, lag ${ms(table.lagMs)}`
    default:
      return style.red(`${table.state}${table.reason === null ? "" : `: ${table.reason}`}`)
  }
}

/** The pipeline in one line. */
export function summary(look: Look, rates: Rates): string {
  return summaryParts(look, rates).join(", ")
}

function summaryParts({ pipeline }: Look, rates: Rates): string[] {
  if (!isLive(pipeline)) {
    // What has no snapshots is copied beside its stream.
    const doing = pipeline.phase === "streaming" ? "copying" : pipeline.phase
    return [`${doing}: ${count(copiedRows(pipeline))} rows`, `${count(rates.copiedRowsPerSecond)} rows/s`]
  }
  return [
    `live: ${count(rates.writesPerSecond)} writes/s`,
    `${count(rates.changesPerSecond)} changes/s applied`,
    `lag p50 ${ms(pipeline.lagP50Ms)} p99 ${ms(pipeline.lagP99Ms)}`,
  ]
}

export function ms(value: number | null): string {
  return value === null ? "-" : `${Math.round(value)} ms`
}

export function count(value: number): string {
  return value.toLocaleString("en-US")
}

export function secondsSince(startedMs: number): string {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
}
