import { Fault } from "../../domain/faults.ts"
import type { IntegrationService, Tag } from "../../domain/integration.ts"
import { tagsMistake, withTags } from "../../domain/tags.ts"
import { parseIntegrationArn, parseSourceArn } from "../../domain/text-forms/arn.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { clusterArn } from "../databases/clusters.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"

/** Something that may bear tags, as its own API names it. */
export interface TaggableResource {
  service: IntegrationService
  resourceArn: string
}

/** @throws Fault accessDenied, invalidTag, tagLimitExceeded, and what `requireResource` throws. */
export async function addTags(
  plane: ControlPlane,
  caller: Caller,
  input: TaggableResource & { tags: Tag[] },
): Promise<void> {
  requireAdmin(caller, "change tags")
  refuseMistake(input.tags)
  await requireResource(plane, input)
  await plane.store.tags.change(input.resourceArn, (tags) => {
    const all = withTags(tags, input.tags)
    refuseMistake(all)
    return all
  })
}

/** Keys that are not there are no mistake. @throws Fault accessDenied, and what `requireResource` throws. */
export async function removeTags(
  plane: ControlPlane,
  caller: Caller,
  input: TaggableResource & { keys: string[] },
): Promise<void> {
  requireAdmin(caller, "change tags")
  await requireResource(plane, input)
  await plane.store.tags.change(input.resourceArn, (tags) =>
    tags.filter(({ key }) => !input.keys.includes(key)),
  )
}

/** @throws Fault accessDenied, and what `requireResource` throws. */
export async function tagsOfResource(
  plane: ControlPlane,
  caller: Caller,
  resource: TaggableResource,
): Promise<Tag[]> {
  requireReader(caller, "read tags")
  await requireResource(plane, resource)
  return await plane.store.tags.of(resource.resourceArn)
}

export interface TaggedResource {
  arn: string
  type: "Cluster" | "Integration"
  tags: Tag[]
}

/** Every cluster and integration of the warehouses' API, by ARN. @throws Fault accessDenied */
export async function taggedResources(plane: ControlPlane, caller: Caller): Promise<TaggedResource[]> {
  requireReader(caller, "read tags")
  const clusters = plane.warehouses.map((warehouse) => clusterArn(plane, warehouse))
  const tags = await plane.store.tags.ofAll(clusters)
  const integrations = await plane.store.integrations.all()
  return [
    ...clusters.map((arn) => ({ arn, type: "Cluster", tags: tags.get(arn) ?? [] }) as const),
    ...integrations
      .filter(({ service }) => service === "redshift")
      .map(({ arn, tags }) => ({ arn, type: "Integration", tags }) as const),
  ]
}

function refuseMistake(tags: readonly Tag[]): void {
  const mistake = tagsMistake(tags)
  if (mistake !== undefined) throw new Fault(mistake.kind, mistake.message)
}

/** @throws Fault integrationNotFound, sourceNotFound, resourceNotFound. */
async function requireResource(plane: ControlPlane, resource: TaggableResource): Promise<void> {
  const { service, resourceArn } = resource
  const integration = parseIntegrationArn(resourceArn)
  if (integration?.service === service) {
    if ((await plane.store.integrations.byArn(resourceArn)) === undefined) {
      throw new Fault("integrationNotFound", `There is no integration ${resourceArn}.`)
    }
    return
  }
  const known = service === "rds" ? plane.sources.map(({ arn }) => arn) : clusterArns(plane)
  if (known.includes(resourceArn)) return
  const shown = resourceArn.slice(0, 255)
  if (service === "rds" && parseSourceArn(resourceArn) !== undefined) {
    throw new Fault("sourceNotFound", `No source ${shown} is configured.`)
  }
  throw new Fault("resourceNotFound", `There is nothing here that is named ${shown}. Give its whole ARN.`)
}

function clusterArns(plane: ControlPlane): string[] {
  return plane.warehouses.map((warehouse) => clusterArn(plane, warehouse))
}
