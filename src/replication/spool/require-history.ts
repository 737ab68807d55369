import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import type { PipelineOptions } from "../pipeline.ts"
import type { Spool } from "./spool.ts"

/** The source must have what comes after the warehouse's position, or, where the spool begins there, after the spool. */
export async function requireHistory(
  { source, handle }: PipelineOptions,
  spool: Spool | undefined,
  position: Position,
): Promise<void> {
  await spool?.release(position)
  const range = spool?.range
  const isSpooled = range !== undefined && source.compare(range.from, position) <= 0
  if ((await source.history(handle, isSpooled ? range.to : position)) === "kept") return
  const damage = spool?.damage === undefined ? "" : ` Its spool is of no use: ${spool.damage}.`
  throw new Problem(
    "sourceHistoryLost",
    `The source no longer has the changes since the last one applied.${damage}`,
  )
}
