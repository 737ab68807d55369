import type { ObjectPlace } from "../../domain/copy.ts"
import { Fault } from "../../domain/faults.ts"
import type { ObjectStore } from "../../loading/object-store.ts"
import { LoadFailure } from "../../loading/record-reader.ts"

/** A file of a bucket that says how others are to be loaded, as errors call it. */
export interface ListFile {
  what: string
  bytesAtMost: number
}

/**
 * Reads such a file whole.
 *
 * @throws Fault resourceNotFound (no such file), validation (`parse` threw LoadFailure, too large, its key); Problem
 */
export async function readListFile<T>(
  store: ObjectStore,
  { bucket, prefix: key }: ObjectPlace,
  { what, bytesAtMost }: ListFile,
  parse: (text: string) => T,
): Promise<T> {
  const refusal = store.refusal(key)
  if (refusal !== undefined) throw new Fault("validation", refusal)
  const opened = await store.open(key)
  if (opened === undefined)
    throw new Fault("resourceNotFound", `The ${what} s3://${bucket}/${key} does not exist`)
  if (opened.sizeBytes > bytesAtMost)
    throw new Fault("validation", `The ${what} is larger than ${bytesAtMost / 2 ** 20} MiB`)
  const parts: Buffer[] = []
  for await (const part of opened.body) parts.push(part)
  try {
    return parse(Buffer.concat(parts).toString())
  } catch (error) {
    if (error instanceof LoadFailure) throw new Fault("validation", error.message)
    throw error
  }
}
