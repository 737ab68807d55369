import type { Caller } from "../../../control-plane/control-plane.ts"
import { requireAdmin, requireReader } from "../../../control-plane/sql-users/roles.ts"
import { Fault } from "../../../domain/faults.ts"
import type { IntegrationRecord, IntegrationSettings } from "../../../state/profile-flows/integrations.ts"
import type { Store } from "../../../state/store.ts"
import { readFlowDefinition } from "../definition/read-definition.ts"
import { uriKind } from "./uris.ts"

/** What services of integrations work on. */
export interface IntegrationsPlane {
  account: string
  region: string
  store: Pick<Store, "profiles" | "profileIntegrations">
}

export interface PutIntegrationRequest extends Omit<IntegrationSettings, "flowDefinition" | "scope"> {
  domain: string
  uri: string | undefined
  /** In the service's form or the resource type's. */
  flowDefinition: unknown
  scope: IntegrationSettings["scope"] | undefined
}

/** As in the cloud. */
const integrationsPerDomain = 50

/**
 * Makes an integration, or gives the one of this Uri other settings. A flow on demand runs once for each call.
 *
 * @throws Fault accessDenied, resourceNotFound (domain, object type), validation, unsupported (nothing here would carry it out), quotaExceeded
 */
export async function putIntegration(
  plane: IntegrationsPlane,
  caller: Caller,
  request: PutIntegrationRequest,
): Promise<IntegrationRecord> {
  requireAdmin(caller, "change integrations of customer profiles")
  const { domain, objectTypeName, objectTypeNames, eventTriggerNames, roleArn, tags } = request
  const { store } = plane
  const before =
    request.uri === undefined ? undefined : await store.profileIntegrations.find(domain, request.uri)
  const { uri, flowDefinition, wantsRun } = judged(plane, request, before)
  await requireObjectTypes(plane, request)
  const settings = {
    ...{ objectTypeName, objectTypeNames, eventTriggerNames, roleArn, tags, flowDefinition },
    scope: request.scope ?? before?.scope ?? "PROFILE",
  }
  const put = await store.profileIntegrations.put(
    { domain, uri, wantsRun, atMost: integrationsPerDomain },
    settings,
  )
  if (put === "noDomain") throw new Fault("resourceNotFound", `Domain ${domain} does not exist.`)
  if (put === "tooMany")
    throw new Fault(
      "quotaExceeded",
      `Domain ${domain} has ${integrationsPerDomain} integrations, as many as one may have.`,
    )
  return put
}

interface Judged {
  uri: string
  flowDefinition: string | undefined
  wantsRun: boolean
}

function judged(
  plane: IntegrationsPlane,
  request: PutIntegrationRequest,
  before: IntegrationRecord | undefined,
): Judged {
  const { uri, flowDefinition, objectTypeName, objectTypeNames, eventTriggerNames } = request
  if (uri === undefined && flowDefinition === undefined) throw wrong("Give Uri or FlowDefinition.")
  const isDestination = eventTriggerNames.length > 0
  if (eventTriggerNames.length > 1) throw wrong("EventTriggerNames has one name.")
  if (Object.keys(objectTypeNames).length > 0)
    throw new Fault(
      "unsupported",
      "ObjectTypeNames is for sources that send events of several types, and no such source reaches this installation: give ObjectTypeName.",
    )
  if (!isDestination && objectTypeName === undefined)
    throw wrong("Give ObjectTypeName: it says what the records are.")
  if (flowDefinition !== undefined) return judgedFlow(plane, request)
  const kind = uriKind(uri ?? "")
  if (kind.kind === "refused") throw new Fault("unsupported", kind.reason)
  if (kind.kind === "flow") {
    if (before?.flowDefinition === undefined)
      throw wrong(`There is no flow ${kind.flowName}: give its FlowDefinition, and no Uri.`)
    return { uri: uri ?? "", flowDefinition: before.flowDefinition, wantsRun: false }
  }
  if (isDestination && kind.source.kind !== "web")
    throw new Fault("unsupported", "Event triggers send to a Uri that begins with http:// or https://.")
  if (isDestination && objectTypeName !== undefined)
    throw wrong(
      "Give ObjectTypeName or EventTriggerNames: an integration brings records, or takes what a trigger sends.",
    )
  return { uri: uri ?? "", flowDefinition: undefined, wantsRun: false }
}

