import { qualifiedName } from "../../domain/table.ts"
import type { ReconcilerLog } from "../log.ts"
import type { RunningPipeline } from "./running-pipeline.ts"

/**
 * Has tables resynced that a comparison found to differ, where the database's AUTO_REMEDIATION says so. Values that
 * its own options change on their way would differ again: there nothing is done.
 */
export function remediate({ pipeline, monitor, database }: RunningPipeline, log: ReconcilerLog): void {
  const { autoRemediation, truncateColumns, acceptInvalidCharacters } = database.options
  if (!autoRemediation || truncateColumns || acceptInvalidCharacters) return
  const streaming = pipeline?.streaming()
  if (streaming === undefined) return
  const wrong = [...monitor.tables.values()].filter(
    ({ state, verified }) => state === "Synced" && (verified?.differences ?? 0) > 0,
  )
  if (wrong.length === 0) return
  void streaming.resync(wrong.map(({ id }) => id)).then((isRecorded) => {
    // One copy for each time that differences were found. A turn that came meanwhile has asked for the same one.
    const begun = isRecorded ? wrong.filter(({ verified }) => verified !== null) : []
    if (begun.length === 0) return
    for (const { id } of begun) monitor.remedied(id)
    const { integrationId: integration } = database
    log.warn(
      { integration, database: database.name, tables: begun.map(qualifiedName) },
      "tables that differ from their source are resynced",
    )
  })
}
