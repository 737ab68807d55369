import { Problem } from "../domain/problems.ts"
import type { OpenSessionTarget } from "./copy-target.ts"

/** Of a warehouse that no session of the SQL port is in, and that COPY does not load into in another way either. */
export function noSessionTarget(title: string): OpenSessionTarget {
  return async () => {
    throw new Problem("copyTargetMissing", `COPY does not load into ${title}: use its own COPY there.`)
  }
}
