import { Fault } from "../../../domain/faults.ts"
import { passwordHash } from "../../../governance/setup/password-hashes.ts"
import { type IntegrationPayload, readPayload, requireUnchanged } from "../../../governance/setup/payload.ts"
import { isSetupDialect, type SetupDialect } from "../../../governance/setup/plan.ts"
import { likelyDialect } from "../../../governance/setup/probes.ts"
import { type ScriptKind, scriptText } from "../../../governance/setup/scripts.ts"
import {
  getIntegration,
  type IntegrationCalls,
  requireDeletable,
  requireEditable,
  requireFreeName,
} from "./calls.ts"
import { fingerprintOf, opened, planOf } from "./plane.ts"

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
  const plan = planOf({ config, fingerprint, dialect: dialectOf(payload, dialect) }, credentials.username)
  const which: ScriptKind =
    kind === "initial-create" ? { kind, hash: hashOf(plane.secret, payload, plan.dialect) } : { kind }
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
  const isSame = plan.systemUser === previous.systemUser && credentials.password === account.password
  const hash = isSame ? undefined : hashOf(plane.secret, payload, plan.dialect)
  return { script: scriptText(plan, { kind: "edit", previous, hash }, config), fingerprint }
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
  if (payload.credentials.type === "okta")
    throw new Fault(
      "checksFailed",
      "Validation failed: Initial Validation: Okta Token: Signing in by Okta is not available for integrations yet: use userPassword.",
    )
  return payload
}

function notManual(): Fault {
  return new Fault(
    "validation",
    "Scripts are only available for integrations with autoBootstrap set to false.",
  )
}

function dialectOf({ config }: IntegrationPayload, asked: string | undefined): SetupDialect {
  if (asked === undefined) return likelyDialect(config)
  if (isSetupDialect(asked)) return asked
  throw new Fault("validation", `Invalid request: engine ${asked.slice(0, 40)} is not known`)
}

/** The same payload, the same text. */
function hashOf(secret: Buffer, { credentials }: IntegrationPayload, dialect: SetupDialect): string {
  return passwordHash(dialect, {
    user: credentials.username.toLowerCase(),
    password: credentials.password,
    seed: secret,
  })
}
