import { z } from "zod"
import { retentionPolicies } from "../../domain/configuration.ts"
import { parseSourceArn } from "../../domain/text-forms/arn.ts"
import { size, text } from "../values.ts"

/** The ARN of a database server, as the RDS API names it. */
export const databaseArn = text.refine(
  (arn) => parseSourceArn(arn) !== undefined,
  "must be a database's ARN like arn:aws:rds:us-east-1:123456789012:db:orders (or …:cluster:orders)",
)

const defaultSpoolLimitBytes = 20 * 2 ** 30

/** How much history a server may keep for us: of engines that keep it for each reader. */
export const retention = z
  .strictObject({
    budget: size.describe("how much history the server may keep for us, such as `10GiB`"),
    policy: z
      .enum(retentionPolicies, `must be one of ${retentionPolicies.join(", ")}`)
      .default("hold")
      .describe("beyond it: wait, keep the history here instead, or give it up and resync"),
    spool_limit: size
      .optional()
      .describe("with `spool`: the most that is kept here, per pipeline; usual: 20GiB"),
  })
  .refine(({ policy, spool_limit: limit }) => policy === "spool" || limit === undefined, {
    path: ["spool_limit"],
    message: "is only for policy: spool",
  })
  .transform(({ budget: budgetBytes, policy, spool_limit: limit }) => ({
    budgetBytes,
    policy,
    spoolLimitBytes: limit ?? defaultSpoolLimitBytes,
  }))
