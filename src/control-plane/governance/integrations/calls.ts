import { Fault } from "../../../domain/faults.ts"
import type {
  GovernedIntegration,
  GovernedStatus,
  PendingEdit,
  ValidationResults,
} from "../../../governance/setup/integration.ts"
import {
  type IntegrationPayload,
  readPayload,
  readRemoval,
  requireUnchanged,
  type ServerCredentials,
  shownConfig,
} from "../../../governance/setup/payload.ts"
import type { SetupDialect } from "../../../governance/setup/plan.ts"
import { reservedDatabases } from "../../../governance/setup/probes.ts"
import { newAccount, type SystemAccount } from "./account.ts"
import { type CheckRequest, checkServer } from "./checks.ts"
import type { IntegrationJobs } from "./jobs.ts"
import { fingerprintOf, type IntegrationPlane, opened } from "./plane.ts"

/** What the calls work on. */
export interface IntegrationCalls {
  plane: IntegrationPlane
  jobs: IntegrationJobs
}

/** Of a call that begins a job. (Fact: its members.) */
export interface BegunIntegration {
  id: string
  status: GovernedStatus
  validationResults: ValidationResults
}

/** What an integration was and is, for the audit trail. */
export interface ToldChange {
  answer: BegunIntegration
  before: object | undefined
  after: object | undefined
}

/** (Fact: an integration that is being edited is refused; the others are ours.) */
const editableStatuses: readonly GovernedStatus[] = [
  "enabled",
  "editError",
  "migrateError",
  "deleteError",
  "recurringValidationError",
]
const deletableStatuses: readonly GovernedStatus[] = [...editableStatuses, "createError", "disabled"]

/** (Fact: the members, and that they are in this order.) */
export function shownIntegration(integration: GovernedIntegration): object {
  const { id, status, validationResults, type, autoBootstrap, config } = integration
  return { id: String(id), status, validationResults, type, autoBootstrap, config: shownConfig(config) }
}

/** @throws Fault unavailable */
export async function listIntegrations({ plane }: IntegrationCalls): Promise<object[]> {
  return (await plane.store.all()).map(shownIntegration)
}

/** @throws Fault integrationNotFound */
export async function getIntegration({ plane }: IntegrationCalls, id: string): Promise<GovernedIntegration> {
  return await found(plane, id, `No Integration found with ID ${id}.`)
}

/** Decimal digits; anything else is the id of nothing. */
async function found(plane: IntegrationPlane, id: string, absent: string): Promise<GovernedIntegration> {
  const integration = /^\d{1,15}$/.test(id) ? await plane.store.byId(Number(id)) : undefined
  if (integration === undefined) throw new Fault("integrationNotFound", absent)
  return integration
}

/**
 * In this order: the body, the host, the server's checks; then it is kept, and its set-up begins.
 * @throws Fault validation, unsupported, integrationExists, checksFailed
 */
export async function createIntegration(
  { plane, jobs }: IntegrationCalls,
  body: unknown,
): Promise<ToldChange> {
  const payload = readPayload(body)
  requireFreeName(payload)
  const { type, autoBootstrap, config, credentials } = payload
  const clash = await plane.store.idOnHost(type, config.host)
  if (clash !== undefined) throw exists(payload, clash)
  const fingerprint = fingerprintOf(plane.secret, payload)
  const { results, dialect } = await checked(plane, {
    config,
    credentials,
    fingerprint,
    act: "create",
    manner: mannerOf(payload),
  })
  const account = await plane.safe.seal(accountOf(payload), config)
  const made = await plane.store.insert(
    { type, autoBootstrap, config, dialect, fingerprint, account, validationResults: results },
    jobs.owner,
  )
  if (typeof made === "number") throw exists(payload, made)
  jobs.start(made, autoBootstrap ? credentials : undefined)
  return { answer: begun(made), before: undefined, after: shownIntegration(made) }
}

function exists({ type, config }: IntegrationPayload, id: number): Fault {
  return new Fault(
    "integrationExists",
    `${type} integration already exists on host ${config.host} (id = ${id})`,
  )
}

/** The one-time credentials are not kept; those of a manual set-up are the account's. */
function accountOf({ autoBootstrap, credentials }: IntegrationPayload): SystemAccount {
  return autoBootstrap ? newAccount() : accountBy(credentials)
}

function accountBy(credentials: ServerCredentials): SystemAccount {
  const user = credentials.username.toLowerCase()
  switch (credentials.type) {
    case "userPassword":
      return { user, password: credentials.password }
    case "okta":
      return { user, okta: credentials }
  }
}

function mannerOf({ autoBootstrap }: { autoBootstrap: boolean }): CheckRequest["manner"] {
  return autoBootstrap ? "automatic" : "manual"
}

/** @throws Fault validation */
export function requireFreeName({ config }: IntegrationPayload): void {
  const name = config.database.toLowerCase()
  if (name !== config.initialDatabase.toLowerCase() && reservedDatabases.includes(name))
    throw new Fault("validation", `Invalid request payload: /config/database ${name} is a reserved name`)
}

/** @throws Fault checksFailed */
async function checked(
  plane: IntegrationPlane,
  request: CheckRequest,
): Promise<{ results: ValidationResults; dialect: SetupDialect }> {
  const { results, dialect } = await checkServer(plane, request)
  const failed = results.validationTests.find(({ status }) => status === "failed")
  if (failed !== undefined || dialect === undefined)
    throw new Fault("checksFailed", `Validation failed: ${failed?.name}: ${failed?.message}`)
  return { results, dialect }
}

