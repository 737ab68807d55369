import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import { tagKeyShape, tagMapShape } from "./shapes.ts"

const tagArnShape = { kind: "string", max: 256, pattern: "arn:[a-z0-9]{1,10}:profile:.*" } as const

const tagKeyListShape = { kind: "list", itemName: "member", item: tagKeyShape, min: 1, max: 50 } as const

export const tagsOperations = {
  TagResource: {
    method: "POST",
    uri: "/tags/{resourceArn}",
    input: {
      kind: "structure",
      members: { resourceArn: tagArnShape, tags: tagMapShape },
      required: ["resourceArn", "tags"],
    },
    output: { kind: "structure", members: {} },
  },
  UntagResource: {
    method: "DELETE",
    uri: "/tags/{resourceArn}",
    query: { tagKeys: "tagKeys" },
    input: {
      kind: "structure",
      members: { resourceArn: tagArnShape, tagKeys: tagKeyListShape },
      required: ["resourceArn", "tagKeys"],
    },
    output: { kind: "structure", members: {} },
  },
  ListTagsForResource: {
    method: "GET",
    uri: "/tags/{resourceArn}",
    input: { kind: "structure", members: { resourceArn: tagArnShape }, required: ["resourceArn"] },
    output: { kind: "structure", members: { tags: tagMapShape } },
  },
} as const satisfies RestOperations
