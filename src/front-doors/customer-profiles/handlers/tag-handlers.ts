import type { ProfilePlane } from "../../../profiles/services/context.ts"
import { changeTags, tagsOf } from "../../../profiles/services/tags.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { tagsOperations } from "../operations/tags.ts"

export function tagHandlers(plane: ProfilePlane): RestHandlers<typeof tagsOperations> {
  return {
    TagResource: async ({ resourceArn: arn, tags }, caller) => {
      await changeTags(plane, caller, { arn, change: (before) => ({ ...before, ...tags }) })
      return {}
    },
    UntagResource: async ({ resourceArn: arn, tagKeys }, caller) => {
      const isKept = ([key]: [string, string]) => !tagKeys.includes(key)
      const change = (before: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(before).filter(isKept))
      await changeTags(plane, caller, { arn, change })
      return {}
    },
    ListTagsForResource: async ({ resourceArn }, caller) => ({
      tags: { ...(await tagsOf(plane, caller, resourceArn)) },
    }),
  }
}
