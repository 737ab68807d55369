import type { Caller } from "../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../control-plane/sql-users/roles.ts"
import type { RequestFilter } from "../../state/resources/requests.ts"
import { ResourceFault } from "../faults.ts"
import { identifierText, readIdentifier } from "../identifier.ts"
import { parseModel } from "../json-text.ts"
import { type Model, neededToList, shown } from "../resource-type.ts"
import type { ResourcePlane } from "./context.ts"
import { type ProgressEvent, progressEvent } from "./events.ts"
import { requireResource } from "./mutations.ts"

/** A resource as callers see it. */
export interface ResourceDescription {
  identifier: string
  properties: Model
}

/** @throws Fault accessDenied. ResourceFault typeNotFound, unsupportedAction, invalidRequest, notFound. */
export async function getResource(
  plane: ResourcePlane,
  caller: Caller,
  { typeName, identifier }: { typeName: string; identifier: string },
): Promise<ResourceDescription> {
  requireReader(caller, "read resources")
  const served = plane.resources.served(typeName)
  const identity = readIdentifier(served.type, identifier)
  const model = await requireResource(served, caller, identity)
  return { identifier: identifierText(served.type, identity), properties: shown(served.type, model) }
}

export interface ListResourcesInput {
  typeName: string
  /** JSON text of the properties that the type needs to list its resources. */
  resourceModel?: string | undefined
  /** `next` of the page before. */
  after?: string | undefined
  limit: number
}

/** @throws Fault accessDenied. ResourceFault typeNotFound, unsupportedAction, invalidRequest. */
export async function listResources(
  plane: ResourcePlane,
  caller: Caller,
  { typeName, resourceModel, after, limit }: ListResourcesInput,
): Promise<{ descriptions: ResourceDescription[]; next: string | undefined }> {
  requireReader(caller, "list resources")
  const { type, handler } = plane.resources.served(typeName)
  const input = resourceModel === undefined ? {} : parseModel(resourceModel, "ResourceModel")
  const missing = neededToList(type).filter((name) => typeof input[name] !== "string")
  if (missing.length > 0) {
    const named = missing.map((name) => `(#: required key [${name}] not found)`).join(", ")
    throw new ResourceFault(
      "invalidRequest",
      `Missing or invalid ResourceModel property in ${typeName} list handler request input.Required property: ${named}`,
    )
  }
  const { models, next } = await handler.list(caller, input, { after, limit })
  const descriptions = models.map((model) => ({
    identifier: identifierText(type, model),
    properties: shown(type, model),
  }))
  return { descriptions, next }
}

/** More are an error to whoever wants all at once. */
export const resourcesAtMost = 10_000
const pageSize = 100

/** All resources that `listResources` would show, page by page; `tooMany`: more than 10,000. Throws what it throws. */
export async function everyResource(
  plane: ResourcePlane,
  caller: Caller,
  input: Pick<ListResourcesInput, "typeName" | "resourceModel">,
): Promise<ResourceDescription[] | "tooMany"> {
  const found: ResourceDescription[] = []
  let after: string | undefined
  do {
    const page = await listResources(plane, caller, { ...input, after, limit: pageSize })
    found.push(...page.descriptions)
    if (found.length > resourcesAtMost) return "tooMany"
    after = page.next
  } while (after !== undefined)
  return found
}

/** @throws Fault accessDenied. ResourceFault requestTokenNotFound. */
export async function resourceRequest(
  plane: ResourcePlane,
  caller: Caller,
  requestToken: string,
): Promise<ProgressEvent> {
  requireReader(caller, "read requests about resources")
  const found = await plane.requests.byToken(requestToken)
  if (found === undefined) throw tokenNotFound(requestToken)
  return progressEvent(found)
}

/** Newest first. @throws Fault accessDenied. ResourceFault invalidRequest (`after`). */
export async function resourceRequests(
  plane: ResourcePlane,
  caller: Caller,
  { filter, after, limit }: { filter: RequestFilter; after: string | undefined; limit: number },
): Promise<{ events: ProgressEvent[]; next: string | undefined }> {
  requireReader(caller, "read requests about resources")
  if (after !== undefined && !/^[0-9]{1,18}$/.test(after))
    throw new ResourceFault("invalidRequest", "NextToken is not one that was handed out.")
  const found = await plane.requests.list(filter, { after, limit: limit + 1 })
  const page = found.slice(0, limit)
  return { events: page.map(progressEvent), next: found.length > limit ? page.at(-1)?.number : undefined }
}

/**
 * Ends a request that has not ended. What it has done stays.
 *
 * @throws Fault accessDenied. ResourceFault requestTokenNotFound, concurrentModification (it had ended).
 */
export async function cancelRequest(
  plane: ResourcePlane,
  caller: Caller,
  requestToken: string,
): Promise<ProgressEvent> {
  requireAdmin(caller, "cancel requests about resources")
  const cancelled = await plane.requests.cancel(requestToken)
  if (cancelled === undefined) throw tokenNotFound(requestToken)
  if (cancelled === "ended")
    throw new ResourceFault(
      "concurrentModification",
      `The request ${requestToken} is neither PENDING nor IN_PROGRESS: it cannot be cancelled.`,
    )
  plane.nudge()
  return progressEvent(cancelled)
}

function tokenNotFound(requestToken: string): ResourceFault {
  return new ResourceFault("requestTokenNotFound", `Request with token ${requestToken} was not found.`)
}
