import type { ReadObject } from "../../../state/profile-flows/runs.ts"
import { bytesAtOnce, type Pull, type ReadRecord, recordsAtOnce, type Unreadable } from "./reader.ts"

const objectsAtOnce = 500

/** Gathers records of one object after the other into pulls. Those of several small objects go together. */
export interface Gathering {
  /** What follows is of this object, of which so many records are ingested already. */
  begin(object: { key: string; etag: string }, ingested: number): void
  record(record: ReadRecord): void
  unreadable(one: Unreadable): void
  bytes(count: number): void
  /** Gives a pull where there is enough for one. */
  settle(): Promise<void>
  /** The object that was begun has no more. */
  end(): void
  /** The object that was begun cannot be read to its end: what came of it stays, and the rest is read another time. */
  leave(): void
  /** Gives what is left. */
  flush(): Promise<void>
}

export function newGathering(take: (pull: Pull) => Promise<void>): Gathering {
  let records: ReadRecord[] = []
  let unreadable: Unreadable[] = []
  let bytes = 0
  let ended: ReadObject[] = []
  let current: ReadObject | undefined
  let seen = 0
  let isTouched = false

  /** Whether the next record of the object is new. */
  function isNew(): boolean {
    if (current === undefined) throw new Error("a record of no object")
    if (seen++ < current.records) return false
    current.records = seen
    isTouched = true
    return true
  }

  async function flush(): Promise<void> {
    const open = current !== undefined && isTouched ? [{ ...current }] : []
    if (ended.length === 0 && open.length === 0) return
    const pull = { records, unreadable, bytes, objects: [...ended, ...open] }
    records = []
    unreadable = []
    ended = []
    bytes = 0
    isTouched = false
    await take(pull)
  }

  return {
    begin({ key, etag }, ingested) {
      current = { key, etag, records: ingested, isEnded: false }
      seen = 0
    },
    record(record) {
      if (isNew()) records.push(record)
    },
    unreadable(one) {
      if (isNew()) unreadable.push(one)
    },
    bytes(count) {
      bytes += count
    },
    async settle() {
      const isEnough = records.length + unreadable.length >= recordsAtOnce || ended.length >= objectsAtOnce
      if (isEnough || bytes >= bytesAtOnce) await flush()
    },
    end() {
      if (current !== undefined) ended.push({ ...current, isEnded: true })
      current = undefined
    },
    leave() {
      if (current !== undefined && isTouched) ended.push(current)
      current = undefined
    },
    flush,
  }
}
