import { z } from "zod"
import { parseTargetArn } from "../../domain/text-forms/arn.ts"
import { text } from "../values.ts"

/** Keys of every warehouse. */
export const warehouseKeys = {
  arn: text.refine(
    (arn) => parseTargetArn(arn) !== undefined,
    "must be a namespace's ARN like arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main",
  ),
  cluster: text.max(63).default("millrace"),
  auto_create_database: z.boolean().default(true),
}
