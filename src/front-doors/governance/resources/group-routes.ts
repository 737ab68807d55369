import { z } from "zod"
import {
  addToGroup,
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  listMembers,
  takeFromGroup,
  updateGroup,
} from "../../../control-plane/governance/people/groups.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import type { Route } from "../route.ts"
import { shownGroup, shownMember, shownMembership } from "./people-shapes.ts"
import { bodyAs, changes, choice, idOf, pageOf, type RouteHead, reads, textOf, wholeNumber } from "./wire.ts"

const newGroup = z.object({
  iamid: z.string(),
  name: z.string(),
  email: z.string().optional(),
  description: z.string().optional(),
})
/** The directory, the id and the times are taken because clients send back what they were given, and stay as they are. */
const groupPatch = newGroup.omit({ iamid: true }).extend({ gid: z.string() }).partial()
const newMember = z.object({ userid: z.string(), iamid: z.string() })

/** A group may be large, and clients ask for all of it at once. */
const mostMembers = 10_000
const group = "/bim/group/{groupId}"

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: ["USER_ADMIN"] }
}

function readable(operation: string, path: string): RouteHead {
  return { operation, method: "GET", path, permissions: ["USER_ADMIN", "GOVERNANCE", "APPLICATION_ADMIN"] }
}

/** Groups and who is in them. (Fact: paths and members.) */
export function groupRoutes(store: GovernanceStore): Route[] {
  return [...ownRoutes(store), ...memberRoutes(store)]
}

function ownRoutes(store: GovernanceStore): Route[] {
  return [
    reads(readable("ListGroups", "/bim/group"), async (call) => {
      const personId = wholeNumber(call.query, "userId", { least: 1, most: 999_999_999 })
      const { groups, count } = await listGroups(
        store,
        {
          ...textOf(call.query, "name", "name"),
          ...textOf(call.query, "iamid", "iamId"),
          ...(personId !== undefined && { personId }),
        },
        {
          ...pageOf(call, { usual: 25, most: 1_000 }),
          order: choice(call.query, "sortField", ["name", "iamid", "createdAt"]),
        },
      )
      return { hits: groups.map(shownGroup), count }
    }),
    reads(readable("GetGroup", group), async (call) =>
      shownGroup(await getGroup(store, idOf(call, "groupId"))),
    ),
    changes(
      head("CreateGroup", "POST", "/bim/group"),
      (call) => {
        const { iamid, ...rest } = bodyAs(call, newGroup)
        return createGroup(store, { iamId: iamid, ...rest })
      },
      shownGroup,
    ),
    changes(
      head("UpdateGroup", "PUT", group),
      (call) => updateGroup(store, idOf(call, "groupId"), bodyAs(call, groupPatch)),
      shownGroup,
    ),
    changes(
      head("DeleteGroup", "DELETE", group),
      (call) => deleteGroup(store, idOf(call, "groupId")),
      ({ id, name, iamId }) => ({ id, name, iamid: iamId }),
    ),
  ]
}

function memberRoutes(store: GovernanceStore): Route[] {
  return [
    reads(readable("ListMembers", `${group}/user`), async (call) => {
      const page = pageOf(call, { usual: mostMembers, most: mostMembers })
      const { members, count } = await listMembers(store, idOf(call, "groupId"), page)
      return { hits: members.map(shownMember), count }
    }),
    changes(
      head("AddToGroup", "POST", `${group}/user`),
      (call) => {
        const { userid, iamid } = bodyAs(call, newMember)
        return addToGroup(store, idOf(call, "groupId"), { iamId: iamid, userId: userid })
      },
      shownMembership,
    ),
    changes(
      head("TakeFromGroup", "DELETE", `${group}/user/{groupuserid}`),
      (call) => takeFromGroup(store, idOf(call, "groupId"), idOf(call, "groupuserid")),
      shownMembership,
    ),
  ]
}
