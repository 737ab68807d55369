import { z } from "zod"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { serviceKeys, serviceSourceFrom, wholeKeyPair } from "../../configuration/entries/service-source.ts"
import { text } from "../../configuration/values.ts"
import type { ServiceSource } from "../../domain/configuration.ts"
import { parseDuration } from "../../domain/text-forms/duration.ts"
import { parseBucketArn } from "./bucket-arn.ts"

const bucketArn = text.refine(
  (arn) => parseBucketArn(arn) !== undefined,
  "must be a bucket's ARN like arn:aws:s3:::landing",
)

const leastListEveryMs = 100

const listEvery = text.transform((given, context): number | undefined => {
  if (given === "never") return undefined
  const everyMs = parseDuration(given)
  if (everyMs !== undefined && everyMs >= leastListEveryMs) return everyMs
  context.addIssue("must be a length of time like 10s or 5m, or never")
  return z.NEVER
})

const written = z.strictObject({
  arn: bucketArn.describe("of the bucket"),
  engine: z.literal("s3"),
  ...serviceKeys,
  copy_users: z
    .array(text.max(63))
    .default([])
    .describe("SQL users, besides administrators, whose COPY may read it"),
  list_every: listEvery
    .prefault("10s")
    .describe("how often it is listed for its jobs: 100ms or more, or `never`: by events only"),
  event_secret: text
    .min(16, "must have at least 16 characters")
    .meta({ secret: true })
    .optional()
    .describe("whoever posts its events proves by it that they may; usual: by a signature only"),
})

export const s3Format: EntryFormat<ServiceSource> = {
  name: "s3",
  keys: Object.keys(written.shape),
  entry: written.superRefine(wholeKeyPair).transform((one) => () => {
    const { copy_users: copyUsers, list_every: listEveryMs, event_secret: eventSecret } = one
    return { ...serviceSourceFrom(one), bucket: { copyUsers, listEveryMs, eventSecret } }
  }),
}
