import { lookAtJobs } from "../../../src/profiles/identity/batch/identity-jobs.ts"
import type { Store } from "../../../src/state/store.ts"

/** One look at the identity resolution jobs, as at that time. A failure is thrown. @param nowMs in milliseconds since 1970 */
export async function lookAt(store: Store, nowMs: number): Promise<void> {
  await lookAtJobs(
    { profiles: store.profiles, identity: store.profileIdentity, isWanted: () => true },
    {
      warn: (fields) => {
        throw new Error("a job failed", { cause: fields })
      },
    },
    nowMs,
  )
}
