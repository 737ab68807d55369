import { Problem } from "../domain/problems.ts"
import type { SessionCopyWarehouse } from "./copy-target.ts"

/** Of a warehouse that COPY cannot load into: every load is refused, and there are no jobs' files. */
export function noCopies(title: string): SessionCopyWarehouse {
  const refuse = async () => {
    throw new Problem("copyTargetMissing", `COPY does not load into ${title}: use its own COPY there.`)
  }
  return { transact: refuse, targetOn: refuse, forget: async () => undefined, jobFiles: async () => [] }
}
