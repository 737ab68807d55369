import { z } from "zod"
import type { EntryFormat } from "../../configuration/entries/format.ts"
import { serviceKeys, serviceSourceFrom, wholeKeyPair } from "../../configuration/entries/service-source.ts"
import { text } from "../../configuration/values.ts"
import type { ServiceSource } from "../../domain/configuration.ts"
import { parseTableArn } from "./table-arn.ts"

/** One table. */
export interface DynamoDbConfiguration extends ServiceSource {
  /** Top-level attributes that have a column of their own. */
  unnest?: string[]
}

const tableArn = text.refine(
  (arn) => parseTableArn(arn) !== undefined,
  "must be a table's ARN like arn:aws:dynamodb:us-east-1:123456789012:table/carts",
)

const maxUnnested = 500

const unnest = z
  .array(text.max(255))
  .max(maxUnnested, `must list at most ${maxUnnested} attributes`)
  .refine((names) => new Set(names.map((name) => name.toLowerCase())).size === names.length, {
    message: "must not name an attribute twice (upper and lower case are the same in a warehouse)",
  })
  .refine((names) => !names.some((name) => name.toLowerCase() === "value"), {
    message: "must not name an attribute `value`: that is the column of the whole item",
  })

const written = z.strictObject({
  arn: tableArn.describe("of the table"),
  engine: z.literal("dynamodb"),
  ...serviceKeys,
  unnest: unnest.optional().describe("top-level attributes that have a column of their own"),
})

export const dynamoDbFormat: EntryFormat<DynamoDbConfiguration> = {
  name: "dynamodb",
  keys: Object.keys(written.shape),
  entry: written.superRefine(wholeKeyPair).transform((one) => () => ({
    ...serviceSourceFrom(one),
    ...(one.unnest !== undefined && { unnest: one.unnest }),
  })),
}
