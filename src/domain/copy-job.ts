import type { CopyOptions } from "./copy.ts"
import type { Problem } from "./problems.ts"

/** A COPY that is run again for each new object under its prefix. */
export interface CopyJob {
  id: number
  /** Unique whatever its case. */
  name: string
  /** The warehouse's. */
  targetArn: string
  database: string
  schema: string
  table: string
  /** Undefined: all. */
  columns: string[] | undefined
  /** The user whose rights it has. */
  owner: string
  bucket: string
  prefix: string
  iamRole: string | undefined
  /** As it was typed. */
  statement: string
  options: CopyOptions
  /** New objects are loaded as they come; else by COPY JOB RUN. */
  isAuto: boolean
  /** Objects that are older than the job, too. */
  includesExisting: boolean
  createdAt: Date
  /** The host whose files hold the table; undefined: any host reaches the warehouse, or an earlier version made the job. */
  host: string | undefined
  /** What keeps it from going on. */
  problem: Problem | undefined
}

/** Of one warehouse, as in the cloud. */
export const copyJobsAtMost = 200

/** Why a job cannot have this name; undefined when it can. */
export function jobNameMistake(name: string): string | undefined {
  if (name.length > 128) return "a job's name may have at most 128 characters"
  return /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name)
    ? undefined
    : "a job's name consists of letters, digits, _ and $, a letter or _ first"
}
