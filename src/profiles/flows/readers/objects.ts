import type { ListedObject, ObjectStore } from "../../../loading/object-store.ts"
import { openAhead } from "../../../loading/open-ahead.ts"
import type { ParquetReader } from "../../../loading/parquet-file.ts"
import { LoadFailure } from "../../../loading/record-reader.ts"
import type { ReadObject } from "../../../state/profile-flows/runs.ts"
import { readObjectBody } from "./formats.ts"
import { newGathering } from "./pieces.ts"
import { type FlowReader, type Pull, ReadFailure, type ReadFrom } from "./reader.ts"

export interface ObjectsOptions {
  store: ObjectStore
  /** Before an object's key in what is remembered of it: `s3://landing/`. */
  place: string
  prefix: string
  parquet: ParquetReader
}

/**
 * Reads the objects under a prefix, in the order of their keys, those that are read already left out: an object is another one when its
 * ETag is. One that is damaged is left out, too, until it is replaced; the others are read.
 */
export function objectReader(options: ObjectsOptions): FlowReader {
  return {
    read: (from, take) => readAll(options, from, take),
    close: async () => undefined,
  }
}

async function readAll(
  options: ObjectsOptions,
  from: ReadFrom,
  take: (pull: Pull) => Promise<void>,
): Promise<void> {
  const { store, place, prefix, parquet } = options
  const to = newGathering(take)
  const damaged: string[] = []
  for await (const page of store.list(prefix, from.signal)) {
    const { due, known } = await dueOf(page, place, from)
    for await (const opened of openAhead(store, due, from.signal)) {
      from.signal.throwIfAborted()
      const key = place + opened.key
      to.begin({ key, etag: opened.etag }, ingestedOf(known.get(key), opened))
      try {
        await readObjectBody(opened.body, to, parquet)
        to.end()
      } catch (error) {
        if (!(error instanceof LoadFailure)) throw error
        to.leave()
        damaged.push(`${key}: ${error.message}${error.line > 0 ? ` (line ${error.line})` : ""}.`)
      }
    }
  }
  await to.flush()
  const [first] = damaged
  if (first !== undefined)
    throw new ReadFailure(
      damaged.length === 1 ? first : `${first} ${damaged.length - 1} more cannot be read.`,
    )
}

/** The objects of a page that are to be read, and what is known of them. */
async function dueOf(
  page: readonly ListedObject[],
  place: string,
  { sinceMs = Number.NEGATIVE_INFINITY, readObjects }: ReadFrom,
): Promise<{ due: ListedObject[]; known: Map<string, ReadObject> }> {
  const meant = page.filter((one) => !isFolder(one) && one.modifiedAt.getTime() >= sinceMs)
  if (meant.length === 0) return { due: [], known: new Map() }
  const known = await readObjects(meant.map(({ key }) => place + key))
  const due = meant.filter(({ key, etag }) => {
    const read = known.get(place + key)
    return read === undefined || read.etag !== etag || !read.isEnded
  })
  return { due, known }
}

/** What ends in a slash and is empty stands for a folder. */
function isFolder({ key, sizeBytes }: ListedObject): boolean {
  return sizeBytes === 0 && key.endsWith("/")
}

/** Of another version of the object nothing is. */
function ingestedOf(known: ReadObject | undefined, { etag }: { etag: string }): number {
  return known !== undefined && known.etag === etag && !known.isEnded ? known.records : 0
}
