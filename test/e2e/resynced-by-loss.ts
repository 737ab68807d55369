import { waitUntil } from "../support/wait-until.ts"
import type { Place } from "./place.ts"

/**
 * Waits until the loss of the source's history is told and the stream goes on after it. By the log: the API shows the
 * status of before until its next look, and until the last table is copied some are of before as well.
 */
export async function resyncedByLoss(place: Place, timeoutMs = 60_000): Promise<void> {
  await waitUntil(() => /sourceHistoryLost[\s\S]*"phase":"streaming"/.test(place.output()), {
    what: "everything to be resynced",
    timeoutMs,
  })
}
