import { createHash } from "node:crypto"
import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import type { NewRequest } from "../../state/resources/requests.ts"
import { errorCodeOf, ResourceFault } from "../faults.ts"
import { identifierText, readIdentifier } from "../identifier.ts"
import { parseModel } from "../json-text.ts"
import { assigned, patched, replaced } from "../patch.ts"
import type { ServedType } from "../registry.ts"
import { type Model, type ResourceType, without } from "../resource-type.ts"
import { desiredMistake } from "../schema.ts"
import type { ResourcePlane } from "./context.ts"
import { type ProgressEvent, progressEvent } from "./events.ts"

interface MutationInput {
  typeName: string
  /** The same token with the same input within 36 hours is the same request. */
  clientToken?: string | undefined
}

export interface CreateResourceInput extends MutationInput {
  /** JSON text. */
  desiredState: string
}

export interface UpdateResourceInput extends MutationInput {
  identifier: string
  change: ResourceChange
}

/** What a resource is to become: by the JSON text of an RFC 6902 patch, by values of some properties (`null`: none), or of all. */
export type ResourceChange =
  | { kind: "patch"; document: string }
  | { kind: "assign"; values: Model }
  | { kind: "replace"; values: Model }

export interface DeleteResourceInput extends MutationInput {
  identifier: string
}

/**
 * Records that a resource is to be made, and returns at once. What its schema forbids is a request that failed; what cannot be read is
 * refused.
 *
 * @throws Fault accessDenied. ResourceFault typeNotFound, unsupportedAction, invalidRequest, clientTokenConflict, concurrentOperation.
 */
export async function createResource(
  plane: ResourcePlane,
  caller: Caller,
  input: CreateResourceInput,
): Promise<ProgressEvent> {
  requireAdmin(caller, "create resources")
  const { type, handler } = plane.resources.served(input.typeName)
  const desired = parseModel(input.desiredState, "DesiredState")
  return await once(plane, input, ["CREATE", input.desiredState], async () => {
    const identity = refusable(() => {
      requireDesired(type, desired)
      return identifierText(type, handler.identify(desired))
    })
    const request = { ...callerOf(caller), operation: "CREATE", typeName: type.typeName } as const
    const text = JSON.stringify(desired)
    if ("failed" in identity) return { ...request, ...identity.failed, identifier: null, desired: null }
    return { ...request, ...underway, identifier: identity.ok, desired: text }
  })
}

/**
 * Records that a resource is to become what a change makes of it as it is now.
 *
 * @throws As `createResource`, and ResourceFault notFound, notUpdatable.
 */
export async function updateResource(
  plane: ResourcePlane,
  caller: Caller,
  input: UpdateResourceInput,
): Promise<ProgressEvent> {
  requireAdmin(caller, "update resources")
  const served = plane.resources.served(input.typeName)
  const { type } = served
  const identity = readIdentifier(type, input.identifier)
  return await once(plane, input, ["UPDATE", input.identifier, ...contentOf(input.change)], async () => {
    const before = await requireResource(served, caller, identity)
    const after = changed(type, before, input.change)
    const identifier = identifierText(type, identity)
    const request = { ...callerOf(caller), operation: "UPDATE", typeName: type.typeName, identifier } as const
    const judged = refusable(() => requireDesired(type, without(after, type.readOnly)))
    if ("failed" in judged) return { ...request, ...judged.failed, desired: null }
    return { ...request, ...underway, desired: JSON.stringify(without(after, type.readOnly)) }
  })
}

function changed(type: ResourceType, before: Model, change: ResourceChange): Model {
  switch (change.kind) {
    case "patch":
      return patched(type, before, change.document)
    case "assign":
      return assigned(type, before, change.values)
    case "replace":
      return replaced(type, before, change.values)
  }
}

function contentOf(change: ResourceChange): string[] {
  return change.kind === "patch" ? [change.document] : [change.kind, JSON.stringify(change.values)]
}

/**
 * Records that a resource is to be removed.
 *
 * @throws As `createResource`, and ResourceFault notFound.
 */
export async function deleteResource(
  plane: ResourcePlane,
  caller: Caller,
  input: DeleteResourceInput,
): Promise<ProgressEvent> {
  requireAdmin(caller, "delete resources")
  const served = plane.resources.served(input.typeName)
  const identity = readIdentifier(served.type, input.identifier)
  return await once(plane, input, ["DELETE", input.identifier], async () => {
    await requireResource(served, caller, identity)
    const { typeName } = served.type
    const identifier = identifierText(served.type, identity)
    return { ...callerOf(caller), ...underway, operation: "DELETE", typeName, identifier, desired: null }
  })
}

type Prepared = Omit<NewRequest, "clientToken" | "content">

const underway = { status: "IN_PROGRESS", errorCode: null, statusMessage: null } as const

/** The client token is looked up first: what the same call changed meanwhile must not fail its repetition. `asked`: all of its content. */
async function once(
  plane: ResourcePlane,
  { typeName, clientToken }: MutationInput,
  asked: readonly string[],
  prepare: () => Promise<Prepared>,
): Promise<ProgressEvent> {
  const content = createHash("sha256")
    .update(JSON.stringify([typeName, ...asked]))
    .digest("hex")
  if (clientToken !== undefined) {
    const before = await plane.requests.replayOf(clientToken, content)
    if (before === "otherContent") throw tokenConflict()
    if (before !== undefined) return progressEvent(before)
  }
  const prepared = await prepare()
  const recorded = await plane.requests.record({ ...prepared, clientToken: clientToken ?? null, content })
  switch (recorded.kind) {
    case "otherContent":
      throw tokenConflict()
    case "busy":
      throw new ResourceFault(
        "concurrentOperation",
        `Another request about ${typeName} '${prepared.identifier}' is still in progress.`,
      )
    default:
      plane.nudge()
      return progressEvent(recorded.request)
  }
}

function tokenConflict(): ResourceFault {
  return new ResourceFault("clientTokenConflict", "The ClientToken was used for another request before.")
}

function callerOf({ name, role }: Caller): Pick<NewRequest, "callerName" | "callerRole"> {
  return { callerName: name, callerRole: role }
}

/** @throws ResourceFault invalidRequest */
function requireDesired(type: ResourceType, desired: Model): void {
  const mistake = desiredMistake(type, desired)
  if (mistake !== undefined) throw new ResourceFault("invalidRequest", mistake)
}

/** What fails here is a request that failed. */
function refusable<T>(
  judge: () => T,
): { ok: T } | { failed: Pick<Prepared, "status" | "errorCode" | "statusMessage"> } {
  try {
    return { ok: judge() }
  } catch (error) {
    if (!(error instanceof ResourceFault)) throw error
    const errorCode = errorCodeOf(error) ?? null
    return { failed: { status: "FAILED", errorCode, statusMessage: error.message } }
  }
}

/** @throws ResourceFault notFound */
export async function requireResource(
  { type, handler }: ServedType,
  caller: Caller,
  identity: Model,
): Promise<Model> {
  const found = await handler.read(caller, identity)
  if (found !== undefined) return found
  throw notFound(type, identity)
}

export function notFound(type: ResourceType, identity: Model): ResourceFault {
  const identifier = identifierText(type, identity)
  return new ResourceFault(
    "notFound",
    `Resource of type '${type.typeName}' with identifier '${identifier}' was not found.`,
  )
}