/** What answers of a call that begins something show. */
export function begun({ id, status, validationResults }: GovernedIntegration): BegunIntegration {
  return { id: String(id), status, validationResults }
}

/** @throws Fault integrationNotFound, validation, integrationInWrongState, checksFailed */
export async function updateIntegration(
  { plane, jobs }: IntegrationCalls,
  id: string,
  body: unknown,
): Promise<ToldChange> {
  const before = await found(plane, id, `No Integration found with ID ${id}.`)
  const payload = readPayload(body)
  requireUnchanged(before, payload)
  const isRetry = before.status === "createError"
  if (!isRetry) requireEditable(before)
  const { config, credentials, autoBootstrap } = payload
  const fingerprint = fingerprintOf(plane.secret, payload)
  const { results, dialect } = await checked(plane, {
    config,
    credentials,
    fingerprint,
    act: isRetry ? "create" : "edit",
    manner: mannerOf(payload),
    previousRole: before.config.impersonation.enabled ? before.config.impersonation.role : undefined,
  })
  if (dialect !== before.dialect)
    throw new Fault(
      "checksFailed",
      "Validation failed: the server is of another kind than when it was set up",
    )
  const pending: PendingEdit = {
    config,
    fingerprint,
    ...(!autoBootstrap && { account: await plane.safe.seal(accountOf(payload), config) }),
  }
  const after = isRetry
    ? await retry({ plane, jobs }, before, { pending, results })
    : await plane.store.beginJob(before.id, {
        from: editableStatuses,
        to: "editing",
        kind: "edit",
        owner: jobs.owner,
        validationResults: results,
        pending,
      })
  if (after === undefined) throw wrongState("edit", await getIntegration({ plane, jobs }, id))
  jobs.start(after, autoBootstrap ? credentials : undefined)
  const wanted = { ...shownIntegration({ ...after, config }), status: after.status }
  return { answer: begun(after), before: shownIntegration(before), after: wanted }
}

/** A set-up that failed begins anew, as the new payload says. */
async function retry(
  { plane, jobs }: IntegrationCalls,
  { id }: GovernedIntegration,
  { pending, results }: { pending: PendingEdit; results: ValidationResults },
): Promise<GovernedIntegration | undefined> {
  return await plane.store.beginJob(id, {
    from: ["createError"],
    to: "creating",
    kind: "create",
    owner: jobs.owner,
    validationResults: results,
    replaced: pending,
  })
}

/** @throws Fault integrationInWrongState */
export function requireEditable(integration: GovernedIntegration): void {
  if (!editableStatuses.includes(integration.status)) throw wrongState("edit", integration)
}

/** @throws Fault integrationInWrongState */
export function requireDeletable(integration: GovernedIntegration): void {
  if (!deletableStatuses.includes(integration.status)) throw wrongState("delete", integration)
}

/** (Fact: the text of edit; that of delete is ours by analogy.) */
function wrongState(act: "edit" | "delete", { id, status }: GovernedIntegration): Fault {
  return new Fault(
    "integrationInWrongState",
    `Unable to ${act} integration with ID ${id} in current state ${status}.`,
  )
}

/** @throws Fault integrationNotFound, validation, integrationInWrongState, checksFailed */
export async function deleteIntegration(
  { plane, jobs }: IntegrationCalls,
  id: string,
  body: unknown,
): Promise<ToldChange> {
  const before = await found(plane, id, `No integration found with ID ${id}.`)
  if (before.status === "disabled") return await forgotten(plane, before)
  const credentials = removalCredentials(before, body)
  requireDeletable(before)
  const results =
    credentials === undefined ? before.validationResults : await checkedRemoval(plane, before, credentials)
  const after = await plane.store.beginJob(before.id, {
    from: deletableStatuses,
    to: "deleting",
    kind: "delete",
    owner: jobs.owner,
    validationResults: results,
  })
  if (after === undefined)
    throw wrongState("delete", (await plane.store.byId(before.id)) ?? { ...before, status: "deleted" })
  jobs.start(after, credentials)
  return { answer: begun(after), before: shownIntegration(before), after: undefined }
}

/** Without work on the server: it was to be left alone. (Ours) */
async function forgotten({ store }: IntegrationPlane, before: GovernedIntegration): Promise<ToldChange> {
  const after = await store.changeStatus(before.id, { from: ["disabled"], to: "deleted" })
  if (after === undefined) throw wrongState("delete", (await store.byId(before.id)) ?? before)
  return { answer: begun(after), before: shownIntegration(before), after: undefined }
}

async function checkedRemoval(
  plane: IntegrationPlane,
  before: GovernedIntegration,
  credentials: ServerCredentials,
): Promise<ValidationResults> {
  const { config, fingerprint } = before
  // Fails here and not in the job when what was sealed cannot be opened any more.
  await opened(plane, before)
  const { results } = await checked(plane, {
    config,
    credentials,
    fingerprint,
    act: "delete",
    manner: "automatic",
  })
  return results
}

/** (Fact: both texts.) @throws Fault validation */
function removalCredentials(
  { autoBootstrap }: GovernedIntegration,
  body: unknown,
): ServerCredentials | undefined {
  if (autoBootstrap && body === undefined)
    throw new Fault(
      "validation",
      "Integrations that are automatically configured require privileged credentials to disable. Please provide them in your payload.",
    )
  if (!autoBootstrap && body !== undefined)
    throw new Fault(
      "validation",
      "Credentials are not required for disable unless the integration was configured automatically. If you need to update your integration credentials, use PUT to update the integration before disabling.",
    )
  return autoBootstrap ? readRemoval(body) : undefined
}
