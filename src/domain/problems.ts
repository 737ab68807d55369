import type { IntegrationStatus } from "./integration.ts"
import { cut, messageAtMost } from "./text-forms/plain-text.ts"

/**
 * What can go wrong while rows move: a closed list. `reaction` says what Millrace does about it:
 * - `retry`: tries again by itself, with back-off, for as long as it takes;
 * - `person`: tries again by itself, but only a person can remove the cause;
 * - `resync`: takes a new snapshot of everything, by itself, while it stays readable (a resync);
 * - `halt`: as `person`, but shown as failed, as in the cloud, where it is for good;
 * - `giveUp`: only delete-and-recreate helps;
 * - `yield`: ends the pipeline here, since another process goes on with it.
 * docs/operating/errors.md is checked against this table.
 */
export const problemKinds = {
  sourceUnreachable: {
    code: "SOURCE_UNREACHABLE",
    reaction: "retry",
    remedy: "Start the source database or mend the network; Millrace reconnects by itself.",
  },
  sourceRefusedLogin: {
    code: "SOURCE_LOGIN_REFUSED",
    reaction: "person",
    remedy:
      "Correct the source's user name, password or keys in millrace.yaml, then run `millrace reload`; a password from an environment variable takes a restart.",
  },
  sourceTls: {
    code: "SOURCE_TLS_FAILED",
    reaction: "person",
    remedy:
      "Correct `tls` of the source in millrace.yaml (docs/operating/tls.md) and run `millrace reload`; a change at the server is noticed by itself.",
  },
  sourceDatabaseMissing: {
    code: "SOURCE_DATABASE_MISSING",
    reaction: "person",
    remedy:
      "Create the database, or correct its name in the integration's data filter or in the source's url; user and password are right.",
  },
  sourceOtherService: {
    code: "SOURCE_IS_ANOTHER_SERVICE",
    reaction: "person",
    remedy: "Correct host and port in the source's url, then run `millrace reload`.",
  },
  sourceSettings: {
    code: "SOURCE_SETTINGS_WRONG",
    reaction: "person",
    remedy: "Run `millrace check`: it names each setting and the statement that mends it.",
  },
  sourcePrivileges: {
    code: "SOURCE_PRIVILEGES_MISSING",
    reaction: "person",
    remedy: "Run `millrace check`: it names each missing privilege and the statement that grants it.",
  },
  sourceHistoryLost: {
    code: "SOURCE_HISTORY_LOST",
    reaction: "resync",
    remedy:
      "Nothing to do: every table is resynced. If this returns, have the source keep its log for longer.",
  },
  sourceRestored: {
    code: "SOURCE_RESTORED",
    reaction: "resync",
    remedy:
      "Nothing to do: every table is resynced, and what was copied before stays readable meanwhile. If this is the wrong server, correct the source's url.",
  },
  sourceBusy: {
    code: "SOURCE_BUSY",
    reaction: "retry",
    remedy:
      "A transaction at the source has been open for long, or the pipeline is far behind: a copy begins by itself when that is over, a comparison must be asked for again.",
  },
  sourceInUse: {
    code: "SOURCE_STREAM_IN_USE",
    reaction: "retry",
    remedy: "Another client reads in our name; stop it, or wait until the server notices that it is gone.",
  },
  sourceMissing: {
    code: "SOURCE_NOT_CONFIGURED",
    reaction: "person",
    remedy: "Put the source back into millrace.yaml, or delete the integration.",
  },
  keyNotAccessible: {
    code: "KMS_KEY_NOT_ACCESSIBLE",
    reaction: "halt",
    remedy:
      "Put the key, enabled, back under kms_keys in millrace.yaml and restart Millrace, or delete the integration.",
  },
  retentionOverBudget: {
    code: "SOURCE_RETENTION_OVER_BUDGET",
    reaction: "person",
    remedy:
      "Make the warehouse keep up (the other errors say what hinders it), end transactions that have been open for long at the source, or raise retention.budget.",
  },
  spoolFull: {
    code: "SPOOL_FULL",
    reaction: "person",
    remedy:
      "Make the warehouse available, free space under data_dir, or raise retention.spool_limit; until then the source keeps its log.",
  },
  sourceReleased: {
    code: "SOURCE_RELEASED",
    reaction: "resync",
    remedy: "Nothing to do but for the warehouse to be available: then every table is resynced.",
  },
  sourceNotAuthorised: {
    code: "SOURCE_NOT_AUTHORIZED",
    reaction: "giveUp",
    remedy:
      "Authorise the source in the target's resource policy, then delete the integration and create it anew.",
  },
  sourceProtocol: {
    code: "SOURCE_PROTOCOL_ERROR",
    reaction: "retry",
    remedy: "The source sent something unexpected; see the log, and report it if it returns.",
  },
  warehouseMissing: {
    code: "WAREHOUSE_NOT_CONFIGURED",
    reaction: "person",
    remedy: "Put the warehouse back into millrace.yaml, or delete the integration.",
  },
  warehouseUnavailable: {
    code: "WAREHOUSE_UNAVAILABLE",
    reaction: "retry",
    remedy: "Make the warehouse reachable and writable; Millrace goes on by itself.",
  },
  warehouseLocked: {
    code: "WAREHOUSE_LOCKED",
    reaction: "retry",
    remedy:
      "End that transaction, or wait until it ends; Millrace goes on by itself, nothing is lost. Tables whose rows come by the same batch wait with it.",
  },
  warehouseDiskFull: {
    code: "WAREHOUSE_DISK_FULL",
    reaction: "retry",
    remedy:
      "Free space where the warehouse's server has its tables and its log, or give it more; Millrace goes on by itself, nothing is lost.",
  },
  diskFull: {
    code: "DISK_FULL",
    reaction: "retry",
    remedy: "Free space under data_dir; Millrace goes on by itself, nothing is lost.",
  },
  tableFailed: {
    code: "TABLE_FAILED",
    reaction: "person",
    remedy: "See the table's own reason in `millrace status`; other tables keep streaming.",
  },
  copyNotAllowed: {
    code: "COPY_NOT_ALLOWED",
    reaction: "person",
    remedy: "Mend what it says, or drop the job and create it anew; its files wait meanwhile.",
  },
  copyTargetMissing: {
    code: "COPY_TARGET_MISSING",
    reaction: "person",
    remedy: "Make the table again, with the columns that the COPY names, or drop the job.",
  },
  policiesNotEnforced: {
    code: "POLICIES_NOT_ENFORCED",
    reaction: "person",
    remedy: "Run the statements that it names, or mend the policy; it is looked at again within a minute.",
  },
  unobserved: {
    code: "PIPELINE_STATE_UNKNOWN",
    reaction: "retry",
    remedy:
      "Start the Millrace that runs the pipelines, or see its log if it runs: what its pipelines do is known again as soon as it reports.",
  },
  takenOver: {
    code: "PIPELINE_TAKEN_OVER",
    reaction: "yield",
    remedy: "Nothing to do: another process of Millrace runs the pipeline now.",
  },
  internal: {
    code: "INTERNAL_ERROR",
    reaction: "retry",
    remedy: "A fault in Millrace; see the log, and report it.",
  },
} as const satisfies Record<
  string,
  { code: string; reaction: "retry" | "person" | "resync" | "halt" | "giveUp" | "yield"; remedy: string }
