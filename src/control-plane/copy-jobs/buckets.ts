import type { SourceConfiguration } from "../../domain/configuration.ts"
import type { ObjectPlace } from "../../domain/copy.ts"
import { Fault } from "../../domain/faults.ts"
import type { Registry } from "../../engines/registry.ts"
import type { FileSourceEngine, SourceEngine } from "../../engines/source-engine.ts"
import type { Caller } from "../control-plane.ts"

/** Where buckets are configured. */
export interface BucketPlane {
  sources: readonly SourceConfiguration[]
  sourceEngines: Registry<SourceEngine>
}

/** The bucket that a source's ARN names, configured or not; undefined: it names none. */
export function bucketOfArn({ sourceEngines }: Pick<BucketPlane, "sourceEngines">, arn: string) {
  return fileEngines(sourceEngines)
    .map((engine) => engine.bucketOf(arn))
    .find((bucket) => bucket !== undefined)
}

/** The configured source of a bucket; undefined: there is none. */
export function sourceOfBucket(plane: BucketPlane, bucket: string): SourceConfiguration | undefined {
  return plane.sources.find(({ arn }) => bucketOfArn(plane, arn) === bucket)
}

/** @throws Fault sourceNotFound, accessDenied */
export function requireBucket(
  plane: BucketPlane,
  caller: Caller,
  { bucket }: ObjectPlace,
): SourceConfiguration {
  const source = sourceOfBucket(plane, bucket)
  if (source === undefined) {
    const said = fileEngines(plane.sourceEngines).map((engine) => engine.notConfigured(bucket))
    throw new Fault("sourceNotFound", said.join(" "))
  }
  if (caller.role === "admin" || source.bucket?.copyUsers.includes(caller.name) === true) return source
  throw new Fault(
    "accessDenied",
    `permission denied for bucket ${bucket}: only administrators and its copy_users may COPY from it`,
  )
}

function fileEngines({ records }: Registry<SourceEngine>): FileSourceEngine[] {
  return records.filter((engine) => engine.delivery === "files")
}
