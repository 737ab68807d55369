import { z } from "zod"
import { parseTargetArn } from "../../domain/text-forms/arn.ts"
import { text } from "../values.ts"

/** Keys of every warehouse. */
export const warehouseKeys = {
  arn: text
    .refine(
      (arn) => parseTargetArn(arn) !== undefined,
      "must be a namespace's ARN like arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main",
    )
    .describe("by which integrations name it: a namespace's ARN that you choose"),
  cluster: text.max(63).default("millrace").describe("its name in calls about clusters and partners"),
  auto_create_database: z
    .boolean()
    .default(true)
    .describe("`false`: rows wait for `CREATE DATABASE … FROM INTEGRATION`"),
}
