import { randomUUID } from "node:crypto"
import type { WarehouseConfiguration } from "../../domain/configuration.ts"
import {
  canonicalText,
  type DataFilter,
  type FilterForm,
  pipelineDatabases,
} from "../../domain/data-filter/data-filter.ts"
import { parseDataFilter } from "../../domain/data-filter/data-filter-parser.ts"
import { Fault } from "../../domain/faults.ts"
import {
  type Destination,
  deletableStatuses,
  destinationDatabase,
  destinationMistake,
  type Integration,
  type IntegrationService,
  type IntegrationStatus,
  type Tag,
} from "../../domain/integration.ts"
import { tagsMistake } from "../../domain/tags.ts"
import {
  integrationArn,
  isIntegrationName,
  isUuid,
  parseIntegrationArn,
} from "../../domain/text-forms/arn.ts"
import type { IntegrationPatch } from "../../state/integrations/integration-rows.ts"
import type {
  IntegrationCursor,
  IntegrationFilter,
  IntegrationStore,
} from "../../state/integrations/integrations.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"
import { encryptionOf } from "./encryption.ts"
import { endUnauthorised, requireInbound } from "./resource-policies.ts"
import { shownOtherwise, shownStatus } from "./shown-status.ts"

export interface CreateIntegrationInput {
  /** The API that makes it, and alone sees it as its own. */
  service: IntegrationService
  /** A UUID that names it before it exists; default: a new one. */
  id?: string
  sourceArn: string
  targetArn: string
  integrationName: string
  dataFilter?: string | undefined
  description?: string | undefined
  kmsKeyId?: string | undefined
  additionalEncryptionContext?: Record<string, string> | undefined
  tags?: Tag[] | undefined
}

export interface DescribeIntegrationsInput {
  service: IntegrationService
  /** ARN, UUID or name; alone it must exist. */
  integrationIdentifier?: string | undefined
  /** Each member that is present narrows the list. */
  filter?: IntegrationFilter
  /** `next` of the page before. */
  after?: string | undefined
  /** Most integrations to answer. */
  limit: number
}

export interface IntegrationPage {
  integrations: Integration[]
  /** Present when there may be more. */
  next: string | undefined
}

export interface DeleteIntegrationInput {
  service: IntegrationService
  integrationIdentifier: string
}

const descriptionMaxLength = 1000

/**
 * Records what should be and returns at once, `creating`; the reconciler does the rest.
 *
 * @throws Fault accessDenied, validation, sourceNotFound, targetNotFound, invalidValue, invalidCombination,
 * kmsKeyNotAccessible, integrationExists, conflictingOperation, quotaExceeded, invalidTag, tagLimitExceeded, unsupported.
 */
export async function createIntegration(
  plane: ControlPlane,
  caller: Caller,
  input: CreateIntegrationInput,
): Promise<Integration> {
  requireAdmin(caller, "create integrations")
  const wanted = newIntegration(plane, input)
  await requireInbound(plane, caller, input)
  const recorded = await plane.store.integrations.insert(wanted.integration, wanted.destinations)
  // A policy that was put meanwhile did not see it yet.
  await endUnauthorised(plane, input.targetArn)
  plane.nudge()
  return recorded
}

function newIntegration(
  plane: ControlPlane,
  input: CreateIntegrationInput,
): { integration: Integration; destinations: Destination[] } {
  checkName(input.integrationName)
  checkDescription(input.description)
  const encryption = encryptionOf(plane, input)
  checkTags(input.tags ?? [])
  const { destinations, dataFilter } = checkEnds(plane, input)
  const { id = randomUUID() } = input
  const integration: Integration = {
    id,
    arn: integrationArn({ service: input.service, region: plane.region, account: plane.account, id }),
    service: input.service,
    name: input.integrationName,
    description: input.description === "" ? undefined : input.description,
    sourceArn: input.sourceArn,
    targetArn: input.targetArn,
    dataFilter,
    isFilterPending: false,
    ...encryption,
    tags: input.tags ?? [],
    status: "creating",
    errors: [],
    createdAt: new Date(),
  }
  return { integration, destinations }
}

