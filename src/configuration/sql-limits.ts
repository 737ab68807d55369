import { z } from "zod"
import type { SqlLimits } from "../domain/configuration.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import { size, text } from "./values.ts"

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
  connections: z.number().int().min(1).max(5_000).default(500),
  connections_per_user: z.number().int().min(1).max(5_000).optional(),
  logins_per_address: z.number().int().min(1).max(5_000).default(100),
  statement_timeout: statementTimeout.default(10 * 60_000),
  statement_memory: statementSize.optional(),
  statement_spill: statementSize.optional(),
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
