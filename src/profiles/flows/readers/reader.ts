import type { ReadObject } from "../../../state/profile-flows/runs.ts"
import type { FlowRecord } from "../tasks/record.ts"

/** A record as its source has it. */
export type ReadRecord =
  /** JSON text of an object, not looked into. */
  { kind: "json"; text: string } | { kind: "fields"; fields: FlowRecord }

/** A record that could not be read: it becomes a dead letter. */
export interface Unreadable {
  /** As much of it as is known, at most 1,024 characters. */
  text: string
  /** Safe to show: holds no values. */
  message: string
}

/** Some records, and how far the flow has come once they are ingested. */
export interface Pull {
  records: readonly ReadRecord[]
  unreadable: readonly Unreadable[]
  /** That were read of the source. */
  bytes: number
  /** JSON text; of a reader of rows. */
  position?: string | undefined
  /** Of a reader of objects: those that these records end, or go on in. */
  objects: readonly ReadObject[]
}

/** From where a run reads on. */
export interface ReadFrom {
  /** `position` of the last pull that was ingested; undefined: from the beginning. */
  position: string | undefined
  /** How much of these objects is ingested, by key. What is not in it is to be read. */
  readObjects(keys: readonly string[]): Promise<Map<string, ReadObject>>
  /** Objects that changed earlier are not read; undefined: all are. */
  sinceMs: number | undefined
  signal: AbortSignal
}

/**
 * Where the records of a flow come from. `read` gives all there is now to `take`, in pulls of bounded size, one after the other; it ends
 * with what `take` throws.
 *
 * @throws Problem, and ReadFailure once all that can be read is read
 */
export interface FlowReader {
  read(from: ReadFrom, take: (pull: Pull) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Something of the source cannot be read as it is; the rest was. */
export class ReadFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = "ReadFailure"
  }
}

/** As many as one transaction takes, with room for what the last piece of a file brings at once. */
export const recordsAtOnce = 2_000
export const bytesAtOnce = 4 * 2 ** 20
