import { z } from "zod"
import type { SqlLimits } from "../../domain/configuration.ts"
import { parseDuration } from "../../domain/text-forms/duration.ts"
import { size, text } from "../values.ts"

const leastStatementBytes = 64 * 2 ** 20

const statementSize = size.refine((bytes) => bytes >= leastStatementBytes, "must be 64MiB or more")

const statementTimeout = text.transform((given, context): number | undefined => {
  if (given === "never") return undefined
  const timeoutMs = parseDuration(given)
  if (timeoutMs !== undefined && timeoutMs >= 1 && timeoutMs <= 2 ** 31 - 1) return timeoutMs
  context.addIssue("must be a length of time like 30s, 10m or 2h (24d at most), or never")
  return z.NEVER
})

/** Of the connections: two users cannot take all of them. */
const shareOfOneUser = 0.4

const written = z.strictObject({
  connections: z.number().int().min(1).max(5_000).default(500).describe("open at once"),
  connections_per_user: z
    .number()
    .int()
    .min(1)
    .max(5_000)
    .optional()
    .describe("of one user; usual: two fifths of `connections`"),
  logins_per_address: z
    .number()
    .int()
    .min(1)
    .max(5_000)
    .default(100)
    .describe("connections of one address that have not proven a password yet"),
  statement_timeout: statementTimeout
    .prefault("10m")
    .describe("of statements of those who are no administrators: a length of time up to 24d, or `never`"),
  statement_memory: statementSize
    .optional()
    .describe("what a statement may hold in memory, 64MiB or more; usual: half of the warehouse's"),
  statement_spill: statementSize
    .optional()
    .describe("what it may set aside on disk, 64MiB or more; usual: a quarter of what is free at the start"),
})

/** Of the SQL port. */
export const sqlLimits = written.transform(
  (limits): SqlLimits => ({
    connections: limits.connections,
    connectionsPerUser: limits.connections_per_user ?? Math.ceil(limits.connections * shareOfOneUser),
    loginsPerAddress: limits.logins_per_address,
    statementTimeoutMs: limits.statement_timeout,
    statementMemoryBytes: limits.statement_memory,
    statementSpillBytes: limits.statement_spill,
  }),
)

export const sqlLimitKeys = Object.keys(written.shape)
