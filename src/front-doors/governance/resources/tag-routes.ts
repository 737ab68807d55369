import { z } from "zod"
import {
  createTags,
  deleteTag,
  placeOf,
  tagPlace,
  untagPlace,
} from "../../../control-plane/governance/data/tags.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { searchTags, type TagRecord } from "../../../state/governance/tags.ts"
import { parameter, type Route } from "../route.ts"
import { bodyAs, changes, flag, type RouteHead, reads, textOf, wholeNumber } from "./wire.ts"

const name = z.object({ name: z.string() })
/** (Fact: the members; that the tags are below the root, where there is one.) */
const newTags = z.object({ rootTag: name.optional(), tags: z.array(name).optional() })
const mostTags = 1_000

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["GOVERNANCE"] }
}

/** Tags, and which data sources and columns have them. (Fact: paths and members.) */
export function tagRoutes(store: GovernanceStore): Route[] {
  return [
    reads({ operation: "ListTags", method: "GET", path: "/tag", permissions: [] }, async ({ query }) => {
      const limit = Math.min(wholeNumber(query, "limit", { least: 1, most: 1_000_000 }) ?? mostTags, mostTags)
      const tags = await store.read((db) => searchTags(db, { ...textOf(query, "searchText", "text"), limit }))
      return tags.map(shownTag)
    }),
    changes(
      head("CreateTags", "POST", "/tag"),
      (call) => {
        const { rootTag, tags = [] } = bodyAs(call, newTags)
        const below = tags.map((tag) => (rootTag === undefined ? tag.name : `${rootTag.name}.${tag.name}`))
        return createTags(store, call.key, rootTag === undefined ? below : [rootTag.name, ...below])
      },
      (tags) => tags.map(shownTag),
    ),
    changes(
      head("DeleteTag", "DELETE", "/tag/{tag}"),
      (call) => deleteTag(store, parameter(call, "tag"), { below: flag(call.query, "deleteHierarchy") }),
      shownTag,
    ),
    changes(
      head("AddTags", "POST", "/tag/{modelType}/{modelId}"),
      (call) =>
        tagPlace(store, call.key, {
          place: placeOf(parameter(call, "modelType"), parameter(call, "modelId")),
          names: bodyAs(call, z.array(name)).map((tag) => tag.name),
        }),
      (tags) => tags.map(shownTag),
    ),
    changes(
      head("TakeTag", "DELETE", "/tag/{modelType}/{modelId}/{tag}"),
      (call) =>
        untagPlace(
          store,
          placeOf(parameter(call, "modelType"), parameter(call, "modelId")),
          parameter(call, "tag"),
        ),
      shownTag,
    ),
  ]
}

/** (Fact: its members.) */
export function shownTag(tag: TagRecord): object {
  return {
    id: tag.id,
    name: tag.name,
    displayName: tag.name.split(".").at(-1),
    source: "curated",
    context: "manual",
    systemCreated: false,
    deleted: false,
    hasLeafNodes: tag.hasChildren,
    createdAt: tag.createdAt,
    updatedAt: tag.createdAt,
  }
}
