import { startPeriodicTask } from "../concurrency/periodic-task.ts"
import type { DutyWork, Held } from "../control-plane/duties/duty.ts"
import type { ReconcilerLog } from "../control-plane/log.ts"
import { type Expired, removeExpired } from "../state/profiles/expiry.ts"
import type { LockedDomain, ProfileStore } from "../state/profiles/profile-store.ts"
import type { HistoryEntry } from "../state/profiles/records.ts"
import { type Occurrence, profileOccurrence, publishEvents } from "./events/publish.ts"

export interface ExpiryOptions {
  profiles: ProfileStore
  /** Nothing is removed while the duty is another process's. */
  held: Held
  log: Pick<ReconcilerLog, "warn">
}

/** Days are the unit of expiration; a look reads all profiles that have no objects. */
const lookEveryMs = 10 * 60_000

/** Removes objects and profiles that have passed their time. */
export function startExpiry({ profiles, held, log }: ExpiryOptions): DutyWork {
  let isStopped = false
  const task = startPeriodicTask({
    everyMs: lookEveryMs,
    work: () => expire(profiles, () => !isStopped && held.isHeld()),
    onError: (error) => log.warn({ err: error }, "expired profiles cannot be removed now; trying again"),
  })
  return {
    async stop() {
      isStopped = true
      await task.stop()
    },
  }
}

/** Everything that has passed its time by now. */
export async function expire(profiles: ProfileStore, isWanted: () => boolean): Promise<void> {
  for (let isMore = true; isMore; ) {
    isMore = false
    for (const name of await profiles.domains.withExpired()) {
      if (!isWanted()) return
      isMore = true
      await profiles.change(name, expireSome)
    }
  }
}

async function expireSome(locked: LockedDomain): Promise<void> {
  const expired = await removeExpired(locked)
  const bytes = expired.objects.reduce((sum, { object }) => sum + Buffer.byteLength(object), 0)
  await locked.journal.record(historyOf(expired))
  await locked.journal.count({
    profiles: -expired.profiles.length,
    objects: -expired.objects.length,
    bytes: -bytes,
  })
  const names = new Map((await locked.types.all()).map(({ number, name }) => [number, name]))
  await publishEvents(locked, { isRealTime: true, occurrences: () => occurrencesOf(expired, names) })
}

function historyOf({ objects, profiles }: Expired): HistoryEntry[] {
  return [
    ...objects.map(
      ({ profile, type, uniqueKey }) => ({ profile, action: "EXPIRED", type, uniqueKey }) as const,
    ),
    ...profiles.map(({ id }) => ({ profile: id, action: "EXPIRED" }) as const),
  ]
}

function occurrencesOf({ objects, profiles }: Expired, names: ReadonlyMap<number, string>): Occurrence[] {
  return [
    ...objects.map(
      ({ type, profile, uniqueKey, object }): Occurrence => ({
        type: "DELETED",
        objectTypeName: names.get(type) ?? "",
        profileId: profile,
        uniqueKey,
        object: JSON.parse(object),
      }),
    ),
    ...profiles.map(({ id, fields }) => profileOccurrence("DELETED", id, fields)),
  ]
}
