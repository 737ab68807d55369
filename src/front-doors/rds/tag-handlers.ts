import type { ControlPlane } from "../../control-plane/control-plane.ts"
import { addTags, removeTags, tagsOfResource } from "../../control-plane/integrations/tags.ts"
import { Fault } from "../../domain/faults.ts"
import type { QueryHandlers } from "../query-door.ts"
import type { RdsOperations } from "./operations.ts"

type TagOperations = Pick<
  RdsOperations,
  "AddTagsToResource" | "ListTagsForResource" | "RemoveTagsFromResource"
>

export function tagHandlers(plane: ControlPlane): QueryHandlers<TagOperations> {
  const named = (resourceArn: string) => ({ service: "rds", resourceArn }) as const
  return {
    AddTagsToResource: async (input, caller) => {
      const tags = input.Tags.map((tag) => ({ key: tag.Key, value: tag.Value ?? "" }))
      await addTags(plane, caller, { ...named(input.ResourceName), tags })
      return {}
    },
    ListTagsForResource: async (input, caller) => {
      // Part of the request, and of no use in the cloud either.
      if (input.Filters !== undefined && input.Filters.length > 0) {
        throw new Fault("invalidValue", "ListTagsForResource has no filters: leave Filters out.")
      }
      const tags = await tagsOfResource(plane, caller, named(input.ResourceName))
      return { TagList: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
    },
    RemoveTagsFromResource: async (input, caller) => {
      await removeTags(plane, caller, { ...named(input.ResourceName), keys: input.TagKeys })
      return {}
    },
  }
}
