import type { Position } from "../../domain/position.ts"

/** What becomes of a pipeline's position in a transaction. */
export interface PositionChange {
  /** The transaction fails unless the recorded position is this one. */
  expected?: Position | undefined
  /**
   * `undefined`: the position stays. `set` moves a position that is there, and leaves a pipeline without one as it is; `start`
   * gives it one in any case.
   */
  next?: { kind: "set" | "start"; position: Position } | { kind: "forget" } | undefined
}

/** The recorded position of a pipeline that has none. */
export const noPosition = ""

/** The further assignments of the UPDATE that begins a transaction; empty: the position stays. `now`: the engine's own moment. */
export function nextPosition(
  { expected, next }: PositionChange,
  { literal, now }: { literal(text: string): string; now: string },
): string {
  if (next === undefined) return ""
  if (next.kind === "forget") return `, position = ${literal(noPosition)}, recorded_at = ${now}`
  const position = literal(next.position)
  const isKnown = next.kind === "start" || expected !== undefined
  const value = isKnown ? position : `CASE WHEN position = '${noPosition}' THEN position ELSE ${position} END`
  return `, position = ${value}, recorded_at = ${now}`
}
