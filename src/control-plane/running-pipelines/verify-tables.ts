import { shownPosition } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { aborted } from "../../replication/signals.ts"
import type { StreamingPipeline } from "../../replication/streaming.ts"
import type { Verdict } from "../../replication/verify/verify.ts"
import type { VerifiedTable } from "../pipelines/verification-report.ts"
import type { PipelineMonitor } from "./pipeline-monitor.ts"
import type { TableProgress } from "./table-progress.ts"
import { verifiedTable } from "./verified-table.ts"

interface ComparedPipeline {
  monitor: PipelineMonitor
  streaming: StreamingPipeline
}

export interface TablesToVerify {
  pipeline: ComparedPipeline
  tables: TableProgress[]
  repair: boolean
  signal: AbortSignal
  onTable(table: VerifiedTable): void
}

type Compared = Extract<Verdict, { kind: "compared" }>

/** Compared at one place: a snapshot is held at the source for as long as they take. */
const tablesAtOnce = 100
/** More rows are mended by a resync of the table. */
const maxMendedRows = 10_000

/** Compares tables one after another, notes the result with each, and mends what differs if that is wanted. Throws Problem. */
export async function verifyChosen(chosen: TablesToVerify): Promise<void> {
  const { pipeline, onTable } = chosen
  const { sourceDatabase } = pipeline.monitor.record
  const inStep = chosen.tables.filter(({ state }) => state === "Synced")
  for (const table of chosen.tables)
    if (table.state !== "Synced") {
      const reason = `It is in state ${table.state}${table.reason === null ? "" : `: ${table.reason}`}`
      onTable(verifiedTable(sourceDatabase, table, { kind: "skipped", reason }))
    }
  for (let at = 0; at < inStep.length; at += tablesAtOnce)
    await verifyTogether(chosen, inStep.slice(at, at + tablesAtOnce))
}

async function verifyTogether(chosen: TablesToVerify, tables: TableProgress[]): Promise<void> {
  const { monitor, streaming } = chosen.pipeline
  const byId = new Map(tables.map((table) => [table.id, table]))
  const toRepair: { table: TableProgress; verdict: Compared }[] = []
  const onVerdict = (id: string, verdict: Verdict) => {
    const table = byId.get(id)
    if (table === undefined) return
    note(chosen.pipeline, table, verdict)
    if (chosen.repair && verdict.kind === "compared" && verdict.differences.length > 0)
      toRepair.push({ table, verdict })
    else chosen.onTable(verifiedTable(monitor.record.sourceDatabase, table, verdict))
  }
  await streaming.verify(new Set(byId.keys()), onVerdict, chosen.signal)
  for (const { table, verdict } of toRepair) chosen.onTable(await repair(chosen, table, verdict))
}

function note({ monitor }: ComparedPipeline, table: TableProgress, verdict: Verdict): void {
  if (verdict.kind !== "compared") return
  const { position, differences, duplicates } = verdict
  const shown = shownPosition(position)
  monitor.verified(table.id, { position: shown, at: new Date(), differences: differences.length, duplicates })
}

/** Just the rows that differ where they can be told by a key and are not too many; else a resync of the table. */
async function repair(
  chosen: TablesToVerify,
  table: TableProgress,
  verdict: Compared,
): Promise<VerifiedTable> {
  const { streaming, monitor } = chosen.pipeline
  const before = verifiedTable(monitor.record.sourceDatabase, table, verdict)
  const reason = await whyNotMended(chosen, table, verdict)
  if (reason !== undefined) {
    await Promise.race([streaming.resync([table.id]), aborted(chosen.signal)])
    chosen.signal.throwIfAborted()
    return { ...before, outcome: "recopying", reason }
  }
  let after: Verdict | undefined
  const keep = (_: string, found: Verdict) => {
    after = found
    note(chosen.pipeline, table, found)
  }
  await streaming.verify(new Set([table.id]), keep, chosen.signal)
  const isMended = after?.kind === "compared" && after.differences.length === 0
  return isMended
    ? { ...before, outcome: "repaired" }
    : { ...before, reason: "Rows were mended, and differ again." }
}

/** Mends, or answers why that cannot be. */
async function whyNotMended(
  { pipeline, signal }: TablesToVerify,
  table: TableProgress,
  { differences, isPartial }: Compared,
): Promise<string | undefined> {
  if (table.keyColumns.length === 0) return "It has no key to tell rows by."
  if (isPartial || differences.length > maxMendedRows) return "Too many rows differ to mend them one by one."
  try {
    await pipeline.streaming.mend(
      table.id,
      differences.map(({ key }) => key),
      signal,
    )
    return undefined
  } catch (error) {
    if (!(error instanceof Problem) || signal.aborted) throw error
    return error.message
  }
}
