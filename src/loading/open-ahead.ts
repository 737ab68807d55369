import { loadErrorCodes } from "../domain/copy.ts"
import type { ListedObject, ObjectStore, OpenedObject } from "./object-store.ts"
import { LoadFailure } from "./record-reader.ts"

/** Small objects are fetched while those before them are read: an answer from S3 takes longer than such an object. */
const aheadAtMost = 16
const smallBytes = 512 * 1024

/** Opens objects in order; those that are gone are left out. */
export async function* openAhead(
  store: ObjectStore,
  objects: readonly ListedObject[],
  signal: AbortSignal | undefined,
): AsyncGenerator<OpenedObject> {
  const waiting: Promise<OpenedObject | undefined>[] = []
  let next = 0
  const openNext = (): void => {
    const object = objects[next++]
    if (object === undefined) return
    const opened = opening(store, object, signal)
    // Told when its turn comes.
    opened.catch(() => undefined)
    waiting.push(opened)
  }
  for (let turn = 0; turn < objects.length; turn++) {
    if (waiting.length === 0) openNext()
    while (waiting.length < aheadAtMost && isSmall(objects[next])) openNext()
    const opened = await waiting.shift()
    if (opened !== undefined) yield opened
  }
}

async function opening(
  store: ObjectStore,
  object: ListedObject,
  signal: AbortSignal | undefined,
): Promise<OpenedObject | undefined> {
  const refusal = store.refusal(object.key)
  if (refusal !== undefined) return { ...object, body: refused(refusal) }
  return await (isSmall(object) ? fetchWhole(store, object, signal) : store.open(object.key, signal))
}

function refused(reason: string): AsyncIterable<Buffer> {
  const next = () => Promise.reject(new LoadFailure(loadErrorCodes.unknown, reason))
  return { [Symbol.asyncIterator]: () => ({ next }) }
}

function isSmall(object: ListedObject | undefined): boolean {
  return object !== undefined && object.sizeBytes <= smallBytes
}

async function fetchWhole(
  store: ObjectStore,
  { key }: ListedObject,
  signal: AbortSignal | undefined,
): Promise<OpenedObject | undefined> {
  const opened = await store.open(key, signal)
  // It may have been replaced by a large one since it was listed.
  if (opened === undefined || !isSmall(opened)) return opened
  const parts: Buffer[] = []
  for await (const part of opened.body) parts.push(part)
  return { ...opened, body: only(Buffer.concat(parts)) }
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
