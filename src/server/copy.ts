import type { CopyPlane } from "../control-plane/copy/copy-files.ts"
import type { Configuration } from "../domain/configuration.ts"
import type { ObjectStore } from "../loading/object-store.ts"
import { openBucket } from "../sources/s3/bucket.ts"
import type { Store } from "../state/store.ts"
import type { OpenWarehouses } from "./warehouses.ts"

/** What COPY works on, with concrete buckets and warehouses. */
export function newCopyPlane(
  { sources, region }: Configuration,
  store: Store,
  { copies }: OpenWarehouses,
): CopyPlane {
  const buckets = new Map<string, ObjectStore>()
  return {
    sources,
    store,
    openBucket(source) {
      const bucket = buckets.get(source.arn) ?? openBucket(source, region)
      buckets.set(source.arn, bucket)
      return bucket
    },
    openTarget: (run, destination, options) => copies.targetOn(run, destination, options),
  }
}