>

export type ProblemKind = keyof typeof problemKinds

/** What a person sees of a problem: in an integration's `Errors`, in `millrace status`. Holds no secret and no row value. */
export interface ProblemReport {
  code: string
  message: string
}

/** Something that stopped or hinders a pipeline. `message` is shown to people, cut at 2,000 characters; `cause` is for the log. */
export class Problem extends Error {
  readonly kind: ProblemKind
  /** What the engine that it came from adds to the remedy: its own settings and statements. */
  advice: string | undefined

  constructor(kind: ProblemKind, message: string, options?: { cause?: unknown }) {
    super(cut(message, messageAtMost), options)
    this.name = "Problem"
    this.kind = kind
  }
}

/** The two halves a person needs: what happened, and what to do. */
export function reportOf(problem: Problem): ProblemReport {
  const { code, remedy } = problemKinds[problem.kind]
  const advice = problem.advice === undefined ? "" : ` ${problem.advice}`
  return { code, message: `${problem.message} ${remedy}${advice}` }
}

/** The status an integration shows while this problem lasts (spec: `syncing` heals itself, `needs_attention` waits). */
export function statusDuring(kind: ProblemKind): IntegrationStatus {
  switch (problemKinds[kind].reaction) {
    case "resync":
    case "yield":
      return "syncing"
    case "retry":
    case "person":
      return "needs_attention"
    case "halt":
    case "giveUp":
      return "failed"
  }
}

/** Whether an integration that is `failed` for these may still go on, once a person has removed the cause. */
export function isCurable(errors: readonly ProblemReport[]): boolean {
  const has = (reaction: "halt" | "giveUp") =>
    Object.values(problemKinds).some(
      (kind) => kind.reaction === reaction && errors.some(({ code }) => code === kind.code),
    )
  return has("halt") && !has("giveUp")
}
