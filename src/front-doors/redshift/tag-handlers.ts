import type { Caller, ControlPlane } from "../../control-plane/control-plane.ts"
import {
  addTags,
  removeTags,
  type TaggedResource,
  taggedResources,
  tagsOfResource,
} from "../../control-plane/integrations/tags.ts"
import { Fault } from "../../domain/faults.ts"
import type { Tag } from "../../domain/integration.ts"
import type { InputOf, OutputOf } from "../../wire/aws-query/operation.ts"
import { type Paging, pageOf } from "../paging.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { RedshiftOperations } from "./operations.ts"
import { fitsTag, fromTags } from "./wire-tags.ts"

type TagOperations = Pick<RedshiftOperations, "CreateTags" | "DeleteTags" | "DescribeTags">
type Search = InputOf<TagOperations["DescribeTags"]>

/** The cloud does not say how many come where no number is asked for. */
const paging: Paging = { operation: "redshift/DescribeTags", least: 10, most: 50, usual: 50 }

/** What may bear tags in the cloud; here clusters and integrations do. */
const resourceTypes = [
  "Cluster",
  "CIDR/IP",
  "EC2 security group",
  "Snapshot",
  "Cluster security group",
  "Subnet group",
  "HSM connection",
  "HSM certificate",
  "Parameter group",
  "Snapshot copy grant",
  "Integration",
]

export function tagHandlers(plane: ControlPlane): QueryHandlers<TagOperations> {
  const named = (resourceArn: string) => ({ service: "redshift", resourceArn }) as const
  return {
    CreateTags: async (input, caller) => {
      await addTags(plane, caller, { ...named(input.ResourceName), tags: fromTags(input.Tags) })
      return {}
    },
    DeleteTags: async (input, caller) => {
      await removeTags(plane, caller, { ...named(input.ResourceName), keys: input.TagKeys })
      return {}
    },
    DescribeTags: async (input, caller) => {
      const resources = await resourcesOf(plane, caller, input)
      const found = resources
        .flatMap(({ arn, type, tags }) => tags.map((tag) => ({ arn, type, tag })))
        .filter(({ tag }) => fitsTag(tag, input))
      const limits = input.ResourceName === undefined ? paging : { ...paging, usual: found.length }
      const { items, marker } = pageOf(limits, found, ({ arn, tag }) => `${arn} ${tag.key}`, input)
      return { TaggedResources: items.map(toWire), Marker: marker }
    },
  }
}

/** The resource that is named, or all of a type. @throws Fault invalidCombination, invalidValue, and that of the resource. */
async function resourcesOf(
  plane: ControlPlane,
  caller: Caller,
  { ResourceName, ResourceType, MaxRecords, Marker }: Search,
): Promise<TaggedResource[]> {
  if (ResourceName === undefined) {
    if (ResourceType !== undefined && !resourceTypes.includes(ResourceType)) {
      throw new Fault("invalidValue", `ResourceType must be one of ${resourceTypes.join(", ")}.`)
    }
    const all = await taggedResources(plane, caller)
    return all.filter(({ type }) => ResourceType === undefined || type === ResourceType)
  }
  if (ResourceType !== undefined || MaxRecords !== undefined || Marker !== undefined) {
    throw new Fault(
      "invalidCombination",
      "ResourceName goes without ResourceType, MaxRecords and Marker: it names all there is to list.",
    )
  }
  const tags = await tagsOfResource(plane, caller, { service: "redshift", resourceArn: ResourceName })
  const type = ResourceName.split(":")[5] === "integration" ? "Integration" : "Cluster"
  return [{ arn: ResourceName, type, tags }]
}

function toWire({
  arn,
  type,
  tag,
}: {
  arn: string
  type: string
  tag: Tag
}): OutputOf<TagOperations["DescribeTags"]>["TaggedResources"][number] {
  return { Tag: { Key: tag.key, Value: tag.value }, ResourceName: arn, ResourceType: type }
}
