import type { TableSchema } from "../../domain/table.ts"
import type { Batcher } from "../batch/batcher.ts"
import type { VersionModes } from "../contracts/versions.ts"
import type { Destination } from "../contracts/warehouse.ts"
import type { PipelineReporter } from "../pipeline.ts"

export interface VersionSwitching {
  destination: Destination
  batcher: Batcher
  reporter: PipelineReporter
  modes: VersionModes
  /** Tables that stream or are being copied, by id. */
  known: ReadonlyMap<string, TableSchema>
}

/** Tables whose version mode differs from the settings: they keep versions and should not, or the reverse. */
export function dueForSwitch({ known, modes }: Pick<VersionSwitching, "known" | "modes">): TableSchema[] {
  return [...known.values()].filter((table) => modes.wanted(table) !== modes.kept.has(table.id))
}

/**
 * Switches tables between two transactions, when everything before is visible; later changes are gathered in the new
 * mode. Not while one of the tables is being copied. Throws Problem.
 */
export async function switchVersions(switching: VersionSwitching): Promise<void> {
  const { modes, batcher, destination, reporter } = switching
  const switches = dueForSwitch(switching).map((table) => ({ id: table.id, keep: modes.wanted(table) }))
  if (switches.length === 0) return
  const turn = () => {
    for (const { id, keep } of switches) {
      if (keep) modes.kept.add(id)
      else modes.kept.delete(id)
    }
  }
  const done = Promise.withResolvers<void>()
  done.promise.catch(() => undefined)
  const work = () => destination.notes.switchVersions(switches, new Date()).then(done.resolve, done.reject)
  if (!(await batcher.turn(turn, work))) return
  await done.promise
  reporter.versions?.(modes.kept, [])
}
