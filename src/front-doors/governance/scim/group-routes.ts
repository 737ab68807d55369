import { z } from "zod"
import {
  changeDirectoryGroup,
  createDirectoryGroup,
  type DirectoryGroup,
  deleteDirectoryGroup,
  foundDirectoryGroup,
  type GroupResource,
  idsIn,
} from "../../../control-plane/governance/directory/directory-groups.ts"
import { membershipsOf, searchGroups } from "../../../state/governance/groups.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { bodyAs, idOf, reads } from "../resources/wire.ts"
import type { Route, RouteCall } from "../route.ts"
import {
  filterOf,
  idText,
  orderOf,
  patchShape,
  scimChanges,
  scimHead,
  scimList,
  scimPage,
  textMember,
} from "./scim.ts"

const resource = z.looseObject({
  displayName: z.string(),
  externalId: z.string().optional(),
  members: z
    .array(z.looseObject({ value: z.string() }))
    .max(100_000)
    .optional(),
})

const orders = new Map([
  ["displayname", "name"],
  ["id", "createdAt"],
  ["meta.created", "createdAt"],
] as const)

function which(call: RouteCall): { iamId: string; id: number } {
  return { iamId: call.key.name, id: idOf(call, "id") }
}

function resourceOf(call: RouteCall): GroupResource {
  const { displayName, externalId, members } = bodyAs(call, resource)
  return { displayName, externalId, members: members && idsIn(members) }
}

export function scimGroupRoutes(store: GovernanceStore): Route[] {
  return [
    reads(scimHead("ListDirectoryGroups", "GET", "Groups"), async (call) => {
      const page = scimPage(call)
      const filter = filterOf(call, ["displayName", "externalId", "id", "members"])
      const withMembers = !(call.query.get("excludedAttributes") ?? "").includes("members")
      return store.read(async (db) => {
        const { groups, count } = await searchGroups(
          db,
          {
            iamId: call.key.name,
            ...textMember(filter, "displayName", "exactName"),
            ...textMember(filter, "externalId", "externalId"),
            ...(filter.has("id") && { id: idText(filter.get("id")) }),
            ...(filter.has("members") && { personId: idText(filter.get("members")) }),
          },
          { ...page, order: orderOf(call, orders, "createdAt") },
        )
        const resources: object[] = []
        for (const group of groups) {
          const members = withMembers ? await membershipsOf(db, { groupId: group.id }) : []
          resources.push(shown({ group, members }))
        }
        return scimList(resources, page, count)
      })
    }),
    reads(scimHead("GetDirectoryGroup", "GET", "Groups/{id}"), (call) =>
      store.read(async (db) => {
        const group = await foundDirectoryGroup(db, which(call))
        return shown({ group, members: await membershipsOf(db, { groupId: group.id }) })
      }),
    ),
    scimChanges(
      scimHead("CreateDirectoryGroup", "POST", "Groups"),
      (call) => createDirectoryGroup(store, call.key.name, resourceOf(call)),
      { shown, status: 201 },
    ),
    scimChanges(
      scimHead("ReplaceDirectoryGroup", "PUT", "Groups/{id}"),
      (call) => changeDirectoryGroup(store, which(call), { resource: resourceOf(call) }),
      { shown, status: 200 },
    ),
    scimChanges(
      scimHead("PatchDirectoryGroup", "PATCH", "Groups/{id}"),
      (call) => changeDirectoryGroup(store, which(call), { operations: bodyAs(call, patchShape).Operations }),
      { shown, status: 200 },
    ),
    scimChanges(
      scimHead("DeleteDirectoryGroup", "DELETE", "Groups/{id}"),
      (call) => deleteDirectoryGroup(store, which(call)),
      { shown: () => undefined, status: 204 },
    ),
  ]
}

/** (Fact: RFC 7643.) */
function shown({ group, members }: DirectoryGroup): object {
  const externalId =
    group.scim !== undefined && "externalId" in group.scim ? group.scim.externalId : undefined
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    id: String(group.id),
    externalId,
    displayName: group.name,
    members: members.map(({ personId }) => ({ value: String(personId) })),
    meta: { resourceType: "Group", created: group.createdAt, lastModified: group.updatedAt },
  }
}