/** Source, target and what goes from one to the other. */
function checkEnds(
  plane: ControlPlane,
  input: CreateIntegrationInput,
): { destinations: Destination[]; dataFilter: string | undefined } {
  const source = plane.sources.find(({ arn }) => arn === input.sourceArn)
  if (source === undefined) {
    throw new Fault("sourceNotFound", `No source ${input.sourceArn} is configured.`)
  }
  const warehouse = plane.warehouses.find(({ arn }) => arn === input.targetArn)
  if (warehouse === undefined) {
    throw new Fault("targetNotFound", `No warehouse ${input.targetArn} is configured.`)
  }
  const engine = plane.sourceEngines.named(source.engine)
  if (engine === undefined) {
    throw new Fault(
      "unsupported",
      `Sources of the engine ${source.engine} cannot be read by this version yet.`,
    )
  }
  // A bucket's files go wherever its jobs say.
  if (engine.delivery === "files") return { destinations: [], dataFilter: undefined }
  const { selection } = engine
  if (selection.kind === "whole")
    return { destinations: destined(warehouse, input, [selection.databaseOf(source)]), dataFilter: undefined }
  const filter = parsedFilter(input.dataFilter, selection.form)
  const destinations = destined(warehouse, input, pipelineDatabases(filter))
  return { destinations, dataFilter: input.dataFilter ?? canonicalText(filter) }
}

function destined(
  { autoCreateDatabase }: WarehouseConfiguration,
  { integrationName }: CreateIntegrationInput,
  sourceDatabases: string[],
): Destination[] {
  return autoCreateDatabase ? destinationsOf(integrationName, sourceDatabases) : waitingFor(sourceDatabases)
}

/** @throws Fault invalidValue */
export function parsedFilter(text: string | undefined, form: FilterForm): DataFilter {
  const filter = parseDataFilter(text, form)
  if ("mistakes" in filter) throw new Fault("invalidValue", filter.mistakes.join(" "))
  return filter.ok
}

/** They have no destination until CREATE DATABASE gives them one. */
export function waitingFor(databases: string[]): Destination[] {
  return databases.map((sourceDatabase) => ({ sourceDatabase, destinationDatabase: undefined }))
}

/** @throws Fault invalidValue */
export function destinationsOf(
  integrationName: string,
  databases: string[],
  severalDatabases = databases.length > 1,
): Destination[] {
  refuseAlike(databases)
  return databases.map((sourceDatabase) => {
    const name = destinationDatabase(integrationName, sourceDatabase, severalDatabases)
    const mistake = destinationMistake(name)
    if (mistake !== undefined) throw new Fault("invalidValue", `${mistake} Choose another integration name.`)
    return { sourceDatabase, destinationDatabase: name }
  })
}

/** To the warehouse they would be one database. @throws Fault invalidValue */
function refuseAlike(databases: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const database of databases) {
    const other = seen.get(database.toLowerCase())
    if (other !== undefined && other !== database)
      throw new Fault(
        "invalidValue",
        `The source databases ${other} and ${database} differ only in case, which this warehouse cannot keep apart. Take one of them per integration.`,
      )
    seen.set(database.toLowerCase(), database)
  }
}

export function checkName(name: string): void {
  if (isIntegrationName(name)) return
  throw new Fault(
    "validation",
    "IntegrationName must be 1 to 63 letters, digits and single hyphens, and must start with a letter.",
  )
}

export function checkDescription(description: string | undefined): void {
  if (description === undefined) return
  if (description.length > descriptionMaxLength) {
    throw new Fault("validation", `Description may have at most ${descriptionMaxLength} characters.`)
  }
  // The state database could not hold it.
  if (description.includes("\0"))
    throw new Fault("validation", "Description may not contain the character NUL.")
}

function checkTags(tags: readonly Tag[]): void {
  const mistake = tagsMistake(tags)
  if (mistake !== undefined) throw new Fault(mistake.kind, mistake.message)
}

/**
 * One integration, or a page of all, oldest first.
 *
 * @throws Fault accessDenied, integrationNotFound, invalidValue (`after`).
 */
