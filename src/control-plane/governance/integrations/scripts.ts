import { Fault } from "../../../domain/faults.ts"
import { passwordHash } from "../../../governance/setup/password-hashes.ts"
import {
  type IntegrationPayload,
  readPayload,
  requireUnchanged,
  type ServerCredentials,
} from "../../../governance/setup/payload.ts"
import {
  hasOwners,
  isSetupDialect,
  type SetupDialect,
  type SetupPlan,
} from "../../../governance/setup/plan.ts"
import { likelyDialect } from "../../../governance/setup/probes.ts"
import { type ScriptKind, scriptText } from "../../../governance/setup/scripts.ts"
import type { AccountPassword } from "../../../governance/setup/statements.ts"
import type { SystemAccount } from "./account.ts"
import {
  getIntegration,
  type IntegrationCalls,
  requireDeletable,
  requireEditable,
  requireFreeName,
} from "./calls.ts"
import { noGroups } from "./checks.ts"
import { fingerprintOf, type IntegrationPlane, opened, planOf } from "./plane.ts"

export interface Script {
  script: string
  /** Of the payload that it is made of. */
  fingerprint: string
}

/** Of a set-up that is about to be made or was not finished: all from the payload. */
export type PayloadScript = "initial-create" | "create" | "cleanup"

/**
 * @param dialect as the caller names it; `undefined`: by host and port, since nothing is connected to
 * @throws Fault validation, unsupported, checksFailed
 */
export async function payloadScript(
  { plane }: IntegrationCalls,
  kind: PayloadScript,
  { body, dialect }: { body: unknown; dialect: string | undefined },
): Promise<Script> {
  const payload = manualPayload(body)
  requireFreeName(payload)
  const { config, credentials } = payload
  const fingerprint = fingerprintOf(plane.secret, payload)
  const plan = planOf(
    { config, fingerprint, dialect: dialectOf(plane, payload, dialect) },
    credentials.username,
  )
  requireServed(plan)
  const which: ScriptKind =
    kind === "initial-create" ? { kind, password: hashOf(plane.secret, payload, plan.dialect) } : { kind }
  return { script: scriptText(plan, which, config), fingerprint }
}

/** @throws Fault integrationNotFound, validation, integrationInWrongState */
export async function editScript(calls: IntegrationCalls, id: string, body: unknown): Promise<Script> {
  const { plane } = calls
  const integration = await getIntegration(calls, id)
  const payload = manualPayload(body)
  requireUnchanged(integration, payload)
  requireEditable(integration)
  const { plan: previous, account } = await opened(plane, integration)
  const { config, credentials } = payload
  const fingerprint = fingerprintOf(plane.secret, payload)
  const plan = planOf({ config, fingerprint, dialect: previous.dialect }, credentials.username)
  requireServed(plan)
  const isSame = plan.systemUser === previous.systemUser && isSamePassword(credentials, account)
  const password = isSame ? undefined : hashOf(plane.secret, payload, plan.dialect)
  return { script: scriptText(plan, { kind: "edit", previous, password }, config), fingerprint }
}

/** @throws Fault integrationNotFound, validation, integrationInWrongState */
export async function deleteScript(calls: IntegrationCalls, id: string): Promise<Script> {
  const integration = await getIntegration(calls, id)
  if (integration.autoBootstrap) throw notManual()
  requireDeletable(integration)
  const { plan } = await opened(calls.plane, integration)
  return { script: scriptText(plan, { kind: "delete" }, integration.config), fingerprint: plan.fingerprint }
}

function manualPayload(body: unknown): IntegrationPayload {
  const payload = readPayload(body)
  if (payload.autoBootstrap) throw notManual()
  return payload
}

/** @throws Fault checksFailed */
function requireServed({ dialect, impersonationRole }: SetupPlan): void {
  if (impersonationRole !== undefined && !hasOwners(dialect))
    throw new Fault("checksFailed", `Validation failed: ${noGroups}`)
}

function notManual(): Fault {
  return new Fault(
    "validation",
    "Scripts are only available for integrations with autoBootstrap set to false.",
  )
}

function dialectOf(
  { ownPort }: IntegrationPlane,
  { config }: IntegrationPayload,
  asked: string | undefined,
): SetupDialect {
  if (asked === undefined) return likelyDialect(config, ownPort)
  if (isSetupDialect(asked)) return asked
  throw new Fault("validation", `Invalid request: engine ${asked.slice(0, 40)} is not known`)
}

/** The same payload, the same text. `none`: who signs in by Okta has temporary passwords only. */
function hashOf(secret: Buffer, { credentials }: IntegrationPayload, dialect: SetupDialect): AccountPassword {
  if (credentials.type === "okta") return "none"
  const hash = passwordHash(dialect, {
    user: credentials.username.toLowerCase(),
    password: credentials.password,
    seed: secret,
  })
  return { hash }
}

/** Whether the account's password in the server is what the payload wants, by what is kept of it. */
function isSamePassword(credentials: ServerCredentials, account: SystemAccount): boolean {
  if (credentials.type === "okta") return "okta" in account
  return "password" in account && account.password === credentials.password
}
