import { type ManifestEntry, parseManifest } from "../../loading/manifest.ts"
import type { ListedObject, ObjectStore } from "../../loading/object-store.ts"
import { requireBucket } from "./buckets.ts"
import type { CopyPlane, CopyRequest } from "./copy-files.ts"
import { readListFile } from "./list-file.ts"

/** Files to load, of one bucket. */
export interface BucketFiles {
  bucket: string
  store: ObjectStore
  objects: ListedObject[]
  /** Keys of those that must be there. */
  mandatory: string[]
}

const manifest = { what: "manifest", bytesAtMost: 64 * 2 ** 20 }

/**
 * The files that a manifest names, by bucket. Each bucket must be one that the caller may COPY from.
 *
 * @throws Fault sourceNotFound, accessDenied, resourceNotFound (no such manifest), validation; Problem
 */
export async function manifestFiles(
  plane: CopyPlane,
  { caller, from }: Pick<CopyRequest, "caller" | "from">,
): Promise<BucketFiles[]> {
  const store = plane.openBucket(requireBucket(plane, caller, from))
  const entries = await readListFile(store, from, manifest, parseManifest)
  const byBucket = new Map<string, ManifestEntry[]>()
  for (const entry of entries) {
    const others = byBucket.get(entry.bucket)
    if (others === undefined) byBucket.set(entry.bucket, [entry])
    else others.push(entry)
  }
  return [...byBucket].map(([bucket, inBucket]) => ({
    bucket,
    store:
      bucket === from.bucket ? store : plane.openBucket(requireBucket(plane, caller, { bucket, prefix: "" })),
    objects: inBucket.map(objectOf),
    mandatory: inBucket.filter(({ isMandatory }) => isMandatory).map(({ prefix }) => prefix),
  }))
}

/** What is not known of it before it is opened is not used: a file without a size is read in its turn. */
function objectOf({ prefix, sizeBytes = Number.MAX_SAFE_INTEGER }: ManifestEntry): ListedObject {
  return { key: prefix, etag: "", sizeBytes, modifiedAt: new Date(0) }
}
