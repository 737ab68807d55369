import type { CopyJob } from "../../domain/copy-job.ts"
import type { ListedObject } from "../../loading/object-store.ts"

import { isFolder } from "./copy-files.ts"

/** An object that a job is to load. */
export interface QueuedObject extends ListedObject {
  enqueuedAt: Date
}

/** What events have told a job and it has not dealt with yet: one entry per key. */
export interface JobQueue {
  /** False: there is no room; a listing will find it. */
  add(object: ListedObject): boolean
  /** Takes up to so many out, of at most so many bytes (one is always taken). */
  take(count: number, bytes: number): QueuedObject[]
  putBack(objects: readonly QueuedObject[]): void
  all(): QueuedObject[]
  readonly size: number
}

const queuedAtMost = 10_000

export function newJobQueue(): JobQueue {
  const waiting = new Map<string, QueuedObject>()
  return {
    add(object) {
      if (waiting.size >= queuedAtMost && !waiting.has(object.key)) return false
      waiting.set(object.key, { ...object, enqueuedAt: new Date() })
      return true
    },
    take(count, bytes) {
      const taken = firstOf([...waiting.values()], count, bytes)
      for (const { key } of taken) waiting.delete(key)
      return taken
    },
    putBack(objects) {
      // What came meanwhile is newer.
      for (const object of objects) if (!waiting.has(object.key)) waiting.set(object.key, object)
    },
    all: () => [...waiting.values()],
    get size() {
      return waiting.size
    },
  }
}

/**
 * Whether an object of its bucket is one that the job loads; whether it has done so already is not asked. S3 tells times in whole
 * seconds, so the second in which the job was made counts as after it.
 */
export function isMeant({ prefix, includesExisting, createdAt }: CopyJob, object: ListedObject): boolean {
  if (!object.key.startsWith(prefix) || isFolder(object)) return false
  const sinceMs = Math.floor(createdAt.getTime() / 1_000) * 1_000
  return includesExisting || object.modifiedAt.getTime() >= sinceMs
}

/** As many as fit; at least one. */
export function firstOf<T extends ListedObject>(objects: readonly T[], count: number, bytes: number): T[] {
  let sum = 0
  const end = objects.findIndex((object, index) => {
    sum += object.sizeBytes
    return index >= count || (index > 0 && sum > bytes)
  })
  return end < 0 ? [...objects] : objects.slice(0, end)
}
