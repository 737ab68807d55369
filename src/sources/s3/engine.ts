import type { ServiceSource } from "../../domain/configuration.ts"
import type { FileSourceEngine } from "../../engines/source-engine.ts"
import { parseBucketArn } from "./bucket-arn.ts"
import { s3Format } from "./format.ts"

/** The record of S3 among the sources. */
export const s3Engine: FileSourceEngine<ServiceSource> = {
  ...s3Format,
  delivery: "files",
  viewName: "S3_EVENT_NOTIFICATIONS",
  bucketOf: (arn) => parseBucketArn(arn)?.name,
  notConfigured: (bucket) =>
    `No source arn:aws:s3:::${bucket} is configured: add it under sources in millrace.yaml, with engine s3.`,
  async load() {
    const { openBucket } = await import("./bucket.ts")
    const { bucketFindings } = await import("./preflight.ts")
    return { open: openBucket, preflight: bucketFindings }
  },
}
