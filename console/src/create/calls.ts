import { call } from "../api/client.ts"
import type { DryRunReport, Ends, FilterMistake, Finding } from "../api/types.ts"

/** @throws ApiError */
export async function endsOf(): Promise<Ends> {
  return await call<Ends>("ends")
}

/** Asks the source itself. @throws ApiError */
export async function checkSource(source: string): Promise<Finding[]> {
  return (await call<{ findings: Finding[] }>("sources/check", { method: "POST", body: { source } })).findings
}

export interface FilteredSource {
  source: string
  /** Absent: the source has no filter. */
  dataFilter?: string
}

/** As the server's parser judges it. @throws ApiError */
export async function filterMistakes(what: FilteredSource): Promise<FilterMistake[]> {
  const path = "integrations/check-filter"
  return (await call<{ mistakes: FilterMistake[] }>(path, { method: "POST", body: what })).mistakes
}

/** @throws ApiError */
export async function dryRun(what: FilteredSource, signal: AbortSignal): Promise<DryRunReport> {
  return await call<DryRunReport>("integrations/dry-run", { method: "POST", body: what, signal })
}

export interface Wanted extends FilteredSource {
  warehouse: string
  name: string
  description?: string
}

const made = new Set<string>()

/** @throws ApiError */
export async function create(wanted: Wanted): Promise<string> {
  const { id } = await call<{ id: string }>("integrations", { method: "POST", body: wanted })
  made.add(id)
  return id
}

/** Of this browser: the status may not know it yet. */
export function isJustMade(id: string): boolean {
  return made.has(id)
}
