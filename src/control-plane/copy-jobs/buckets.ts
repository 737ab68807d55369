import type { ServiceSource, SourceConfiguration } from "../../domain/configuration.ts"
import type { ObjectPlace } from "../../domain/copy.ts"
import { Fault } from "../../domain/faults.ts"
import { parseBucketArn } from "../../domain/text-forms/arn.ts"
import type { Caller } from "../control-plane.ts"

/** The configured source of a bucket; undefined: there is none. */
export function sourceOfBucket(
  sources: readonly SourceConfiguration[],
  bucket: string,
): ServiceSource | undefined {
  const isIt = (source: SourceConfiguration): source is ServiceSource =>
    parseBucketArn(source.arn)?.name === bucket
  return sources.find(isIt)
}

/** @throws Fault sourceNotFound, accessDenied */
export function requireBucket(
  sources: readonly SourceConfiguration[],
  caller: Caller,
  { bucket }: ObjectPlace,
): ServiceSource {
  const source = sourceOfBucket(sources, bucket)
  if (source === undefined)
    throw new Fault(
      "sourceNotFound",
      `No source arn:aws:s3:::${bucket} is configured: add it under sources in millrace.yaml, with engine s3.`,
    )
  if (caller.role === "admin" || source.bucket?.copyUsers.includes(caller.name) === true) return source
  throw new Fault(
    "accessDenied",
    `permission denied for bucket ${bucket}: only administrators and its copy_users may COPY from it`,
  )
}