/** Of the flow that a FlowDefinition of this name makes. */
export function flowUri({ account, region }: IntegrationsPlane, flowName: string): string {
  return `arn:aws:appflow:${region}:${account}:flow/${flowName}`
}

function judgedFlow(plane: IntegrationsPlane, request: PutIntegrationRequest): Judged {
  const { flowName, source, trigger } = readFlowDefinition(request.flowDefinition)
  if (source.connector !== "S3")
    throw new Fault(
      "unsupported",
      `Nothing here connects to ${source.connector}: the connector type S3 is carried out. Have its records put into a bucket.`,
    )
  const uri = flowUri(plane, flowName)
  if (request.uri !== undefined && request.uri !== uri)
    throw wrong(`Give Uri or FlowDefinition: the Uri of the flow ${flowName} is ${uri}.`)
  return {
    uri,
    flowDefinition: JSON.stringify(request.flowDefinition),
    wantsRun: trigger.kind === "onDemand",
  }
}

function wrong(message: string): Fault {
  return new Fault("validation", message)
}

async function requireObjectTypes(
  { store }: IntegrationsPlane,
  { domain, objectTypeName }: PutIntegrationRequest,
): Promise<void> {
  const { types } = await store.profiles.read(domain)
  if (objectTypeName === "_unstructured")
    throw new Fault("unsupported", "Records without a type are not kept here: make an object type for them.")
  if (objectTypeName !== undefined && (await types.find(objectTypeName)) === undefined)
    throw new Fault("resourceNotFound", `Domain ${domain} has no object type ${objectTypeName}.`)
}

/** @throws Fault accessDenied, resourceNotFound */
export async function getIntegration(
  { store }: IntegrationsPlane,
  caller: Caller,
  { domain, uri }: { domain: string; uri: string },
): Promise<IntegrationRecord> {
  requireReader(caller, "see integrations of customer profiles")
  const found = await store.profileIntegrations.find(domain, uri)
  if (found === undefined) throw notFound(domain, uri)
  return found
}

/** Its run ends, profiles stay. @throws Fault accessDenied, resourceNotFound */
export async function deleteIntegration(
  { store }: IntegrationsPlane,
  caller: Caller,
  { domain, uri }: { domain: string; uri: string },
): Promise<void> {
  requireAdmin(caller, "change integrations of customer profiles")
  if (!(await store.profileIntegrations.remove(domain, uri))) throw notFound(domain, uri)
}

export interface IntegrationPage {
  items: IntegrationRecord[]
  /** Present when there may be more. */
  next: string | undefined
}

/** Of a domain, in the order of their Uris; or of a Uri, in the order of their domains. @throws Fault accessDenied, resourceNotFound */
export async function listIntegrations(
  { store }: IntegrationsPlane,
  caller: Caller,
  {
    of,
    after,
    limit,
  }: { of: { domain: string } | { uri: string }; after: string | undefined; limit: number },
): Promise<IntegrationPage> {
  requireReader(caller, "see integrations of customer profiles")
  if ("domain" in of) await store.profiles.read(of.domain)
  const found = await store.profileIntegrations.list({ ...of, after, limit: limit + 1 })
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : undefined
  return { items, next: last && ("domain" in of ? last.uri : last.domain) }
}

function notFound(domain: string, uri: string): Fault {
  return new Fault("resourceNotFound", `Domain ${domain} has no integration ${uri}.`)
}
