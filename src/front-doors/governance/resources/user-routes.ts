import { z } from "zod"
import {
  actingPerson,
  builtInIam,
  createPerson,
  deletePerson,
  detailOf,
  disablePerson,
  getPerson,
  listPeople,
  type PersonName,
  setPermissions,
  setProfile,
} from "../../../control-plane/governance/people/people.ts"
import { iamIds } from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import { parameter, type Route, type RouteCall } from "../route.ts"
import { profileInput, profileShape, shownProfile, shownUser } from "./people-shapes.ts"
import { bodyAs, changes, choice, flag, listOf, pageOf, type RouteHead, reads, textOf } from "./wire.ts"

/** A password is taken because clients send one, and never kept: nobody logs in here. */
const newUser = z.object({
  iamid: z.string().optional(),
  userid: z.string(),
  password: z.string().optional(),
  profile: profileShape,
  permissions: z.array(z.string()).optional(),
})

const admins = ["USER_ADMIN"] as const
/** Who governs must see who there is. */
const readers = ["USER_ADMIN", "GOVERNANCE", "APPLICATION_ADMIN"] as const
const user = "/bim/iam/{iamid}/user/{userid}"

function nameOf(call: RouteCall): PersonName {
  return { iamId: parameter(call, "iamid"), userId: parameter(call, "userid") }
}

function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: admins }
}

/** Users and their profiles, permissions and state. (Fact: paths and members.) */
export function userRoutes(store: GovernanceStore): Route[] {
  return [...readingRoutes(store), ...lifeRoutes(store), ...profileRoutes(store), ...permissionRoutes(store)]
}

function readingRoutes(store: GovernanceStore): Route[] {
  return [
    reads(
      { operation: "ListUsers", method: "GET", path: "/bim/user", permissions: readers },
      async (call) => {
        const { query } = call
        const order = choice(query, "sortField", ["name", "createdAt", "iamid", "email", "username"])
        const iamIds = listOf(query, "iamid")
        const { people, count } = await listPeople(
          store,
          {
            ...textOf(query, "name", "name"),
            ...textOf(query, "email", "email"),
            ...textOf(query, "userid", "userId"),
            ...textOf(query, "permission", "permission"),
            ...(iamIds !== undefined && { iamIds }),
            includesDisabled: flag(query, "includeDisabled"),
          },
          { ...pageOf(call, { usual: 25, most: 1_000 }), order },
        )
        return { hits: people.map(shownUser), count }
      },
    ),
    reads({ operation: "GetUser", method: "GET", path: user, permissions: readers }, async (call) =>
      shownUser(await getPerson(store, nameOf(call))),
    ),
    reads(
      { operation: "GetCurrentUser", method: "GET", path: "/bim/rpc/user/current", permissions: [] },
      async ({ key }) =>
        shownUser(await store.read(async (db) => detailOf(db, await actingPerson(db, key.name)))),
    ),
    reads({ operation: "ListDirectories", method: "GET", path: "/bim/iam", permissions: readers }, async () =>
      (await store.read(iamIds)).map((id) => ({
        id,
        displayName: id === builtInIam ? "Users made here" : id,
        type: id === builtInIam ? "bim" : "scim",
        oauth: false,
      })),
    ),
    reads(
      { operation: "ListGroupsOfUser", method: "GET", path: `${user}/groups`, permissions: readers },
      async (call) => {
        const { groups } = await getPerson(store, nameOf(call))
        return groups.map(({ id, name, iamId }) => ({ id, name, iamid: iamId }))
      },
    ),
  ]
}

function lifeRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("CreateUser", "POST", "/bim/iam/bim/user"),
      (call) => {
        const { userid, profile, permissions } = bodyAs(call, newUser)
        return createPerson(store, {
          iamId: builtInIam,
          userId: userid,
          ...profileInput(profile),
          ...(permissions !== undefined && { permissions }),
        })
      },
      shownUser,
    ),
    changes(
      head("DeleteUser", "DELETE", user),
      (call) => deletePerson(store, nameOf(call)),
      ({ id, iamId, userId }) => ({ id, iamid: iamId, userid: userId }),
    ),
    changes(
      head("DisableUser", "PUT", `${user}/disable/{disable}`),
      (call) =>
        disablePerson(store, nameOf(call), {
          isDisabled:
            choice(new URLSearchParams({ disable: parameter(call, "disable") }), "disable", [
              "true",
              "false",
            ]) === "true",
        }),
      shownUser,
    ),
  ]
}

function profileRoutes(store: GovernanceStore): Route[] {
  const path = `${user}/profile`
  const put = (method: "POST" | "PUT") =>
    changes(
      head("SetProfile", method, path),
      (call) => setProfile(store, nameOf(call), profileInput(bodyAs(call, profileShape))),
      ({ person }) => shownProfile(person),
    )
  return [
    put("POST"),
    put("PUT"),
    reads({ operation: "GetProfile", method: "GET", path, permissions: readers }, async (call) =>
      shownProfile((await getPerson(store, nameOf(call))).person),
    ),
  ]
}

function permissionRoutes(store: GovernanceStore): Route[] {
  const path = `${user}/permissions`
  const given = (call: RouteCall) => bodyAs(call, z.array(z.string()))
  return [
    changes(
      head("AddPermissions", "POST", path),
      (call) => setPermissions(store, nameOf(call), (before) => [...before, ...given(call)]),
      shownUser,
    ),
    changes(
      head("SetPermissions", "PUT", path),
      (call) => setPermissions(store, nameOf(call), () => given(call)),
      shownUser,
    ),
    changes(
      head("RemovePermission", "DELETE", `${path}/{permission}`),
      (call) => {
        const gone = parameter(call, "permission")
        return setPermissions(store, nameOf(call), (before) => before.filter((one) => one !== gone))
      },
      shownUser,
    ),
  ]
}
