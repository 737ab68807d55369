import type { ProcessState } from "../../supervisor/messages.ts"

/** The other processes of the same supervisor. */
export interface Neighbours {
  /** How the process with the SQL port and the pipelines is; `undefined`: this is that process. */
  engine(): ProcessState | undefined
}

/** Why the engine does not serve now; `undefined`: it does. */
export function engineAway(neighbours: Neighbours | undefined): string | undefined {
  const engine = neighbours?.engine()
  if (engine === undefined || engine.isReady) return undefined
  return engine.lastEnd === undefined
    ? "the engine process is starting"
    : `the engine process ${engine.lastEnd}, and another one is starting`
}
