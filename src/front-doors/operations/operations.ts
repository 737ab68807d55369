import { z } from "zod"
import { auditReport } from "../../control-plane/audit/audit.ts"
import type { SessionPlane } from "../../control-plane/console/sessions.ts"
import type { Caller } from "../../control-plane/control-plane.ts"
import type { Enforcement } from "../../control-plane/governance/data/declarations.ts"
import { resyncIntegration } from "../../control-plane/pipelines/resync.ts"
import { type StatusSources, statusReport } from "../../control-plane/pipelines/status.ts"
import { verificationReport, verifyIntegration } from "../../control-plane/pipelines/verifier.ts"
import { waitForPosition } from "../../control-plane/pipelines/wait-for-position.ts"
import { processReport } from "../../control-plane/processes/process-report.ts"
import { requireReader } from "../../control-plane/sql-users/roles.ts"
import type { AlertsConfiguration } from "../../domain/alerts/alert.ts"
import type { AuditedChange } from "../../domain/audit.ts"
import { alertOperations } from "./alert-operations.ts"
import { apiKeyOperations } from "./api-key-operations.ts"
import { type ConfigurationReport, configurationOperations } from "./configuration-operations.ts"
import { consoleOperations } from "./console-operations.ts"
import { codeOperations } from "./governance-code/code-operations.ts"
import { bodyOf } from "./operation-body.ts"
import { policyOperations } from "./policy-operations.ts"

export interface OperationSources extends StatusSources {
  /** @throws Fault accessDenied, validation, unavailable */
  takeEvents(caller: Caller, body: unknown): Promise<{ accepted: number }>
  /** Who may sign in to the console. */
  console: SessionPlane
  /** The configuration of the process that answers. */
  configurationReport(): ConfigurationReport
  /** As it is now. */
  alerts(): AlertsConfiguration
  /** Where policies hold. */
  enforcement: Enforcement
  /** For the audit trail: what a call changes, without secrets. Of operations that change something. */
  tell?(change: AuditedChange): void
}

export interface Operation {
  name: string
  method: "GET" | "POST"
  /** `{integration}` stands for an id, an ARN or a name, percent-encoded. */
  path: string
  /** Whether it changes anything, and so goes into the audit trail. */
  changes: boolean
  /** Of one that changes nothing: who may have the answer; absent: whoever may read. */
  readers?: "admins"
  /** Of the body, for documents that describe it; absent: it is described nowhere, or there is none. */
  body?: z.ZodType
  /** What the audit trail keeps of the body; absent: all of it. */
  auditedParameters?(body: unknown): object
  /** @throws Fault */
  run(sources: OperationSources, caller: Caller, identifier: string, body: unknown): Promise<object>
}

const longestTimeoutMs = 3_600_000

const resyncBody = z.strictObject({ table: z.string().min(1).max(300).optional() })
const verifyBody = z.strictObject({
  table: z.string().min(1).max(300).optional(),
  repair: z.boolean().default(false),
})
const auditBody = z.strictObject({
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  who: z.string().min(1).max(200).optional(),
  what: z.string().min(1).max(200).optional(),
  before: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.number().int().min(1).max(10_000).default(1_000),
})
const waitBody = z.strictObject({
  position: z.string().min(1).max(100).optional(),
  timeoutMs: z.number().int().min(0).max(longestTimeoutMs).default(0),
})

export const operations: readonly Operation[] = [
  {
    name: "Status",
    method: "GET",
    path: "/status",
    changes: false,
    run(sources, caller) {
      requireReader(caller, "see the status")
      return statusReport(sources)
    },
  },
  {
    name: "Processes",
    method: "GET",
    path: "/processes",
    changes: false,
    run(sources, caller) {
      requireReader(caller, "see the processes")
      return processReport(sources)
    },
  },
  {
    name: "Audit",
    method: "POST",
    path: "/audit",
    body: auditBody,
    changes: false,
    readers: "admins",
    run({ store }, caller, _, body) {
      const { since, until, ...question } = bodyOf(auditBody, body)
      return auditReport(store.audit, caller, { ...question, since: dateOf(since), until: dateOf(until) })
    },
  },
  {
    name: "Resync",
    method: "POST",
    path: "/integrations/{integration}/resync",
    body: resyncBody,
    changes: true,
    run: async (sources, caller, integration, body) =>
      await resyncIntegration(sources, caller, { integration, table: bodyOf(resyncBody, body).table }),
  },
  {
    name: "Wait",
    method: "POST",
    path: "/integrations/{integration}/wait",
    body: waitBody,
    changes: false,
    async run(sources, caller, integration, body) {
      const { position, timeoutMs } = bodyOf(waitBody, body)
      return await waitForPosition(sources, caller, { integration, position, timeoutMs })
    },
  },
  {
    name: "Verify",
    method: "POST",
    path: "/integrations/{integration}/verify",
    body: verifyBody,
    changes: true,
    async run(sources, caller, integration, body) {
      const { table, repair } = bodyOf(verifyBody, body)
      return await verifyIntegration(sources, caller, { integration, table, repair })
    },
  },
  {
    name: "PostEvents",
    method: "POST",
    path: "/events/s3",
    // They come by the thousand, and say only that there is something to look at.
    changes: false,
    run: async ({ takeEvents }, caller, _, body) => takeEvents(caller, body),
  },
  {
    name: "DescribeVerification",
    method: "GET",
    path: "/integrations/{integration}/verify",
    changes: false,
    run: (sources, caller, integration) => verificationReport(sources, caller, integration),
  },
  ...alertOperations,
  ...apiKeyOperations,
  ...policyOperations,
  ...codeOperations,
  ...consoleOperations,
  ...configurationOperations,
]

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}