export async function describeIntegrations(
  plane: ControlPlane,
  caller: Caller,
  input: DescribeIntegrationsInput,
): Promise<IntegrationPage> {
  requireReader(caller, "describe integrations")
  if (input.integrationIdentifier !== undefined) {
    const found = await requireIntegration(plane, input)
    return { integrations: await shownStatus(plane.store, [found]), next: undefined }
  }
  return await integrationPage(plane, { ...input.filter, service: input.service }, input)
}

/** A page of what the filter leaves, oldest first. @throws Fault invalidValue (`after`). */
export async function integrationPage(
  plane: ControlPlane,
  filter: IntegrationFilter,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<IntegrationPage> {
  const cursor = after === undefined ? undefined : cursorFrom(after)
  // One more than asked tells whether there is another page.
  const shown = filter.statuses && (await shownOtherwise(plane.store))
  const narrowed = { ...filter, ...(shown && { shown }) }
  const found = await plane.store.integrations.list({ after: cursor, limit: limit + 1, filter: narrowed })
  const integrations = await shownStatus(plane.store, found.slice(0, limit))
  const last = integrations.at(-1)
  return { integrations, next: found.length > limit && last ? cursorText(last) : undefined }
}

function cursorText({ createdAt, id }: IntegrationCursor): string {
  return `${createdAt.getTime()}.${id}`
}

function cursorFrom(text: string): IntegrationCursor {
  const [ms = "", id = "", ...more] = text.split(".")
  if (!/^[0-9]{1,15}$/.test(ms) || !isUuid(id) || more.length > 0) {
    throw new Fault("invalidValue", "The marker is not one that was handed out.")
  }
  return { createdAt: new Date(Number(ms)), id }
}

/**
 * Marks it `deleting`; the reconciler ends it, then it is gone. Neither source nor warehouse data is removed.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState.
 */
export async function deleteIntegration(
  plane: ControlPlane,
  caller: Caller,
  input: DeleteIntegrationInput,
): Promise<Integration> {
  requireAdmin(caller, "delete integrations")
  const found = await requireIntegration(plane, input)
  const deleting = await changeIf(plane, found, deletableStatuses, { status: "deleting" }, "deleted")
  plane.nudge()
  return deleting
}

export async function changeIf(
  plane: ControlPlane,
  found: Integration,
  allowed: readonly IntegrationStatus[],
  patch: IntegrationPatch,
  done: string,
): Promise<Integration> {
  const changed = await plane.store.integrations.updateIf(found.id, allowed, patch)
  return changed ?? (await refuseStatus(plane, found, allowed, done))
}

/** @throws Fault integrationInWrongState, integrationNotFound (it is gone meanwhile). */
export async function refuseStatus(
  plane: ControlPlane,
  found: Integration,
  allowed: readonly IntegrationStatus[],
  done: string,
): Promise<never> {
  const now = await plane.store.integrations.byId(found.id)
  if (now === undefined) throw notFound(found.name)
  throw new Fault(
    "integrationInWrongState",
    `Integration ${now.name} is ${now.status}; it can be ${done} while it is ${allowed.join(", ")}.`,
  )
}

/** By ARN, id or name, among those of the service; the other service's are not there for it. */
export async function requireIntegration(
  plane: ControlPlane,
  {
    service,
    integrationIdentifier = "",
  }: { service: IntegrationService; integrationIdentifier?: string | undefined },
): Promise<Integration> {
  const found = await lookUp(plane.store.integrations, integrationIdentifier)
  if (found?.service !== service) throw notFound(integrationIdentifier)
  return found
}

async function lookUp(store: IntegrationStore, identifier: string): Promise<Integration | undefined> {
  if (parseIntegrationArn(identifier) !== undefined) return store.byArn(identifier)
  const byId = isUuid(identifier) ? await store.byId(identifier) : undefined
  // A name may look like an id.
  return byId ?? (isIntegrationName(identifier) ? store.byName(identifier) : undefined)
}

function notFound(identifier: string): Fault {
  return new Fault("integrationNotFound", `There is no integration ${identifier}.`)
}
